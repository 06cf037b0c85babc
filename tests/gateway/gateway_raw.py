"""Services that speak no proper HTTP: they say given bytes and hang up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable


@contextlib.asynccontextmanager
async def scripted(reply: Callable[[], bytes | None]) -> AsyncIterator[str]:
    """Reads one request head a connection, says `reply()` and hangs up; None hangs up without a word, at once."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            words = reply()
            if words is None:
                writer.transport.abort()
                return
            writer.write(words)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
