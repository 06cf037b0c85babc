"""An audit trail whose rows, seals and checkpoints the tests make one by one, and tamper with as a superuser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from kit import audit
from kit.audit_chain import SPELLED, follow, genesis
from kit.audit_check import Verdict, verify
from kit.checkpoints import CheckpointFile
from kit.clock import FrozenClock
from kit.ids import new_id
from kit.principals import Principal
from kit.sealer import Sealer
from kit.work import Transactions

SERVICE = "customer"
SOMEBODY = Principal("staff:lin", frozenset({"agent"}))


@dataclass
class Trail:
    """One service's trail and a superuser's connection to its database."""

    url: str
    transactions: Transactions
    clock: FrozenClock
    folder: Path
    connection: "asyncpg.Connection[asyncpg.Record]"

    def __post_init__(self) -> None:
        self.sealer = Sealer(self.transactions, SERVICE, self.folder)

    @property
    def file(self) -> CheckpointFile:
        return CheckpointFile(self.folder, SERVICE)

    async def write(self, count: int = 1, *, action: str = "change") -> None:
        """So many changes, a second apart and each in a transaction of its own."""
        for _ in range(count):
            self.clock.advance(timedelta(seconds=1))
            async with self.transactions.begin(SOMEBODY) as work:
                await audit.record(work, action, "thing", new_id(), after={"名": "值", "n": "1.10"}, reason="因为")

    async def seal(self) -> int:
        """One round of the sealer."""
        return await self.sealer.seal(self.connection)

    async def restart(self) -> None:
        """The sealer as another process would begin."""
        self.sealer = Sealer(self.transactions, SERVICE, self.folder)
        await self.sealer.begin(self.connection)

    async def history(self, *chapters: int) -> None:
        """So many rows each time, sealed and with a checkpoint."""
        for count in chapters:
            await self.write(count)
            self.clock.advance(timedelta(minutes=1))
            await self.seal()

    async def verify(self) -> Verdict:
        return await verify(self.url, SERVICE, self.folder)

    async def found(self) -> tuple[str, int] | None:
        """What verification finds first, and where."""
        finding = (await self.verify()).finding
        return None if finding is None else (finding.wrong.value, finding.place)

    @asynccontextmanager
    async def tampering(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A superuser at work: no trigger fires."""
        await self.connection.execute("SET session_replication_role = replica")
        try:
            yield self.connection
        finally:
            await self.connection.execute("RESET session_replication_role")

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        """The rows; of a single column its values."""
        found = await self.connection.fetch(query, *arguments)
        return [row[0] if len(row) == 1 else tuple(row) for row in found]

    async def chain_anew(self) -> None:
        """Compute all seals again over the rows as they are now, by id and numbered from 1: a perfect forgery."""
        previous, seals = genesis(SERVICE), []
        query = f"SELECT {', '.join(SPELLED)} FROM audit ORDER BY id"
        for number, row in enumerate(await self.connection.fetch(query), 1):
            previous = follow(previous, row)
            seals.append((number, row["id"], previous))
        await self.connection.execute("DELETE FROM audit_seal")
        await self.connection.executemany("INSERT INTO audit_seal VALUES ($1, $2, $3)", seals)
