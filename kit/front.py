"""The HTTP server in front of every process: uvicorn's on httptools, with bounds on what it waits for and takes.

Left alone it waits for ever for the rest of a request, and takes a head of any size. Whoever is too slow with a head,
sends too large a one, or no HTTP at all, gets a problem document like everybody else. Bodies have tighter bounds
behind this, set by whoever reads them (`gateway.bodies`, `kit.http.middleware`).
"""

import asyncio
import gc
from enum import IntEnum
from socket import socket
from typing import Any
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kit.cycle import Cycle
from kit.ids import new_id_text
from kit.problems import Problem, language_of, render

HEAD_SECONDS = 10.0
"""How long a head may take; the first one counts from the connection on."""
WHOLE_SECONDS = 120.0
"""How long a request may take to come whole, whoever reads it."""
TAKEN_SECONDS = 60.0
"""How long a client may take nothing of what waits for him."""
HEAD_BYTES = 32 * 1024
"""How large a head may be; and whatever else comes of a request without a byte of its body."""
ADDRESS_BYTES = 16 * 1024
MOST_AHEAD = 100
"""How many requests may have come on a connection when an earlier one is still being answered."""
_LINGER_SECONDS = 1.0
_FAREWELL_SECONDS = 2.0
_LOOK_EVERY = 5  # ticks of a tenth of a second


class Awaits(IntEnum):
    """What a connection awaits of its client."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


class Refused(Exception):  # noqa: N818 - it is an outcome, and reads as one
    """Told to the parser, so that it reads no further."""


class Front(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._awaits = Awaits.HEAD
        self._since = self.loop.time()
        self._head_bytes = 0  # of the pieces before this one, since the last head or bit of a body
        self._piece = 0
        self._gets_on = False  # whether this piece has brought the end of a head, or some of a body
        self._left = 0  # what waited to be taken by the client when it was looked at
        self._taken_at = self._since
        self._refusal: Problem | None = None
        self._is_over = False  # what still comes is not read any more

    @property
    def is_gone(self) -> bool:
        """Whether the client has hung up."""
        return self.transport.is_closing()

    def look(self, now: float) -> None:
        """Cut the connection off if its request takes too long, or the next one; one that never said a word is closed
        without one. While it is us who don't read, nobody is slow."""
        left = self.transport.get_write_buffer_size()
        if not left or left != self._left:
            self._left, self._taken_at = left, now
        elif now - self._taken_at > TAKEN_SECONDS:
            self.transport.abort()  # to be closed, it would wait for what is left to be taken
            return
        if self._is_over:
            return
        if self._awaits == Awaits.NOTHING:
            if self.cycle.response_complete and now - self._since > self.timeout_keep_alive:
                self.transport.close()
            return
        if self.flow.read_paused:
            self._since = now
        elif self._awaits == Awaits.HEAD and now - self._since > HEAD_SECONDS:
            if self._head_bytes:
                self._refuse(Problem("request-timeout"))
            self.transport.close()
        elif now - self._since > WHOLE_SECONDS:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """A piece of a request, or several requests."""
        if self._is_over:
            return
        if self._awaits == Awaits.NOTHING:
            self._awaits, self._since = Awaits.HEAD, self.loop.time()
        self._piece, self._gets_on = len(data), False
        super().data_received(data)
        if not (self._gets_on or self._is_over or self._awaits == Awaits.NOTHING):
            self._head_bytes += self._piece
            if self._head_bytes > HEAD_BYTES:
                self._refuse(self._too_large())

    def resume_writing(self) -> None:
        """The client has taken some."""
        self._left = 0
        super().resume_writing()

    def on_headers_complete(self) -> None:
        """A head is there."""
        if self._head_bytes + self._piece > HEAD_BYTES and self._size_of_head() > HEAD_BYTES:
            self._refusal = self._too_large()
        elif len(self.url) > ADDRESS_BYTES:
            self._refusal = Problem("address-too-long", limit_bytes=ADDRESS_BYTES)
        if self._refusal is not None or len(self.pipeline) >= MOST_AHEAD:
            raise Refused
        self._awaits = Awaits.BODY
        self._head_bytes, self._gets_on = 0, True
        self._describe()
        self.headers = []  # what stands behind a body is no header of the request
        before = self.cycle
        self.cycle = Cycle(
            self.scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            False,
            [],
            asyncio.Event(),
            self.expect_100_continue,
            self.scope["http_version"] != "1.0" and self.parser.should_keep_alive(),
            self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_response_complete(self) -> None:
        """An answer is given: the next request that came already has its turn, or the connection rests."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._awaits == Awaits.NOTHING:
            self._since = self.loop.time()

    def on_body(self, body: bytes) -> None:
        """Some of a body."""
        self._head_bytes, self._gets_on = 0, True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there in whole."""
        self._awaits = Awaits.NOTHING
        self._head_bytes = 0
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def shutdown(self) -> None:
        """The process is asked to end: answers under way are finished, who is still sending has a moment for it."""
        super().shutdown()
        if self._awaits == Awaits.BODY:
            self.loop.call_later(_FAREWELL_SECONDS, self._part)

    def _part(self) -> None:
        if self._awaits == Awaits.BODY:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - its words are uvicorn's; ours are in the catalogue
        """The parser has given up: it was told to, or this isn't HTTP."""
        self._refuse(self._refusal or Problem("malformed-request"))

    def _describe(self) -> None:
        """What an application is told of the request (ASGI)."""
        scope: Any = self.scope
        scope["kefu.connection"] = self
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = self.parser.get_http_version()
        address = httptools.parse_url(self.url)
        path = address.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = address.path
        scope["query_string"] = address.query or b""

    def _unsupported_upgrade_warning(self) -> None:
        """Nobody here speaks another protocol: what stands behind such a request is not read as HTTP."""
        self._is_over = True
        self.cycle.keep_alive = False

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _too_large(self) -> Problem:
        if len(self.url) > ADDRESS_BYTES:
            return Problem("address-too-long", limit_bytes=ADDRESS_BYTES)
        return Problem("head-too-large", limit_bytes=HEAD_BYTES)

    def _refuse(self, problem: Problem) -> None:
        """Answer and hang up, unless a request's answer is under way on this connection, or was given before all of
        the request had come: that can only be broken off. Closing on unread bytes resets the connection, and the
        client might never see the answer: what still comes is taken and forgotten for a moment."""
        self._is_over = True
        if self._awaits == Awaits.BODY or (self.cycle is not None and not self.cycle.response_complete):
            self.transport.close()
            return
        self.transport.write(_answer(problem, dict(self.headers or ())))
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _answer(problem: Problem, headers: dict[bytes, bytes]) -> bytes:
    language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
    request_id = new_id_text()
    status, facts, body = render(problem, language=language, request_id=request_id)
    facts |= {"Content-Length": str(len(body)), "X-Request-Id": request_id, "Connection": "close"}
    lines = "".join(f"{name.lower()}: {value}\r\n" for name, value in facts.items())
    return f"HTTP/1.1 {status} {problem.kind.title_en}\r\n{lines}\r\n".encode("ascii") + body


class Server(uvicorn.Server):
    """uvicorn's, which now and then looks at all its connections: no request costs a timer."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """What a process has loaded by now it keeps: the garbage collector need not look at it again and again while
        requests wait."""
        await super().startup(sockets=sockets)
        gc.freeze()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        if counter % _LOOK_EVERY == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Front):
                    connection.look(now)
        return await super().on_tick(counter)
