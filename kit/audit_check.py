"""Verifying the audit trail: the chain is computed again and compared with the checkpoints outside the database (X7).

What nobody can find is what happened after the last checkpoint, a minute at most, and a false row that was written
the way true ones are.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import asyncpg

from kit.audit_chain import SPELLED, follow, genesis
from kit.checkpoints import BadCheckpointError, Checkpoint, CheckpointFile

PATIENCE = timedelta(minutes=15)
"""How much older than the last checkpoint before its seal a row may be; no transaction lasts longer."""
_AT_ONCE = 5000
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_CHAIN = f"""
SELECT s.number, s.audit_id, s.hash AS seal, {", ".join(SPELLED)}
FROM audit_seal s LEFT JOIN audit ON audit.id = s.audit_id ORDER BY s.number
"""  # noqa: S608 - our own columns
_WAITING = """
SELECT count(*) AS waiting, min(id) FILTER (WHERE at < $1) AS forgotten
FROM audit WHERE NOT EXISTS (SELECT FROM audit_seal WHERE audit_id = audit.id)
"""


class Wrong(StrEnum):
    """What can be wrong with a trail."""

    CHANGED = "changed"  # a row, its seal or their order is not what was sealed
    DELETED = "deleted"  # a sealed row is gone
    GAP = "gap"  # a seal is gone
    BACKDATED = "backdated"  # a row says it is older than a checkpoint from before its seal
    REWRITTEN = "rewritten"  # the chain holds together, but it is not the one that a checkpoint has seen
    CUT_OFF = "cut-off"  # the chain ends before a checkpoint
    UNSEALED = "unsealed"  # a row has slipped past the sealer
    NO_CHECKPOINT = "no-checkpoint"  # nothing outside the database speaks for the chain
    FORGED_CHECKPOINT = "forged-checkpoint"  # a line of the file isn't signed by this installation


@dataclass(frozen=True)
class Finding:
    """The first thing that is wrong: what, where, and in words."""

    wrong: Wrong
    place: int
    words: str


@dataclass
class Verdict:
    """What was found in one service's trail."""

    service: str
    sealed: int = 0
    waiting: int = 0
    checkpoints: int = 0
    anchored: int = 0
    anchored_at: datetime | None = None
    finding: Finding | None = None

    @property
    def rows(self) -> int:
        """Rows that were looked at, sealed or still waiting for it."""
        return self.sealed + self.waiting


async def verify(url: str, service: str, folder: Path) -> Verdict:
    """Read the whole trail, as it is at one instant, and say what is wrong with it first, if anything."""
    verdict = Verdict(service)
    # The file before the database: what is sealed meanwhile must not look as if it had been cut off.
    try:
        checkpoints = list(CheckpointFile(folder, service).read())
    except BadCheckpointError as error:
        verdict.finding = Finding(Wrong.FORGED_CHECKPOINT, error.line, f"the checkpoints' {error}")
        return verdict
    verdict.checkpoints = len(checkpoints)
    newest = max(checkpoints, key=lambda one: one.number, default=None)
    if newest is not None:
        verdict.anchored, verdict.anchored_at = newest.number, newest.at
    connection = await asyncpg.connect(url, timeout=5, server_settings={"statement_timeout": "0", "jit": "off"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            verdict.finding = await _walk(connection, verdict, checkpoints)
            if verdict.finding is None:
                verdict.finding = await _look_for_unsealed(connection, verdict)
    finally:
        await connection.close()
    return verdict


async def _walk(
    connection: asyncpg.Connection, verdict: Verdict, checkpoints: Iterable[Checkpoint]
) -> Finding | None:
    witness = _Witness(checkpoints)
    previous = genesis(verdict.service)
    async for row in _chain(connection):
        number = verdict.sealed + 1
        if row["number"] != number:
            return Finding(Wrong.GAP, number, f"seal {number} is missing; the next is {row['number']}")
        if row["id"] is None:
            return Finding(Wrong.DELETED, number, f"row {row['audit_id']}, sealed as {number}, is gone")
        previous = follow(previous, row)
        if previous != row["seal"]:
            return Finding(Wrong.CHANGED, number, f"row {row['id']} is not what was sealed as {number}")
        if row["at"] < witness.earliest:
            told = f"row {row['id']}, sealed as {number}, says it is older than checkpoints from before its seal"
            return Finding(Wrong.BACKDATED, number, told)
        if not witness.agrees(number, previous):
            return Finding(Wrong.REWRITTEN, number, f"a checkpoint has seen another seal {number}")
        verdict.sealed = number
    if verdict.sealed < verdict.anchored:
        told = f"the chain ends with {verdict.sealed}, a checkpoint has seen {verdict.anchored}"
        return Finding(Wrong.CUT_OFF, verdict.sealed + 1, told)
    if verdict.sealed and not verdict.checkpoints:
        return Finding(Wrong.NO_CHECKPOINT, 1, "no checkpoint speaks for the chain")
    return None


async def _chain(connection: asyncpg.Connection) -> AsyncIterator[Any]:
    cursor = await connection.cursor(_CHAIN)
    while rows := await cursor.fetch(_AT_ONCE):
        for row in rows:
            yield row


async def _look_for_unsealed(connection: asyncpg.Connection, verdict: Verdict) -> Finding | None:
    oldest = (verdict.anchored_at or _BEGINNING) - PATIENCE
    row = await connection.fetchrow(_WAITING, oldest)
    verdict.waiting = row["waiting"]
    if row["forgotten"] is None:
        return None
    return Finding(Wrong.UNSEALED, verdict.sealed + 1, f"row {row['forgotten']} was never sealed")


class _Witness:
    """What the checkpoints say, asked seal by seal."""

    def __init__(self, checkpoints: Iterable[Checkpoint]) -> None:
        self._ahead = sorted(checkpoints, key=lambda one: one.number, reverse=True)
        self.earliest = 0  # in microseconds since 1970: how old a row that is sealed now can be

    def agrees(self, number: int, seal: bytes) -> bool:
        """Whether no checkpoint has seen another seal of that number."""
        while self._ahead and self._ahead[-1].number == number:
            checkpoint = self._ahead.pop()
            if checkpoint.hash != seal.hex():
                return False
            bound = (checkpoint.at - PATIENCE - _BEGINNING) // timedelta(microseconds=1)
            self.earliest = max(self.earliest, bound)
        return True
