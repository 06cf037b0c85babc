"""The connections to one service: so many at most, the one used last first, and a queue that is not endless."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass

from gateway.connection import Connection

_CONNECT_SECONDS = 2.0
_IDLE_SECONDS = 30.0  # less than the services' 75 s: we hang up first, so few requests meet a closed door
_MOST_WAITING = 2_048


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
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._tls = ssl.create_default_context() if origin.secure else None

    async def take(self) -> Connection:
        """A connection that nobody else uses. Raises NoConnection."""
        while (connection := self._rested()) is None:
            if len(self._open) + self._connecting < self._size:
                return await self._connect()
            await self._wait()
        return connection

    def give(self, connection: Connection) -> None:
        """Back after an answer that came whole."""
        connection.rest(asyncio.get_running_loop().time())
        self._idle.append(connection)
        self._call_next()

    def close(self) -> None:
        """Hang up on all."""
        for connection in list(self._open):
            connection.abort()

    def _rested(self) -> Connection | None:
        earliest = asyncio.get_running_loop().time() - _IDLE_SECONDS
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

    async def _wait(self) -> None:
        """Until a connection is back or gone; who is called looks again, for somebody may have been quicker."""
        if len(self._waiting) >= _MOST_WAITING:
            raise NoConnection
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._call_next()
            raise

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._call_next()

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
