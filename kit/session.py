"""A session: SQLAlchemy's, with a shorter way to the driver for what is asked thousands of times a second.

Its line is taken and its transaction begun with the first statement. New rows are gathered and written together:
before whatever is asked next, so that it sees them, and at the latest before the commit. A unit of work that only
gathers is one statement, which is a transaction of its own.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from kit.lines import Line, Lines
from kit.memory import Memory
from kit.rows import Insert, Rows

_GOODBYE_SECONDS = 2.0
_AT_ONCE = 20
_DRAW = "SELECT nextval($1::text::regclass) FROM generate_series(1, $2)"
Listener = Callable[[str, Sequence[Any], float], None]


@dataclass(frozen=True, slots=True)
class Home:
    """What the sessions of one database share. `listeners` hear of the statements that went straight to the driver,
    with their values and the seconds that they took."""

    lines: Lines
    memory: Memory = field(default_factory=Memory)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)


class Session(AsyncSession):
    """One unit of work's way to the database. `changes`: it is a transaction; else each statement stands alone."""

    def __init__(self, home: Home, *, changes: bool) -> None:
        super().__init__(expire_on_commit=False, autoflush=False)
        self.memory = home.memory
        self._home = home
        self._changes = changes
        self._line: Line | None = None
        self._is_begun = False
        self._is_mapping = False  # whether SQLAlchemy has asked something, and has to be told of the end
        self._rows = Rows()

    def gather(self, table: Table, row: Mapping[str, Any], *, first: bool = False) -> None:
        """A new row, to be written with the others; `first` of all when some of those refer to it. Raises
        RuntimeError in a session that only reads (I1)."""
        if not self._changes:
            raise RuntimeError("a session that only reads gathers nothing")
        self._rows.add(table, row, first=first)

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """The rows of a statement in the driver's words (`$1`), in this transaction."""
        driver, began = await self._begun(), perf_counter()
        found: list[asyncpg.Record] = await driver.fetch(statement, *values)
        self._tell(statement, values, began)
        return found

    async def write(self) -> None:
        """Write what is gathered, now rather than with what is asked next."""
        await self._begun()

    async def next_of(self, sequence: str) -> int:
        """The next number of a sequence. They are drawn by the dozen and never given back, so it takes no
        transaction; what a process has drawn and not used when it ends is never used."""
        drawn = self._home.numbers.setdefault(sequence, [])
        if not drawn:
            driver = (await self._here()).driver
            drawn[:0] = [number for (number,) in reversed(await driver.fetch(_DRAW, sequence, _AT_ONCE))]
        return drawn.pop()

    async def commit(self) -> None:
        """Write what is left, and let all of it be so."""
        await self.flush()
        left = self._rows.take() if self._rows else []
        if len(left) > 1:
            await self._begun()
        if left:
            await self._write((await self._here()).driver, left)
        if self._is_begun and self._line is not None:
            await self._line.driver.execute("COMMIT")
            self._is_begun = False

    async def undo(self, *, cut_off: bool) -> None:
        """Let none of it be so, and give the line back; one that was perhaps `cut_off` in the middle is used again
        only if it takes the rollback. Never raises: there is an error to be told already."""
        self._rows = Rows()
        with contextlib.suppress(Exception):
            if self._line is not None and self._is_begun:
                await self._line.driver.execute("ROLLBACK", timeout=_GOODBYE_SECONDS)
                self._is_begun = cut_off = False
        with contextlib.suppress(Exception):
            await self.close(good=not cut_off)

    async def close(self, *, good: bool = True) -> None:
        """Give the line back; one whose transaction has not ended isn't used again."""
        if self._line is None:
            return
        line, self._line = self._line, None
        try:
            if self._is_mapping:
                await super().close()
        finally:
            self._home.lines.give(line, good=good and not self._is_begun)

    if not TYPE_CHECKING:  # SQLAlchemy's own words for what they take and return are better than any said here again

        async def execute(self, *args: Any, **kwargs: Any) -> Any:
            """See `AsyncSession.execute`."""
            await self._mapped()
            return await super().execute(*args, **kwargs)

        async def get(self, *args: Any, **kwargs: Any) -> Any:
            """See `AsyncSession.get`."""
            await self._mapped()
            return await super().get(*args, **kwargs)

        async def flush(self, *args: Any, **kwargs: Any) -> None:
            """See `AsyncSession.flush`."""
            if self.new or self.dirty or self.deleted:
                await self._mapped()
                await super().flush(*args, **kwargs)

    async def _mapped(self) -> None:
        """Ready for SQLAlchemy to ask."""
        await self._begun()
        self._is_mapping = True

    async def _begun(self) -> asyncpg.Connection:
        """The driver, in the transaction, with everything written that was gathered before."""
        driver = (await self._here()).driver
        if self._changes and not self._is_begun:
            self._is_begun = True
            await driver.execute("BEGIN")
        if self._rows:
            await self._write(driver, self._rows.take())
        return driver

    async def _here(self) -> Line:
        if self._line is None:
            self._line = await self._home.lines.take()
            self.sync_session.bind = self._line.connection.sync_connection
        return self._line

    async def _write(self, driver: asyncpg.Connection, inserts: Sequence[Insert]) -> None:
        for one in inserts:
            began = perf_counter()
            await one.write(driver)
            for values in one.values:
                self._tell(one.statement, values, began)

    def _tell(self, statement: str, values: Sequence[Any], began: float) -> None:
        for hear in self._home.listeners:
            hear(statement, values, perf_counter() - began)
