"""Databases that serve one test after another: emptied in between, with their connections kept.

A copy of a template is made in a moment, but its connections have every statement to prepare and its backends the
catalogue to read, which takes longer than the statements of most tests.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from kit.db import Database, is_transient
from kit.lines import Lines
from kit.testing.poll import eventually
from kit.testing.stage import Databases

MOST_ROWS = 3_000
"""A database that held more isn't lent again: its files stay large, and with them what the planner thinks of it."""

MOST_TURNS = 100
"""Rows that were deleted lie about until a vacuum; a database goes before there are many."""

_WATCH = """
CREATE SCHEMA lending;
CREATE TABLE lending.rebuilt (what text);
CREATE FUNCTION lending.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
    AS $$ BEGIN INSERT INTO lending.rebuilt VALUES (tg_tag); END $$;
CREATE EVENT TRIGGER lending ON ddl_command_end EXECUTE FUNCTION lending.note();
ALTER EVENT TRIGGER lending ENABLE ALWAYS;
SET session_replication_role = replica;
"""
_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'lending') ORDER BY 1
"""
_SEQUENCES = """
SELECT format('setval(%L, %s, %s)', format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value),
              (last_value IS NOT NULL)::text)
FROM pg_sequences WHERE schemaname = 'public'
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> ALL ($1::int[])
"""


@dataclass(eq=False)
class _Lent:
    """One database, the connections that tests work on, and one that puts it in order."""

    url: str
    lines: Lines
    warden: "asyncpg.Connection[Any]"
    filled: str  # which of its tables have rows
    reset: str  # all sequences as they were
    first: dict[str, str]  # the rows a fresh copy has, by table
    turns: int = 0

    @classmethod
    async def made(cls, url: str) -> "_Lent":
        warden, lines = await asyncpg.connect(url), Database(url).home.lines
        try:
            await warden.execute(_WATCH)
        except asyncpg.InsufficientPrivilegeError:  # only a superuser can put it in order: it is lent once
            return cls(url, lines, warden, filled="", reset="", first={}, turns=MOST_TURNS)
        tables = [row[0] for row in await warden.fetch(_TABLES)]
        filled = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)  # noqa: S608
        resets = ", ".join([row[0] for row in await warden.fetch(_SEQUENCES)])
        first = {
            table: await warden.fetchval(f"SELECT json_agg(t)::text FROM {table} t")  # noqa: S608
            for (table,) in await warden.fetch(filled)
            if not table.startswith("lending.")
        }
        return cls(url, lines, warden, filled, f"SELECT {resets}", first)

    async def is_as_new(self) -> bool:
        """Empty it, but for what a fresh copy holds. False when that can't be: its structure was changed, it has
        grown large, or somebody is still at work in it."""
        self.turns += 1
        if self.turns > MOST_TURNS or self.lines.in_use:
            return False
        own = [self.warden.get_server_pid(), *self.lines.backends()]
        try:
            await eventually(lambda: self._is_left(own), within=2)
        except TimeoutError:
            return False
        filled = [row[0] for row in await self.warden.fetch(self.filled)]
        if "lending.rebuilt" in filled:
            return False
        gone = [await self.warden.execute(f"DELETE FROM {table}") for table in filled]  # noqa: S608
        await self.warden.fetch(self.reset)
        for table, rows in self.first.items():
            refill = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1)"  # noqa: S608
            await self.warden.execute(refill, rows)
        return sum(int(told.split()[1]) for told in gone) <= MOST_ROWS

    async def _is_left(self, own: list[int]) -> bool:
        return not await self.warden.fetchval(_OTHERS, own)

    async def close(self) -> None:
        await self.lines.close()
        try:
            await self.warden.close(timeout=2)
        except Exception as error:
            if not is_transient(error):
                raise
            self.warden.terminate()


class Lending:
    """Lends databases on the loop that it is made on. All are closed with it; their server drops them."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._loop = asyncio.get_running_loop()
        self._idle: defaultdict[str, list[_Lent]] = defaultdict(list)

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[Database]:
        """A database of the service as a fresh copy would be, until the block ends. Raises RuntimeError on any other
        loop, where its connections can't be used."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("A loop of your own needs a database of your own: Databases.fresh")
        lent = await self._take(service)
        try:
            yield Database(lent.url, lines=lent.lines)
        finally:
            self._idle[service].append(lent)

    async def _take(self, service: str) -> _Lent:
        idle = self._idle[service]
        while idle:
            lent = idle.pop()
            try:
                if await lent.is_as_new():
                    return lent
            except Exception as error:
                if not is_transient(error):  # else a test has ended who was connected to it
                    raise
            await lent.close()
        return await _Lent.made(self._databases.fresh(service))

    async def close(self) -> None:
        """Take leave of all databases."""
        for idle in self._idle.values():
            for lent in idle:
                await lent.close()
