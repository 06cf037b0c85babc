"""Lines: the connections to PostgreSQL, each known to the driver and to SQLAlchemy.

To SQLAlchemy a line is in autocommit: `kit.session` begins and ends transactions itself, so a unit of work may speak
to the driver directly where SQLAlchemy's way costs ten times the statement.
"""

import asyncio
import contextlib
from dataclasses import dataclass

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

WAIT_SECONDS = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One connection: the driver's own, and SQLAlchemy's around it."""

    driver: asyncpg.Connection
    connection: AsyncConnection

    @property
    def is_good(self) -> bool:
        """Whether it can still be spoken on."""
        return not (self.driver.is_closed() or self.connection.invalidated)


class Lines:
    """At most `size` lines of an engine, opened when first needed, the one used last first."""

    def __init__(self, engine: AsyncEngine, size: int) -> None:
        self.size = size
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._seats = asyncio.Semaphore(size)
        self._idle: list[Line] = []
        self.in_use = 0

    async def take(self) -> Line:
        """A line that nobody else uses. Raises TimeoutError when none is free in time, and what the driver says when
        PostgreSQL is away."""
        if self._seats.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._seats.acquire()
        else:
            await self._seats.acquire()
        self.in_use += 1
        try:
            return self._rested() or await self._open()
        except BaseException:
            self._leave()
            raise

    def give(self, line: Line, *, good: bool = True) -> None:
        """Back after its work. One that isn't `good` any more is thrown away; if it was cut off, so are those that
        rest: what cut it off is likely to have cut them off as well."""
        if good and line.is_good:
            self._idle.append(line)
        else:
            if not line.is_good:
                self._hang_up_on_all()
            _hang_up(line)
        self._leave()

    def backends(self) -> list[int]:
        """The process ids, at the server, of those that rest."""
        return [line.driver.get_server_pid() for line in self._idle if line.is_good]

    async def close(self) -> None:
        """Take leave of those that rest."""
        while self._idle:
            line = self._idle.pop()
            if not line.is_good:
                _hang_up(line)
                continue
            with contextlib.suppress(Exception):
                await line.connection.close()

    def _rested(self) -> Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.is_good:
                return line
            _hang_up(line)
        return None

    def _hang_up_on_all(self) -> None:
        while self._idle:
            _hang_up(self._idle.pop())

    async def _open(self) -> Line:
        connection = await self._engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 - it has just connected
        return Line(driver, connection)

    def _leave(self) -> None:
        self.in_use -= 1
        self._seats.release()


def _hang_up(line: Line) -> None:
    """Without a word: whatever was under way on it is undone by PostgreSQL."""
    line.driver.terminate()
    with contextlib.suppress(Exception):
        if line.connection.sync_connection is not None:
            line.connection.sync_connection.invalidate()
