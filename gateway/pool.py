"""The connections to one service: so many at most, the one used last first, and a queue that is not endless."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from time import monotonic

from gateway.connection import Connection

_CONNECT_SECONDS = 2.0
_IDLE_SECONDS = 30.0  # less than the services' 75 s: we hang up first, so few requests meet a closed door
_MOST_WAITING = 2_048
_WAIT_SECONDS = 1.0


class NoConnection(Exception):  # noqa: N818 - it is an outcome, and reads as one
    """The service can't be reached, or too many are waiting for it already."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a service listens."""

    host: str
    port: int
    secure: bool
    authority: bytes


class Pool:
    """At most `size` connections to an origin."""

    def __init__(self, origin: Origin, size: int) -> None:
        self.origin = origin
        self._size = size
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._connecting = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._lanes = asyncio.Semaphore(max(size // 2, 1))
        self._tls = ssl.create_default_context() if origin.secure else None

    async def take(self) -> Connection:
        """A connection that nobody else uses. Raises NoConnection, also when none is free within a second: who waits
        longer than that waits for something that has more to do than it can."""
        if (rested := self._rested()) is not None:
            return rested
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while not self._has_room:
                    given = await self._turn()
                    if given is not None and given.is_open:
                        return given
        except TimeoutError as error:
            raise NoConnection from error
        return await self._connect()

    def give(self, connection: Connection) -> None:
        """Back after an answer that came whole: to whoever waits for longest, if anybody does."""
        connection.rest(monotonic())
        if not self._call_next(connection):
            self._idle.append(connection)

    async def enter_lane(self) -> None:
        """To be asked for before a connection by who passes on a long body as a client sends it, or a file as a
        client takes it. They hold half of the connections at most: slow clients hold up each other and nobody else.
        Raises NoConnection."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._lanes.acquire()
        except TimeoutError as error:
            raise NoConnection from error

    def leave_lane(self) -> None:
        """The exchange is over."""
        self._lanes.release()

    def close(self) -> None:
        """Hang up on all."""
        for connection in list(self._open):
            connection.abort()

    @property
    def _has_room(self) -> bool:
        return len(self._open) + self._connecting < self._size

    def _rested(self) -> Connection | None:
        earliest = monotonic() - _IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since >= earliest:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> Connection:
        self._connecting += 1
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._lost), self.origin.host, self.origin.port, ssl=self._tls
                )
        except BaseException as error:
            self._call_next()
            if isinstance(error, OSError):  # TimeoutError is one
                raise NoConnection from error
            raise
        finally:
            self._connecting -= 1
        self._open.add(connection)
        return connection

    async def _turn(self) -> Connection | None:
        """Wait until a connection is given back or one is gone: then there is room, unless somebody was quicker."""
        if len(self._waiting) >= _MOST_WAITING:
            raise NoConnection
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(turn.result())
            raise

    def _pass_on(self, given: Connection | None) -> None:
        if given is not None and given.is_open:
            self.give(given)
        else:
            self._call_next()

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._call_next()

    def _call_next(self, given: Connection | None = None) -> bool:
        """Give it to who waits for longest, or tell them that there is room; False when nobody waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(given)
                return True
        return False
