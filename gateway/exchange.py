"""One request and its answer at the ASGI seam, with what every answer of the gateway needs to know."""

import time

from starlette.types import Message, Receive, Scope, Send

from gateway.bodies import RequestBody
from gateway.headers import Headers, RawHeaders
from gateway.limiter import Verdict
from kit.front import Front
from kit.http.middleware import well_formed_id
from kit.principals import Principal
from kit.problems import Problem, language_of, render

_UNREAD_BYTES = 512 * 1024
NOBODYS = "-"
"""The family of paths that belong to nobody."""


class Exchange:
    """A request being answered. Remembers what the access log tells: family, caller, status, time; and the verdict
    on the caller's quota, which every answer tells."""

    __slots__ = (
        "_receive", "_send", "body", "family", "headers", "principal", "request_id", "scope", "started", "status",
        "verdict",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.headers = Headers(scope["headers"])
        self._receive = receive
        self._send = send
        self.request_id = well_formed_id(self.headers.one(b"x-request-id"))
        self.body = RequestBody(self.headers, receive)
        self.started = time.perf_counter()
        self.family = NOBODYS
        self.principal: Principal | None = None
        self.status = 0
        self.verdict: Verdict | None = None

    @property
    def address(self) -> str:
        """The network address of the peer."""
        client = self.scope.get("client")
        return client[0] if client else "unknown"

    @property
    def is_gone(self) -> bool:
        """Whether the client has hung up, as far as the server tells."""
        connection: Front | None = self.scope.get("kefu.connection")
        return connection is not None and connection.is_gone

    @property
    def method(self) -> str:
        """The HTTP method."""
        method: str = self.scope["method"]
        return method

    @property
    def language(self) -> str:
        """The language of problems for this caller (X8)."""
        return language_of(self.headers.text(b"accept-language"))

    @property
    def seconds(self) -> float:
        """Time since the request came in."""
        return time.perf_counter() - self.started

    async def begin(self, status: int, headers: RawHeaders) -> None:
        """Send status and headers, with what is left of the caller's quota."""
        self.status = status
        if self.verdict is not None:
            headers = headers + self.verdict.headers()
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, chunk: bytes, *, more: bool) -> None:
        """Send a piece of the body; waits while the client is slow to take it."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def send(self, message: Message) -> None:
        """Pass on an ASGI message of the gateway's own app, noting its status and adding id and quota."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"x-request-id"]
            headers.append((b"x-request-id", self.request_id.encode()))
            if self.verdict is not None:
                headers += self.verdict.headers()
            message = {**message, "headers": headers}
        await self._send(message)

    async def receive(self) -> Message:
        """The next ASGI message of the client."""
        return await self._receive()

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem, unless an answer is already under way: then it can only be broken off.

        A body that is still coming is not read to its end: the connection closes after the answer.
        """
        if self.status:
            return
        status, facts, body = render(problem, language=self.language, request_id=self.request_id)
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in facts.items()]
        headers += [
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", self.request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if self.body.is_coming:
            headers.append((b"connection", b"close"))
        await self.begin(status, headers)
        await self.end(body, patiently=problem.slug != "request-timeout")

    async def end(self, last: bytes, *, patiently: bool = True) -> None:
        """Send the last piece of the body. Where the client's own is still coming, the connection is closed behind
        it, `patiently`: a little of what comes is taken first."""
        unread = self.body.is_coming
        await self.write(last, more=unread)
        if unread:
            if patiently:
                await self.body.discard(_UNREAD_BYTES)
            await self.write(b"", more=False)
