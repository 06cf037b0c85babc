"""The relay: outbox rows to the broker, in order per aggregate, marked only after the broker's acknowledgement.

One relay per service leads, by an advisory lock on a connection of its own. It is woken by commits; polling for
`published_at IS NULL` is the truth (a cursor by id would miss slow transactions). Nothing is sent inside a
transaction.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from kit.bus import Bus, BusRefusedError, BusUnavailableError
from kit.db import Database, is_transient
from kit.envelope import Meta, headers
from kit.failpoints import reach
from kit.logs import log
from kit.metrics import OFF as UNCOUNTED
from kit.metrics import Metrics
from kit.tracing import OFF as UNTRACED
from kit.tracing import Tracing

LEADER_LOCK = 0x6B65_6675
BATCH = 500
GATHER_SECONDS = 0.02
"""How long it lets pass after a batch of several. Events that come one by one go out at once; of a busy service it
takes what has gathered, with one look, one mark, and one turn of the broker and of each reader for all of it."""
_SELECT = """
SELECT id, event_id, noun, aggregate_id, sequence, subject, body, traceparent, occurred_at FROM outbox o
WHERE published_at IS NULL AND NOT EXISTS (
    SELECT FROM outbox b WHERE b.blocked_at IS NOT NULL AND b.noun = o.noun AND b.aggregate_id = o.aggregate_id)
ORDER BY id LIMIT $1
"""
_MARK = """
UPDATE outbox SET published_at = $1, stream_sequence = sent.place
FROM unnest($2::bigint[], $3::bigint[]) AS sent (id, place) WHERE outbox.id = sent.id
"""
_BLOCK = "UPDATE outbox SET blocked_at = $2, last_error = $3 WHERE id = $1"

Aggregate = tuple[str, UUID]


class Relay:
    """Publishes one service's outbox for as long as it runs."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        owner: str,
        poll_seconds: float = 1.0,
        metrics: Metrics = UNCOUNTED,
        tracing: Tracing = UNTRACED,
    ) -> None:
        self._database = database
        self._bus = bus
        self._owner = owner
        self._poll_seconds = poll_seconds
        self._metrics = metrics
        self._tracing = tracing
        self._woken = asyncio.Event()
        self.leads = asyncio.Event()

    def wake(self) -> None:
        """There may be something to publish."""
        self._woken.set()

    async def run(self) -> None:
        """Lead whenever possible; come back after every loss of database or broker."""
        while True:
            try:
                await self._lead()
            except Exception as error:  # noqa: BLE001 - the loop must live; what is unmarked is published again
                if isinstance(error, BusUnavailableError) or is_transient(error):
                    log.warning("relay.interrupted", error=error)
                else:
                    log.error("relay.failed", error=error)
                await asyncio.sleep(0.2)
            finally:
                self.leads.clear()

    async def _lead(self) -> None:
        connection = await self._database.connect()
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
            self.leads.set()
            while True:
                self._woken.clear()
                found = await self.publish_batch(connection)
                if 1 < found < BATCH:
                    await asyncio.sleep(GATHER_SECONDS)
                if found < BATCH:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), self._poll_seconds)
        finally:
            connection.terminate()

    async def publish_batch(self, connection: asyncpg.Connection) -> int:
        """Publish what waits, at most 500 events, and return how many there were."""
        rows = await connection.fetch(_SELECT, BATCH)
        blocked: set[Aggregate] = set()
        for wave in _waves(rows):
            free = [row for row in wave if _aggregate(row) not in blocked]
            await self._publish_wave(connection, free, blocked)
        return len(rows)

    async def _publish_wave(
        self, connection: asyncpg.Connection, wave: Sequence[Any], blocked: set[Aggregate]
    ) -> None:
        reach("before-publish")
        outcomes = await asyncio.gather(*(self._publish(row) for row in wave), return_exceptions=True)
        reach("after-puback")
        sent = [(row, stored) for row, stored in zip(wave, outcomes, strict=True) if isinstance(stored, int)]
        now = datetime.now(UTC)
        if sent:
            await connection.execute(_MARK, now, [row["id"] for row, _ in sent], [stored for _, stored in sent])
            reach("after-mark")
        for row, outcome in zip(wave, outcomes, strict=True):
            if isinstance(outcome, BusRefusedError):
                log.error("relay.blocked", subject=row["subject"], event_id=str(row["event_id"]), error=outcome)
                await connection.execute(_BLOCK, row["id"], now, str(outcome))
                blocked.add(_aggregate(row))
            elif isinstance(outcome, BaseException):
                # Later waves may hold later events of the same aggregates: stop all, start again from the table.
                raise outcome

    async def _publish(self, row: Any) -> int:
        with self._tracing.publishing(row["subject"], row["traceparent"]) as traceparent:
            meta = Meta(
                id=row["event_id"],
                subject=row["subject"],
                aggregate_id=row["aggregate_id"],
                sequence=row["sequence"],
                time=row["occurred_at"],
                traceparent=traceparent,
            )
            stored = await self._bus.publish(row["subject"], row["body"], headers(meta, owner=self._owner))
        self._metrics.published(row["subject"])
        reach("after-publish")
        return stored.sequence


def _waves(rows: Sequence[Any]) -> list[list[Any]]:
    """Split rows so that no wave holds two events of one aggregate: a failure can then never reorder them (I4)."""
    waves: list[list[Any]] = []
    depth: dict[Aggregate, int] = {}
    for row in rows:
        place = depth.get(_aggregate(row), 0)
        depth[_aggregate(row)] = place + 1
        if place == len(waves):
            waves.append([])
        waves[place].append(row)
    return waves


def _aggregate(row: Any) -> Aggregate:
    return row["noun"], row["aggregate_id"]
