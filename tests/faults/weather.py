"""Bad weather between two processes: a TCP proxy on loopback that delays, cuts, slices, or swallows what passes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

_BLOCK = 65_536


class Weather(StrEnum):
    """What becomes of bytes."""

    FAIR = "fair"
    SLOW = "slow"  # each block takes a while, each way
    SLICED = "sliced"  # a few bytes at a time: no message arrives whole
    BLACK_HOLE = "black_hole"  # taken and never passed on, nor is anybody told
    CUT = "cut"  # connections are reset, new ones refused


@dataclass(eq=False)
class Proxy:
    """A way to one server; its weather can change at any time."""

    host: str
    port: int
    weather: Weather = Weather.FAIR
    delay: float = 0.03
    listens_at: int = 0
    carried: int = 0
    _ways: set[asyncio.StreamWriter] = field(default_factory=set)
    _carriers: set[asyncio.Task[None]] = field(default_factory=set)
    _cleared: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Take connections, always at the same place."""
        self._server = await asyncio.start_server(self.carry, "127.0.0.1", self.listens_at)
        self.listens_at = self._server.sockets[0].getsockname()[1]

    async def turn(self, weather: Weather) -> None:
        """Change the weather; a cut takes the connections there are."""
        was, self.weather = self.weather, weather
        if weather is Weather.CUT and self._server is not None:
            self._server.close()
            for writer in self._ways:
                writer.transport.abort()
        elif was is Weather.CUT:
            await self.listen()
        if weather is not Weather.BLACK_HOLE:
            self._cleared.set()
            self._cleared = asyncio.Event()

    def url(self, original: str) -> str:
        """The address of the server as its clients are to know it."""
        found = urlsplit(original)
        login = f"{found.netloc.rpartition('@')[0]}@" if "@" in found.netloc else ""
        return found._replace(netloc=f"{login}127.0.0.1:{self.listens_at}").geturl()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways, until either side ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._carriers.add(task)
        try:
            inner_reader, inner_writer = await asyncio.open_connection(self.host, self.port)
            self._ways |= {writer, inner_writer}
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._one_way(reader, inner_writer))
                    both.create_task(self._one_way(inner_reader, writer))
            finally:
                self._ways -= {writer, inner_writer}
                inner_writer.transport.abort()
        except* OSError:
            pass  # the server is away, or one side was cut off: that is what this is for
        finally:
            writer.transport.abort()
            self._carriers.discard(task)

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(_BLOCK):
            self.carried += len(block)
            while self.weather is Weather.BLACK_HOLE:
                await self._cleared.wait()
            if self.weather is Weather.SLOW:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._cleared.wait(), self.delay)
            if self.weather is Weather.SLICED:
                for at in range(0, len(block), 7):
                    writer.write(block[at : at + 7])
                    await writer.drain()
            else:
                writer.write(block)
                await writer.drain()
        raise ConnectionResetError

    async def end(self) -> None:
        """Let go of every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._carriers):
            task.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)


@contextlib.asynccontextmanager
async def between(url: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the server at that address."""
    found = urlsplit(url)
    assert found.hostname
    assert found.port
    proxy = Proxy(found.hostname, found.port)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.end()
