"""The subscriber loop: pull, decode, claim, handle, commit, and only then acknowledge (I6).

Batches are handled in one transaction. When a batch fails its events are handled one by one, so that a bad one falls
out alone: a transient error comes back later without counting, any other is counted in our own table and ends, after
the last attempt, in the dead letters (I7). Nothing is acknowledged because it failed.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID

from contracts.catalogue import READERS, Mode, Reader
from contracts.event import Event
from kit import deadletters
from kit.bus import Bus, BusUnavailableError, Message
from kit.db import is_transient
from kit.envelope import Delivery, Meta, UndecodableError, read_event, read_meta
from kit.failpoints import Point, reach
from kit.inbox import Verdict, claim
from kit.logs import log
from kit.metrics import OFF as UNCOUNTED
from kit.metrics import Metrics
from kit.principals import system
from kit.reasons import RefusedEventError, reason_of
from kit.tracing import OFF as UNTRACED
from kit.tracing import Tracing
from kit.work import Transactions, Work

BATCH = 500
ATTEMPTS = 6
_FIRST_PAUSE = 0.5
_EARLY_PAUSE = 0.3
_EARLY_PATIENCE = 300.0
_EARLY_REMEMBERED = 10_000
_TRANSIENT_PAUSE = 1.0
_RESULTS = {Verdict.APPLY: "applied", Verdict.DONE: "done", Verdict.EARLY: "early", Verdict.BLOCKED: "blocked"}


class Handler(Protocol):
    """Applies a run of deliveries, in order, inside `work`; it never commits. The run holds events of every type
    that is registered with this handler."""

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[Any]], /) -> None: ...


@dataclass(frozen=True)
class Subscription:
    """One durable of the catalogue and what this service does with its events."""

    reader: Reader
    handlers: Mapping[str, Handler]


def subscription(name: str, handlers: Mapping[type[Event], Handler]) -> Subscription:
    """A subscription for a durable of the catalogue. Raises KeyError when the catalogue has no such durable."""
    reader = {reader.name: reader for reader in READERS}[name]
    return Subscription(reader, {event.SUBJECT: handler for event, handler in handlers.items()})


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message with what could be read of it; `event` is None where this reader has no use for its type."""

    noun: str
    meta: Meta
    event: Event | None
    message: Message | None = None


class Subscriber:
    """Runs one subscription of one service."""

    def __init__(
        self,
        subscription: Subscription,
        transactions: Transactions,
        bus: Bus,
        *,
        metrics: Metrics = UNCOUNTED,
        tracing: Tracing = UNTRACED,
    ) -> None:
        self.reader = subscription.reader
        self._metrics = metrics
        self._tracing = tracing
        self.transactions = transactions
        self._subscription = subscription
        self._bus = bus
        self._early_since: dict[UUID, float] = {}

    async def run(self) -> None:
        """Pull and handle for ever."""
        while True:
            try:
                async for messages in self._bus.pull(self.reader.stream, self.reader.name, batch=BATCH):
                    await self.handle(messages)
            except (BusUnavailableError, OSError, TimeoutError) as error:
                log.warning("subscriber.interrupted", consumer=self.reader.name, error=error)
            except Exception as error:  # noqa: BLE001 - the loop must live; what failed is unacknowledged and returns
                log.error("subscriber.failed", consumer=self.reader.name, error=error)
            await asyncio.sleep(0.2)

    async def handle(self, messages: Sequence[Message]) -> None:
        """Handle one batch; every message is acknowledged, retried later or buried when this returns."""
        arrivals = [arrival for message in messages if (arrival := await self._read(message)) is not None]
        if not arrivals:
            return
        try:
            verdicts = await self.apply(arrivals)
        except Exception as error:  # noqa: BLE001 - whatever it was, the events are handled again one by one
            if is_transient(error):
                await self._retry_all(arrivals, error)
                return
            for arrival in arrivals:
                await self._handle_alone(arrival)
            return
        await self._acknowledge(arrivals, verdicts)

    async def apply(self, arrivals: Sequence[Arrival], *, redriving: bool = False) -> list[Verdict]:
        """Inbox, effects and their outbox rows in one transaction; the verdict per arrival."""
        actor = system(self.reader.name)
        points: tuple[Point, Point] = ("before-effect-commit", "after-effect-commit")
        # The spans of the events end after the commit, and learn of an error in it.
        with ExitStack() as spans:
            async with self.transactions.begin(actor, before=points[0], after=points[1]) as work:
                reach("before-inbox")
                events = [(arrival.noun, arrival.meta) for arrival in arrivals]
                verdicts = await claim(work.session, self.reader.name, self.reader.mode, events, redriving=redriving)
                reach("after-inbox")
                due = [one for one, verdict in zip(arrivals, verdicts, strict=True) if verdict is Verdict.APPLY]
                due = [one for one in due if one.event]
                carry = spans.enter_context(self._tracing.handling(self.reader.name, [one.meta for one in due]))
                handlers = self._subscription.handlers
                for handle, run in groupby(due, key=lambda one: handlers[one.meta.subject]):
                    deliveries = [Delivery(one.meta, one.event) for one in run if one.event]
                    work.traceparent = carry(deliveries[0].meta) if len(deliveries) == 1 else None
                    await handle(work, deliveries)
        return verdicts

    def handles(self, subject: str) -> bool:
        """Whether this subscription does anything with the subject."""
        return subject in self._subscription.handlers

    async def _read(self, message: Message) -> Arrival | None:
        """The arrival of a readable message; an unreadable one is buried, one of no use here acknowledged."""
        meta: Meta | None = None
        try:
            meta = read_meta(message.subject, message.headers)
            wanted = self.handles(message.subject)
            if not wanted and self.reader.mode is Mode.FACT:
                await message.ack()
                return None
            event = read_event(meta, message.body) if wanted else None
        except UndecodableError as error:
            await self._bury(message, meta, str(error), attempts=1)
            return None
        return Arrival(message.subject.rpartition(".")[0], meta, event, message)

    async def _handle_alone(self, arrival: Arrival) -> None:
        try:
            verdicts = await self.apply([arrival])
        except Exception as error:  # noqa: BLE001 - any failure is counted or retried, never acknowledged
            await self._failed(arrival, error)
            return
        await self._acknowledge([arrival], verdicts)

    async def _failed(self, arrival: Arrival, error: Exception) -> None:
        if is_transient(error):
            await self._retry_all([arrival], error)
            return
        reason = reason_of(error)
        self._metrics.handled(self.reader.name, "failed")
        log.error(
            "subscriber.handler_failed",
            consumer=self.reader.name,
            event_id=str(arrival.meta.id),
            error=error,
            reason=reason,
        )
        if isinstance(error, RefusedEventError):
            await self._bury(_message(arrival), arrival.meta, reason, attempts=1)
            return
        try:
            attempts = await deadletters.count_attempt(
                self.transactions.database, self.reader.name, arrival.meta.id, reason
            )
        except Exception as broken:  # noqa: BLE001 - uncounted, so it simply comes again
            await self._retry_all([arrival], broken)
            return
        if attempts < ATTEMPTS:
            await _message(arrival).retry(_FIRST_PAUSE * 2 ** (attempts - 1))
        else:
            await self._bury(_message(arrival), arrival.meta, f"the handler failed: {reason}", attempts=attempts)

    async def _acknowledge(self, arrivals: Sequence[Arrival], verdicts: Sequence[Verdict]) -> None:
        for verdict, count in Counter(verdicts).items():
            self._metrics.handled(self.reader.name, _RESULTS[verdict], count)
        reach("before-ack")
        for arrival, verdict in zip(arrivals, verdicts, strict=True):
            message = _message(arrival)
            if verdict is not Verdict.EARLY:
                self._early_since.pop(arrival.meta.id, None)
            if verdict is Verdict.EARLY:
                await self._wait_for_earlier(arrival)
            elif verdict is Verdict.BLOCKED:
                await self._bury(message, arrival.meta, "an earlier event of this aggregate is buried", attempts=0)
            else:
                await message.ack()
        reach("after-ack")

    async def _wait_for_earlier(self, arrival: Arrival) -> None:
        """Ask for it again, less and less often, but not for ever: an event that never came would hold back its
        aggregate without anybody knowing, and in the end everybody. What is missing is applied when it comes."""
        if len(self._early_since) > _EARLY_REMEMBERED:
            self._early_since.clear()
        now = time.monotonic()
        waited = now - self._early_since.setdefault(arrival.meta.id, now)
        if waited < _EARLY_PATIENCE:
            await _message(arrival).retry(max(_EARLY_PAUSE, waited / 4))
        else:
            del self._early_since[arrival.meta.id]
            await self._bury(_message(arrival), arrival.meta, "an earlier event never came", attempts=0)

    async def _bury(self, message: Message, meta: Meta | None, reason: str, *, attempts: int) -> None:
        letter = deadletters.Letter(
            consumer=self.reader.name,
            event_id=str(meta.id) if meta else f"{self.reader.stream}:{message.place}",
            subject=message.subject,
            aggregate_id=meta.aggregate_id if meta else None,
            sequence=meta.sequence if meta else None,
            headers=dict(message.headers),
            body=message.body,
            reason=reason,
            attempts=attempts,
        )
        try:
            await deadletters.bury(self.transactions.database, letter, self.transactions.vault)
        except Exception as error:  # noqa: BLE001 - not written down, so it must come again
            log.warning("subscriber.interrupted", consumer=self.reader.name, error=error)
            await message.retry(_TRANSIENT_PAUSE)
            return
        self._metrics.handled(self.reader.name, "buried")
        log.error("dead_letter", consumer=self.reader.name, subject=message.subject, reason=reason)
        await message.bury()

    async def _retry_all(self, arrivals: Sequence[Arrival], error: Exception) -> None:
        self._metrics.handled(self.reader.name, "retried", len(arrivals))
        log.warning("subscriber.interrupted", consumer=self.reader.name, error=error)
        for arrival in arrivals:
            await _message(arrival).retry(_TRANSIENT_PAUSE)
        await asyncio.sleep(0.1)


def _message(arrival: Arrival) -> Message:
    if arrival.message is None:
        raise RuntimeError("a redriven event has no message to answer")
    return arrival.message
