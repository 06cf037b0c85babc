"""The seam to the services: one request out, one streamed answer back.

`Upstream` is what the proxy needs; `HttpUpstream` does it over pools of kept-alive connections. Header and body bytes
pass unchanged: nothing is decompressed, no redirect is followed, no cookie is kept.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Protocol
from urllib.parse import urlsplit

from gateway.connection import BrokenAnswer, BrokenConnection, Connection, RawHeaders, Reply
from gateway.pool import NoConnection, Origin, Pool

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_EXPECT_A_BODY = frozenset({"POST", "PUT", "PATCH"})

Body = bytes | AsyncIterator[bytes] | None


class Unreachable(Exception):  # noqa: N818 - it is an outcome, and reads as one
    """The service refused the connection, or broke it off before its answer had come whole.

    `asked` tells whether it may have got the request: then nobody knows here what it did about it.
    """

    def __init__(self, *, asked: bool) -> None:
        self.asked = asked
        super().__init__(asked)


class Unintelligible(Exception):  # noqa: N818
    """What came back is not HTTP that can be passed on."""


class Answer(Protocol):
    """A service's answer: status and headers are there, the body is still coming."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> RawHeaders:
        """The headers as they came, in order, repeated ones repeated."""
        ...

    async def piece(self) -> tuple[bytes, bool]:
        """What there is of the body, and whether more will follow. Raises Unreachable when it breaks off."""
        ...


class Upstream(Protocol):
    """Sends one request to a service."""

    def ask(
        self, service: str, method: str, target: str, headers: RawHeaders, body: Body, *, slowly: bool = False
    ) -> AbstractAsyncContextManager[Answer]:
        """The answer to one request; leaving the context early breaks the exchange off. `slowly`: who asked may take
        it as slowly as they like.

        A request without a body and with an idempotent method is sent once more if its connection turns out to be
        dead; no other request is ever sent twice. Raises Unreachable or Unintelligible.
        """
        ...


class HttpUpstream:
    """The services over HTTP/1.1, each with its own pool of kept-alive connections.

    More of them would make no service quicker: what it has begun it holds on to, and what waits there for its turn at
    the database comes too late and was in vain. So the rest waits here, where it can be refused for little.
    """

    def __init__(self, addresses: Mapping[str, str], *, connections: int = 48) -> None:
        self._pools = {service: Pool(_origin(address), connections) for service, address in addresses.items()}
        self._is_running = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connections are kept while the block lasts."""
        self._is_running = True
        try:
            yield
        finally:
            self._is_running = False
            for pool in self._pools.values():
                pool.close()

    def ask(
        self, service: str, method: str, target: str, headers: RawHeaders, body: Body, *, slowly: bool = False
    ) -> AbstractAsyncContextManager[Answer]:
        """See `Upstream.ask`."""
        if not self._is_running:
            raise Unreachable(asked=False)
        pool = self._pools[service]
        request = _head(method, target, pool.origin.authority, headers, body)
        return _Asking(pool, method, request, body, slowly=slowly)


class _Asking:
    """One request under way, and its answer; breaks are told in the words of the seam."""

    __slots__ = (
        "_again", "_body", "_connection", "_headless", "_is_in_lane", "_pool", "_reply", "_request", "_sending",
        "_slowly", "headers", "status",
    )  # fmt: skip

    def __init__(self, pool: Pool, method: str, request: bytes, body: Body, *, slowly: bool) -> None:
        self._pool = pool
        self._request = request
        self._body = body
        self._headless = method == "HEAD"
        self._again = body is None and method in _IDEMPOTENT
        self._slowly = slowly or (body is not None and not isinstance(body, bytes))
        self._is_in_lane = False
        self._connection: Connection | None = None
        self._reply: Reply | None = None
        self._sending: asyncio.Task[None] | None = None
        self.status = 0
        self.headers: RawHeaders = []

    async def __aenter__(self) -> Answer:
        try:
            while not await self._begin():
                self._again = False
        except BaseException:
            self._break_off()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sent = self._sending is None or (self._sending.done() and not self._sending.cancelled())
        if (
            sent
            and kind is None
            and self._connection is not None
            and self._reply is not None
            and self._reply.reusable
        ):
            self._leave_lane()
            self._pool.give(self._connection)
        else:
            self._break_off()

    async def piece(self) -> tuple[bytes, bool]:
        """See `Answer.piece`."""
        assert self._reply is not None  # noqa: S101 - it is entered
        try:
            return await self._reply.piece()
        except (BrokenConnection, BrokenAnswer) as error:
            raise Unreachable(asked=True) from error

    async def _begin(self) -> bool:
        """Whether an answer came; if not, another connection may bring one."""
        coming = None if isinstance(self._body, bytes) else self._body
        try:
            if self._slowly and not self._is_in_lane:
                await self._pool.enter_lane()
                self._is_in_lane = True
            self._connection = await self._pool.take()
        except NoConnection as error:
            raise Unreachable(asked=self._reply is not None) from error
        self._reply = reply = self._connection.ask(self._request, headless=self._headless)
        if coming is not None:
            self._sending = asyncio.create_task(_send(self._connection, coming, self._request))
        try:
            await reply.begun()
        except BrokenAnswer as error:
            raise Unintelligible from error
        except BrokenConnection as error:
            if not self._again:
                raise Unreachable(asked=True) from error
            return False
        self.status, self.headers = reply.status, reply.headers
        return True

    def _leave_lane(self) -> None:
        if self._is_in_lane:
            self._is_in_lane = False
            self._pool.leave_lane()

    def _break_off(self) -> None:
        self._leave_lane()
        if self._sending is not None:
            self._sending.cancel()
        if self._connection is not None:
            self._connection.abort()


async def _send(connection: Connection, body: AsyncIterator[bytes], head: bytes) -> None:
    """The body, piece by piece. One that breaks off breaks the connection: a half must never pass for the whole."""
    chunked = head.endswith(_CHUNKED_END)
    try:
        async for piece in body:
            if piece:
                await connection.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            await connection.write(b"0\r\n\r\n")
    except Exception:  # noqa: BLE001 - whoever reads the body has kept why; here only the connection is left to end
        connection.abort()


_CHUNKED_END = b"\r\ntransfer-encoding: chunked\r\n\r\n"


def _head(method: str, target: str, authority: bytes, headers: RawHeaders, body: Body) -> bytes:
    """The request up to its body, and the body itself when it is there already.

    Raises ValueError for a target or header that would end its line and begin another, or another request. The server
    in front lets none through; nor do we.
    """
    lines = [b"%b %b HTTP/1.1\r\nhost: %b" % (method.encode(), target.encode(), authority)]
    lines += [b"%b: %b" % pair for pair in headers]
    if b"content-length" not in [name for name, _ in headers]:
        if isinstance(body, bytes):
            lines.append(b"content-length: %d" % len(body))
        elif body is not None:
            lines.append(b"transfer-encoding: chunked")
        elif method in _EXPECT_A_BODY:
            lines.append(b"content-length: 0")
    head = b"\r\n".join(lines)
    stays = head.count(b"\r") == head.count(b"\n") == len(lines) and b"\0" not in head
    if not (stays and target.isascii() and target.isprintable() and " " not in target):
        raise ValueError("a request's target and headers are lines")
    return b"%b\r\n\r\n%b" % (head, body if isinstance(body, bytes) else b"")


def _origin(address: str) -> Origin:
    """Where a service listens. Raises ValueError for anything else in its address."""
    url = urlsplit(address)
    plain = url.path in ("", "/") and not (url.query or url.fragment or "@" in url.netloc)
    if url.scheme not in ("http", "https") or not url.hostname or not plain:
        raise ValueError("a service's address is http(s)://host:port and nothing more")
    secure = url.scheme == "https"
    return Origin(url.hostname, url.port or (443 if secure else 80), secure, url.netloc.encode("ascii"))
