"""One request and its answer on a connection of `kit.front`: uvicorn's, with a cheaper way of writing the answer.

Every answer of every process passes here, so what it costs counts. Names of headers come in small letters (ASGI), and
one look at the whole head tells whether one of them has tried to get out of its line.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code != 0x09)
_BODILESS = frozenset({204, 304})


class Cycle(RequestResponseCycle):
    """A request being answered. Its head waits for the first of the body (ASGI): one write costs half of two."""

    _head = b""

    async def send(self, message: Any) -> None:
        """The application's messages, in the order that ASGI says; once the client has left they are nothing."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_complete or self.response_started is (message["type"] == "http.response.start"):
            raise RuntimeError(f"{message['type']} is out of order")
        if self.response_started:
            self._write(message.get("body", b""), more=message.get("more_body", False))
        else:
            self._begin(message["status"], message.get("headers", ()))

    def _begin(self, status: int, headers: Any) -> None:
        self.response_started = True
        self.waiting_for_100_continue = False
        lines, says_close = [], False
        for name, value in headers:
            if name == b"content-length":
                self.chunked_encoding, self.expected_content_length = False, int(value)
            elif name == b"connection" and b"close" in value.lower():
                self.keep_alive, says_close = False, True
            lines.append(b"%b: %b\r\n" % (name, value))
        if not self.keep_alive and not says_close:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in _BODILESS:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        head = b"".join(lines)
        if len(head.translate(None, _CONTROLS)) != len(head) - 2 * len(lines):
            raise RuntimeError("a header of an answer is a line")
        self._head = b"%b%b\r\n" % (STATUS_LINE[status], head)

    def _write(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length, piece = 0, b""
        elif self.chunked_encoding:
            piece = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more:
                piece += b"0\r\n\r\n"
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("an answer is longer than it said")
            piece = body
        if self._head:
            self._head, piece = b"", self._head + piece
        self.transport.write(piece)
        if not more:
            self._complete()

    def _complete(self) -> None:
        if self.expected_content_length:
            raise RuntimeError("an answer is shorter than it said")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
