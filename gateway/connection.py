"""One kept-alive HTTP/1.1 connection to a service: a request goes out in one write, its answer is parsed as it comes.

httptools (llhttp, strict) reads; what it doesn't understand is not passed on. A connection answers one request at a
time and is used again only after an answer that came whole, with nothing behind it.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

RawHeaders = list[tuple[bytes, bytes]]

_MOST_HEAD_BYTES = 65_536
_ENOUGH_BYTES = 65_536  # unread bytes of a body from which on the service is made to wait
_CONTINUE, _SWITCHING, _FINAL = 100, 101, 200
_NO_BODY = frozenset({204, 304})


class BrokenConnection(Exception):  # noqa: N818 - it is an outcome, and reads as one
    """The service closed the connection before its answer had come whole."""


class BrokenAnswer(Exception):  # noqa: N818
    """What came is not HTTP/1.1."""


class Flow(Protocol):
    """What a reply needs of its connection: to slow the service down and let it go on."""

    def hold(self) -> None:
        """Read no more for now."""
        ...

    def go_on(self) -> None:
        """Read again."""
        ...


class Reply:
    """What a connection answers, one request after the other: `status` and `headers` are there once an answer has
    begun, `piece` brings its body."""

    __slots__ = (
        "_body", "_failure", "_flow", "_head_bytes", "_headless", "_held", "_loop", "_parser", "_size", "_wake",
        "began", "headers", "reusable", "status", "whole",
    )  # fmt: skip

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        self._headless = False
        self.expect(headless=False)

    def expect(self, *, headless: bool) -> None:
        """An answer is due. One to a HEAD tells the length of a body that never comes: its parser waits for ever."""
        if self._headless:
            self._parser = HttpResponseParser(self)
        self._headless = headless
        self._body: list[bytes] = []
        self._size = self._head_bytes = 0
        self._held = False
        self._wake: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self.status = 0
        self.headers: RawHeaders = []
        self.began = self.whole = self.reusable = False

    async def begun(self) -> None:
        """Wait until status and headers are there. Raises BrokenConnection or BrokenAnswer."""
        while not self.began:
            await self._more()

    async def piece(self) -> tuple[bytes, bool]:
        """What there is of the body, and whether more will follow; waits for some. Raises as `begun` does."""
        while not self._body and not self.whole:
            await self._more()
        piece = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self._size = 0
        if self._held:
            self._held = False
            self._flow.go_on()
        return piece, not self.whole

    def feed(self, data: bytes) -> None:
        """Bytes from the service. Raises BrokenAnswer when they are no answer; an answer that is whole stays so."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.reusable = False
            if not self.whole:
                raise BrokenAnswer from error
        if not self.began:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                raise BrokenAnswer
        if self._size > _ENOUGH_BYTES and not self._held:
            self._held = True
            self._flow.hold()
        if self.began:
            self._ring()

    def end(self, failure: Exception | None) -> None:
        """The connection is gone. An answer without a length ends that way; any other one is broken off."""
        self.reusable = False
        if self.whole or self._failure is not None:
            return
        if failure is None and self.began and not self._tells_its_length():
            self.whole = True
        else:
            self._failure = failure or BrokenConnection()
        self._ring()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A second answer to one request: whatever it is, the connection can't be trusted any more."""
        if self.whole:
            raise BrokenAnswer

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; what stands behind the body is left out."""
        if not self.began:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is there; one that only says "go on" is forgotten."""
        status = self._parser.get_status_code()
        if status == _SWITCHING or status < _CONTINUE:
            raise BrokenAnswer
        if status < _FINAL:
            self.headers.clear()
            return
        self.status, self.began = status, True
        if self._headless:
            self.reusable = self._parser.should_keep_alive()
            self.whole = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body; of one that comes although there is none the end is unknown."""
        if self.whole:
            self.reusable = False
            return
        self._body.append(data)
        self._size += len(data)

    def on_message_complete(self) -> None:
        """All of it is there, unless it was only the "go on"."""
        if self.began and not self.whole:
            self.whole = True
            self.reusable = self._parser.should_keep_alive()

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._wake = self._loop.create_future()
        try:
            await self._wake
        finally:
            self._wake = None

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _tells_its_length(self) -> bool:
        names = {name.lower() for name, _ in self.headers}
        return self.status in _NO_BODY or not names.isdisjoint((b"content-length", b"transfer-encoding"))


class Connection(asyncio.Protocol):
    """The transport of one exchange at a time; `lost` is told once when it is gone."""

    def __init__(self, lost: Callable[["Connection"], None]) -> None:
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._reply = Reply(self)
        self._is_asked = False
        self._writable: asyncio.Future[None] | None = None
        self._aborted = False
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, *, headless: bool) -> Reply:
        """Send a request's head (and body, if it is short) and begin to read the answer."""
        assert self._transport is not None  # noqa: S101 - the pool hands out connected ones only
        self._reply.expect(headless=headless)
        self._is_asked = True
        self._transport.write(request)
        return self._reply

    async def write(self, piece: bytes) -> None:
        """Send a piece of the body; waits while the service is slow to take it. Raises BrokenConnection."""
        if not self.is_open or self._transport is None:
            raise BrokenConnection
        self._transport.write(piece)
        if self._writable is not None:
            await self._writable

    def rest(self, now: float) -> None:
        """The answer has been read; the connection waits for the next request."""
        self._is_asked = False
        self.idle_since = now

    def abort(self) -> None:
        """Close it, whatever is under way."""
        self._aborted = True
        if self._transport is not None:
            self._transport.abort()

    def hold(self) -> None:
        """See `Flow.hold`."""
        if self.is_open and self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        """See `Flow.go_on`."""
        if self.is_open and self._transport is not None:
            self._transport.resume_reading()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its ancestors

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; a service that speaks unasked isn't asked again."""
        if not self._is_asked:
            self.abort()
            return
        try:
            self._reply.feed(data)
        except BrokenAnswer as broken:
            self._reply.end(broken)
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._is_asked:
            self._reply.end(BrokenConnection() if exc is not None or self._aborted else None)
        if self._writable is not None and not self._writable.done():
            self._writable.set_exception(BrokenConnection())
            self._writable.exception()  # nobody may be waiting for it
        self._lost(self)

    def pause_writing(self) -> None:
        """The service is slow to take the body."""
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """It has taken some."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None
