"""The sealer: one process per service chains the audit rows, so that writers don't wait for each other (X7).

It works behind the writers. Rows are sealed once every transaction that could still come before them has ended, by
id: of one aggregate, whose rows are written under its lock, that is the order in which things happened. Audit rows
are never touched; a seal is a row of its own.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import asyncpg

from kit.audit_chain import SPELLED, follow, genesis
from kit.checkpoints import BadCheckpointError, Checkpoint, CheckpointFile
from kit.db import is_transient
from kit.logs import log
from kit.work import Transactions

EVERY = timedelta(minutes=1)
EVERY_SEALS = 10_000
_AT_ONCE = 1000
_PER_ROUND = 100_000
# Transaction ids that a snapshot has not seen begin are of another server: rows that were restored here.
_BOUNDS = """
SELECT pg_snapshot_xmin(s)::text::bigint AS oldest, pg_snapshot_xmax(s)::text::bigint AS next
FROM pg_current_snapshot() AS s
"""
_FINISHED = """
SELECT id FROM audit
WHERE xact >= $1::bigint::text::xid8 AND (xact < $2::bigint::text::xid8 OR xact >= $3::bigint::text::xid8)
    AND NOT EXISTS (SELECT FROM audit_seal WHERE audit_id = audit.id)
ORDER BY id LIMIT $4
"""
_ROWS = f"SELECT {', '.join(SPELLED)} FROM audit WHERE id = ANY($1) ORDER BY id"  # noqa: S608 - our own columns
_HEAD = "SELECT number, hash FROM audit_seal ORDER BY number DESC LIMIT 1"
_SEAL = "INSERT INTO audit_seal SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])"


class Head(NamedTuple):
    """The end of the chain."""

    number: int
    hash: bytes


class Sealer:
    """Seals one service's trail while this process leads, and writes the checkpoints."""

    def __init__(self, transactions: Transactions, service: str, folder: Path) -> None:
        self._transactions = transactions
        self._service = service
        self._file = CheckpointFile(folder, service)
        self._last: Checkpoint | None = None
        self._horizon = 0  # every transaction before it has ended, and its rows are sealed

    async def run(self, leads: asyncio.Event, *, poll_seconds: float = 1.0) -> None:
        """Seal again and again while `leads` is set; come back after every loss of the database."""
        while True:
            await leads.wait()
            try:
                await self._follow(leads, poll_seconds)
            except Exception as error:  # noqa: BLE001 - the loop must live; what is unsealed is found again
                if is_transient(error) or isinstance(error, asyncpg.UniqueViolationError):
                    log.warning("sealer.interrupted", error=error)
                else:
                    log.error("sealer.failed", error=error)
                await asyncio.sleep(poll_seconds)

    async def _follow(self, leads: asyncio.Event, poll_seconds: float) -> None:
        connection = await self._transactions.database.connect()
        try:
            await self.begin(connection)
            while leads.is_set():
                await self.seal(connection)
                await asyncio.sleep(poll_seconds)
        finally:
            connection.terminate()

    async def begin(self, connection: asyncpg.Connection) -> None:
        """Go on from the last checkpoint, if the chain still agrees with it; else look at all rows once."""
        # Only who sees the horizon's value knows that few rows lie behind it.
        await connection.execute("SET plan_cache_mode = force_custom_plan; SET max_parallel_workers_per_gather = 0")
        self._last, self._horizon = None, 0
        try:
            last = await asyncio.to_thread(self._file.last)
        except BadCheckpointError as error:
            log.error("sealer.checkpoint_unreadable", error=error)
            return
        if last is None:
            return
        found = await connection.fetchval("SELECT hash FROM audit_seal WHERE number = $1", last.number)
        if found is None or found.hex() != last.hash:
            log.error("sealer.chain_contradicts_checkpoint", number=last.number)
            return
        self._last = last
        bounds = await connection.fetchrow(_BOUNDS)
        if last.horizon <= bounds["next"]:
            self._horizon = last.horizon

    async def seal(self, connection: asyncpg.Connection) -> int:
        """Seal what is finished, write a checkpoint when one is due, and return how many rows were sealed."""
        asked_at = self._transactions.clock.now()
        bounds = await connection.fetchrow(_BOUNDS)
        finished = await connection.fetch(_FINISHED, self._horizon, bounds["oldest"], bounds["next"], _PER_ROUND)
        ids = [row["id"] for row in finished]
        head = await self._head(connection)
        for start in range(0, len(ids), _AT_ONCE):
            head = await self._extend(connection, head, ids[start : start + _AT_ONCE])
        if len(ids) < _PER_ROUND:
            self._horizon = bounds["oldest"]
            await self._write_checkpoint(head, asked_at)
        return len(ids)

    async def _head(self, connection: asyncpg.Connection) -> Head:
        row = await connection.fetchrow(_HEAD)
        return Head(row["number"], row["hash"]) if row else Head(0, genesis(self._service))

    async def _extend(self, connection: asyncpg.Connection, head: Head, ids: list[int]) -> Head:
        """Another process that seals at the same time runs into the numbers' uniqueness, and so do we."""
        hashes: list[bytes] = []
        previous = head.hash
        for row in await connection.fetch(_ROWS, ids):
            previous = follow(previous, row)
            hashes.append(previous)
        numbers = range(head.number + 1, head.number + 1 + len(ids))
        await connection.execute(_SEAL, list(numbers), ids, hashes)
        return Head(head.number + len(ids), previous)

    async def _write_checkpoint(self, head: Head, at: datetime) -> None:
        last = self._last
        if head.number == (last.number if last else 0):
            return
        if last and at - last.at < EVERY and head.number - last.number < EVERY_SEALS:
            return
        self._last = Checkpoint(
            service=self._service, number=head.number, hash=head.hash.hex(), at=at, horizon=self._horizon
        )
        await asyncio.to_thread(self._file.append, self._last)
