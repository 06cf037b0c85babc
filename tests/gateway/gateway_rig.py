"""A gateway on a real port in front of a stand-in for a service, and raw sockets to talk to both."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import uvicorn

from gateway.app import Gateway
from gateway.bodies import BodyLimits
from gateway.door import Door
from gateway.identity.keys import Keyring, OwnKeys
from gateway.identity.tokens import Grant, Issuer
from gateway.limits import Limits
from gateway.proxy import Proxy
from gateway.quotas import Quotas
from gateway.upstream import HttpUpstream
from gateway.watch import TimeLimits
from kit.clock import SystemClock
from kit.front import Front, Server
from kit.testing.poll import eventually
from kit.tokens import Verifier

LIMIT = 64 * 1024
BODY = BodyLimits(LIMIT, 0.5)
TIME = TimeLimits(5, 5)
GENEROUS = Quotas().times(100)
Http = aiohttp.ClientSession
Behaviour = Callable[["Seen", Callable[[dict[str, Any]], Awaitable[None]], Callable[[], Any]], Awaitable[None]]


@dataclass
class Seen:
    """A request as the service saw it."""

    method: str
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    disconnected: bool = False

    def header(self, name: str) -> str | None:
        values = [value.decode() for found, value in self.headers if found == name.encode()]
        return values[0] if len(values) == 1 else None


@dataclass
class Service:
    """A stand-in service: remembers what it saw and answers with what it saw, unless told otherwise."""

    seen: list[Seen] = field(default_factory=list)
    behaviour: Behaviour | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = Seen(scope["method"], scope["raw_path"], scope["query_string"], list(scope["headers"]))
        self.seen.append(request)
        if self.behaviour is not None:
            await self.behaviour(request, send, receive)
            return
        await read_all(request, receive)
        told = {
            "method": request.method,
            "path": request.raw_path.decode(),
            "query": request.query.decode(),
            "bytes": len(request.body),
        }
        await answer(send, 200, orjson.dumps(told), [(b"content-type", b"application/json")])


async def read_all(request: Seen, receive: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            request.disconnected = True
            return
        request.body += message.get("body", b"")
        if not message.get("more_body"):
            return


async def answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    headers = [*(headers or []), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(Server):
    def capture_signals(self) -> Any:
        return contextlib.nullcontext()


@contextlib.asynccontextmanager
async def serving(app: Any, *, lifespan: str = "off") -> AsyncIterator[str]:
    """The app on a free loopback port, by its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        http=Front,
        lifespan=lifespan,
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await eventually(lambda: server.started or running.done())
        assert server.started, running.exception()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def nobody(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An own application that has nothing but an echo."""
    seen = Seen(scope["method"], scope["raw_path"], b"", scope["headers"])
    await read_all(seen, receive)
    await answer(send, 200, b"own:" + seen.body)


@dataclass
class Rig:
    """Everything a test of the way through needs."""

    address: str
    service: Service
    upstream: HttpUpstream
    issuer: Issuer

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def token(self, **claims: Any) -> str:
        return self.issuer.issue(Grant("account:1", ["agent"], ["*"], **claims)).text

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    async def raw(self, request: bytes, *, read: bool = True) -> bytes:
        """Send bytes and read until the other side closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        await writer.drain()
        try:
            return await asyncio.wait_for(reader.read(), 30) if read else b""
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def rig(
    keyring: Keyring,
    *,
    service_address: str | None = None,
    body: BodyLimits = BODY,
    files: BodyLimits | None = None,
    time: TimeLimits = TIME,
    quotas: Quotas = GENEROUS,
) -> AsyncIterator[Rig]:
    """A gateway in front of one stand-in that plays all four services."""
    service = Service()
    issuer = Issuer(keyring, "kefu", SystemClock())
    async with contextlib.AsyncExitStack() as stack:
        address = service_address or await stack.enter_async_context(serving(service))
        upstream = HttpUpstream(dict.fromkeys(("customer", "ticket", "appraisal", "notify"), address))
        await stack.enter_async_context(upstream.running())
        proxy = Proxy(upstream, body=body, files=files, time=time)
        door = Door(Verifier(OwnKeys(keyring), "kefu"), Limits(quotas))
        gateway = Gateway(nobody, proxy, door, own_body=body)
        yield Rig(await stack.enter_async_context(serving(gateway)), service, upstream, issuer)
