"""Timers: rows with a due time, fired once each by the leading process; the database is the truth.

A timer's effect and its mark commit together, so a kill in between fires it again from the start and never twice.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update

from kit.db import is_transient
from kit.logs import log
from kit.metrics import OFF, Metrics
from kit.principals import system
from kit.tables import timer
from kit.work import Transactions, Work

ATTEMPTS = 13
_AT_ONCE = 50
_PUT_OFF = text("""
UPDATE timer SET
    attempts = attempts + 1, last_error = :error,
    due_at = CAST(:now AS timestamptz) + interval '1 second' * power(2, attempts)
WHERE id = :id AND fired_at IS NULL
""")


class TimerHandler(Protocol):
    """What happens when a timer of one kind is due; it runs inside `work` and never commits."""

    async def __call__(self, work: Work, subject_id: UUID, facts: Mapping[str, Any], /) -> None: ...


async def start(
    work: Work, kind: str, subject_id: UUID, due_at: datetime, facts: Mapping[str, Any] | None = None
) -> None:
    """Fire `kind` for the subject at `due_at` (or at once when that has passed)."""
    values = {"kind": kind, "subject_id": subject_id, "due_at": due_at, "facts": dict(facts or {})}
    await work.session.execute(insert(timer).values(values))


async def cancel(work: Work, kind: str, subject_id: UUID) -> None:
    """Forget the subject's timers of that kind which have not fired."""
    unfired = (timer.c.kind == kind, timer.c.subject_id == subject_id, timer.c.fired_at.is_(None))
    await work.session.execute(delete(timer).where(*unfired))


class Timers:
    """Fires one service's due timers while this process leads."""

    def __init__(
        self, transactions: Transactions, handlers: Mapping[str, TimerHandler], metrics: Metrics = OFF
    ) -> None:
        self._transactions = transactions
        self._handlers = handlers
        self._metrics = metrics

    async def run(self, leads: asyncio.Event, *, poll_seconds: float = 1.0) -> None:
        """Look for due timers again and again while `leads` is set."""
        while True:
            await leads.wait()
            try:
                while await self.fire_due():
                    pass
            except Exception as error:  # noqa: BLE001 - the loop must live; unfired timers are found again
                log.warning("timers.interrupted", error=error)
            await asyncio.sleep(poll_seconds)

    async def fire_due(self) -> int:
        """Fire what is due, each in its own transaction; returns how many fired."""
        now = self._transactions.clock.now()
        due = (
            select(timer.c.id, timer.c.kind)
            .where(
                timer.c.fired_at.is_(None),
                timer.c.due_at <= now,
                timer.c.attempts < ATTEMPTS,
            )
            .order_by(timer.c.due_at, timer.c.id)
            .limit(_AT_ONCE)
        )
        async with self._transactions.database.reading() as session:
            found = list(await session.execute(due))
        return sum([await self._fire(timer_id, kind) for timer_id, kind in found])

    async def _fire(self, timer_id: int, kind: str) -> bool:
        try:
            fired = await self._fire_in_transaction(timer_id)
        except Exception as error:
            if is_transient(error):
                raise
            log.error("timers.failed", timer_id=timer_id, error=error)
            self._metrics.timer_failed(kind)
            await self._put_off(timer_id, error)
            return False
        if fired:
            self._metrics.timer_fired(kind)
        return fired

    async def _put_off(self, timer_id: int, error: Exception) -> None:
        """Count the failure and try again after 1, 2, 4 … seconds, for a little more than an hour in all."""
        failed = {"id": timer_id, "error": type(error).__qualname__, "now": self._transactions.clock.now()}
        async with self._transactions.database.transaction() as session:
            await session.execute(_PUT_OFF, failed)

    async def _fire_in_transaction(self, timer_id: int) -> bool:
        actor = system("timers")
        begin = self._transactions.begin(actor, before="before-timer-commit", after="after-timer-commit")
        async with begin as work:
            unfired = (timer.c.id == timer_id, timer.c.fired_at.is_(None))
            claim = select(timer).where(*unfired).with_for_update(skip_locked=True)
            row = (await work.session.execute(claim)).mappings().one_or_none()
            if row is None:
                return False
            await self._handlers[row["kind"]](work, row["subject_id"], row["facts"])
            await work.session.execute(update(timer).where(timer.c.id == timer_id).values(fired_at=work.now))
        return True
