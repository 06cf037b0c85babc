"""The seam to the services: one request out, one streamed answer back.

`Upstream` is what the proxy needs; `HttpUpstream` does it with aiohttp. Header and body bytes pass unchanged: nothing
is decompressed, no redirect is followed, no cookie is kept.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import aiohttp
from yarl import URL

_CONNECT_SECONDS = 2.0
_IDLE_SECONDS = 30.0  # less than the services' 75 s: we hang up first, so few requests meet a closed door
_BIG_HEADERS = 65_536

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

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
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers as they came, in order, repeated ones repeated."""
        ...

    def pieces(self) -> AsyncIterator[tuple[bytes, bool]]:
        """The body as it arrives, each piece with whether more will follow. Raises Unreachable when it breaks off."""
        ...


class Upstream(Protocol):
    """Sends one request to a service."""

    def ask(
        self, service: str, method: str, target: str, headers: list[tuple[str, str]], body: Body
    ) -> AbstractAsyncContextManager[Answer]:
        """The answer to one request; leaving the context early breaks the exchange off.

        A request without a body and with an idempotent method is sent once more if its connection turns out to be
        dead; no other request is ever sent twice. Raises Unreachable or Unintelligible.
        """
        ...


class HttpUpstream:
    """The services over HTTP, each with its own pool of kept-alive connections."""

    def __init__(self, addresses: Mapping[str, str], *, connections: int = 128) -> None:
        self._origins = {service: _origin(address) for service, address in addresses.items()}
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connections are kept while the block lasts."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=self._connections, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=10
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_BIG_HEADERS,
            max_field_size=_BIG_HEADERS,
        ) as self._session:
            # aiohttp would send a PUT again whose body has been used up by then: sending again is decided here alone.
            self._session._retry_connection = False  # noqa: SLF001
            yield
        self._session = None

    @asynccontextmanager
    async def ask(
        self, service: str, method: str, target: str, headers: list[tuple[str, str]], body: Body
    ) -> AsyncIterator[Answer]:
        """See `Upstream.ask`."""
        url = URL(self._origins[service] + target, encoded=True)
        again = body is None and method in _IDEMPOTENT
        response = await self._send(method, url, headers, body, again=again)
        try:
            yield _HttpAnswer(response)
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def _send(
        self, method: str, url: URL, headers: list[tuple[str, str]], body: Body, *, again: bool
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise Unreachable(asked=False)
        try:
            return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(asked=False) from error
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError) as error:
            if again:
                return await self._send(method, url, headers, body, again=False)
            raise Unreachable(asked=True) from error
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL) as error:
            raise Unintelligible from error
        except aiohttp.ClientError as error:
            raise Unreachable(asked=True) from error


class _HttpAnswer:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = response.raw_headers

    async def pieces(self) -> AsyncIterator[tuple[bytes, bool]]:
        content = self._response.content
        more = True
        try:
            while more:
                piece = await content.readany()
                more = not content.at_eof()
                yield piece, more
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Unreachable(asked=True) from error


def _origin(address: str) -> str:
    """Scheme and authority of a service's address. Raises ValueError for anything else in it."""
    url = URL(address)
    if url.scheme not in ("http", "https") or not url.host or url.path != "/" or url.user or url.query_string:
        raise ValueError("a service's address is http(s)://host:port and nothing more")
    return str(url.origin())
