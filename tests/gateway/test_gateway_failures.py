"""When things go wrong on the way: limits, slow and dead services, slow and vanished clients (G3)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import orjson
import pytest
from gateway_raw import scripted
from gateway_rig import LIMIT, Http, Rig, Seen, answer, read_all, rig

from gateway.bodies import BodyLimits
from gateway.identity.keys import Keyring
from gateway.watch import TimeLimits
from kit.testing.children import free_port
from kit.testing.poll import eventually

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def request(rig: Rig, line: str, *headers: str) -> bytes:
    return "\r\n".join(
        [f"{line} HTTP/1.1", "Host: g", f"Authorization: Bearer {rig.token()}", *headers, "", ""]
    ).encode()


@contextlib.asynccontextmanager
async def scripted_rig(keyring: Keyring, reply: Callable[[], bytes | None]) -> AsyncIterator[Rig]:
    async with scripted(reply) as address, rig(keyring, service_address=address) as built:
        yield built


async def problem(response: aiohttp.ClientResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    told = orjson.loads(await response.read())
    assert told["request_id"] == response.headers["X-Request-Id"]
    assert told["status"] == response.status
    return response.status, told["type"].removeprefix("/problems/")


async def test_a_body_that_says_it_is_too_large_is_not_read(through: Rig) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", through.port)
    writer.write(request(through, "POST /v1/tickets", "Content-Length: 200000000"))
    sent = 0

    async def keep_sending() -> None:
        nonlocal sent
        while sent < 200_000_000:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    sending = asyncio.create_task(keep_sending())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 3)
    assert head.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in head
    assert b"body-too-large" in await asyncio.wait_for(reader.readuntil(b"}"), 3)
    await asyncio.wait({sending}, timeout=5)
    assert sending.done()
    assert sending.exception() is not None  # the connection is gone
    assert sent < 8_000_000  # what fits into sockets' buffers besides what was read
    assert not through.service.seen
    writer.close()


async def test_a_streamed_body_is_cut_off_when_it_becomes_too_large(through: Rig, http: Http) -> None:
    through.service.behaviour = only_read

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 1024 + 1):
            yield b"x" * 1024

    async with http.post(f"{through.address}/v1/tickets", data=endless(), headers=through.bearer) as response:
        assert await problem(response) == (413, "body-too-large")
    await eventually(lambda: through.service.seen[0].disconnected)
    assert len(through.service.seen[0].body) <= LIMIT


@pytest.mark.parametrize("size", [0, 1, LIMIT])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_within_the_limit_passes_whole(through: Rig, http: Http, size: int, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 1000):
            yield b"x" * min(1000, size - start)

    data: Any = pieces() if chunked else b"x" * size
    async with http.post(f"{through.address}/v1/tickets", data=data, headers=through.bearer) as response:
        assert response.status == 200
    assert len(through.service.seen[0].body) == size


@pytest.mark.parametrize("first", [b"", b"{"])
async def test_a_slow_body_is_cut_off(through: Rig, first: bytes) -> None:
    through.service.behaviour = only_read
    reply = await through.raw(request(through, "POST /v1/tickets", "Content-Length: 100") + first)
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert orjson.loads(body)["type"] == "/problems/request-timeout"
    assert not through.service.seen  # no connection to a service waits for a slow client


async def test_a_long_body_that_breaks_off_slowly_is_cut_off_at_the_service_too(through: Rig) -> None:
    through.service.behaviour = only_read
    reply = await through.raw(request(through, "POST /v1/tickets", f"Content-Length: {LIMIT}") + b"x" * (LIMIT - 1))
    assert reply.startswith(b"HTTP/1.1 408")
    await eventually(lambda: through.service.seen[0].disconnected)


async def test_slow_clients_with_long_bodies_leave_half_of_the_connections_to_the_others(
    through: Rig, http: Http
) -> None:
    async def only_long_ones(seen: Seen, send: Any, receive: Any) -> None:
        if seen.method == "POST":
            await only_read(seen, None, receive)
        else:
            await answer(send, 200, b"ok")

    through.service.behaviour = only_long_ones
    slow = request(through, "POST /v1/tickets", f"Content-Length: {LIMIT}") + b"x" * (LIMIT - 1)
    sending = [asyncio.create_task(through.raw(slow)) for _ in range(150)]
    await eventually(lambda: len(through.service.seen) > 20)
    async with http.get(f"{through.address}/v1/tickets", headers=through.bearer) as response:
        assert response.status == 200
    assert {reply[:12] for reply in await asyncio.gather(*sending)} <= {b"HTTP/1.1 408", b"HTTP/1.1 503"}


async def test_many_slow_bodies_hold_up_nobody_else(through: Rig, http: Http) -> None:
    slow = [
        asyncio.create_task(through.raw(request(through, "POST /v1/tickets", "Content-Length: 9") + b"x"))
        for _ in range(200)
    ]
    async with asyncio.timeout(10):
        async with http.get(f"{through.address}/v1/tickets", headers=through.bearer) as response:
            assert response.status == 200
    replies = await asyncio.gather(*slow)
    assert {reply[:12] for reply in replies} == {b"HTTP/1.1 408"}


async def only_read(seen: Seen, _: Any, receive: Any) -> None:
    await read_all(seen, receive)
    if not seen.disconnected:
        raise AssertionError("the body came whole")


async def test_the_own_paths_have_limits_too(through: Rig, http: Http) -> None:
    async with http.post(f"{through.address}/oauth/token", data=b"x" * (LIMIT + 1)) as response:
        assert await problem(response) == (413, "body-too-large")
    reply = await through.raw(request(through, "POST /oauth/token", "Content-Length: 100") + b"x")
    assert reply.startswith(b"HTTP/1.1 408")
    async with http.post(f"{through.address}/oauth/token", data=b"abc") as response:
        assert await response.read() == b"own:abc"


async def test_a_dead_service_is_said_to_be_away(keyring: Keyring, http: Http) -> None:
    async with rig(keyring, service_address=f"http://127.0.0.1:{free_port()}") as built:
        for method in ("GET", "POST", "PUT", "DELETE"):
            async with http.request(method, f"{built.address}/v1/tickets", headers=built.bearer) as response:
                assert response.headers["Retry-After"].isdigit()
                assert "outcome" not in await response.json(content_type=None)
                assert await problem(response) == (503, "dependency-unavailable")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"HTTP/1.1 abc\r\n\r\n", (502, "upstream-failed")),
        (b"\x00\x01\x02\r\n\r\n", (502, "upstream-failed")),
        (b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", (502, "upstream-failed")),
        (b"HTTP/1.1 200 OK\r\nX-" + b"a" * 200_000 + b": 1\r\n\r\n", (502, "upstream-failed")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", (503, "dependency-unavailable")),
        (b"", (503, "dependency-unavailable")),
        (None, (503, "dependency-unavailable")),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nonsense_from_a_service_is_not_passed_on(
    keyring: Keyring, http: Http, method: str, reply: bytes | None, expected: tuple[int, str]
) -> None:
    async with scripted_rig(keyring, lambda: reply) as built:  # noqa: SIM117
        async with http.request(method, f"{built.address}/v1/tickets", headers=built.bearer) as response:
            assert await problem(response) == expected


async def test_an_answer_that_breaks_off_is_broken_off(keyring: Keyring, http: Http) -> None:
    for half in (
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ):
        async with scripted_rig(keyring, lambda half=half: half) as built:  # noqa: SIM117
            async with http.get(f"{built.address}/v1/tickets", headers=built.bearer) as response:
                assert response.status == 200
                with pytest.raises(aiohttp.ClientPayloadError):
                    await response.read()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_answer_that_breaks_off_before_its_body_is_a_problem(
    keyring: Keyring, http: Http, method: str
) -> None:
    """Nothing has gone to the client yet: it is told, instead of cut off; a POST that its work may have been done."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    async with scripted_rig(keyring, lambda: head) as built:  # noqa: SIM117
        async with http.request(method, f"{built.address}/v1/tickets", headers=built.bearer) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "2")
            told = await response.json()
            assert told["type"] == "/problems/dependency-unavailable"
            assert told.get("outcome") == (None if method == "GET" else "unknown")


@pytest.mark.parametrize(
    ("method", "body", "asked"),
    [("GET", None, 2), ("DELETE", None, 2), ("POST", None, 1), ("PUT", b"{}", 1), ("POST", b"{}", 1)],
)
async def test_only_safe_requests_are_sent_twice(
    keyring: Keyring, http: Http, method: str, body: bytes | None, asked: int
) -> None:
    count = 0

    def hang_up_first() -> bytes | None:
        nonlocal count
        count += 1
        return None if count == 1 else OK

    async with scripted_rig(keyring, hang_up_first) as built:  # noqa: SIM117
        async with http.request(method, f"{built.address}/v1/tickets", data=body, headers=built.bearer) as response:
            assert response.status == (200 if asked == 2 else 503)
            if asked == 1:  # it may have been done: "nothing was changed" would be a guess
                told = orjson.loads(await response.read())
                assert (told["outcome"], "幂等键" in told["detail"]) == ("unknown", True)
    assert count == asked


async def test_what_was_sent_twice_in_vain_may_have_been_done(http: Http, keyring: Keyring) -> None:
    """The service took the first one and died; that nobody is there for the second says nothing of it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.close()
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, rig(keyring, service_address=address) as built:  # noqa: SIM117
        async with http.delete(f"{built.address}/v1/tickets", headers=built.bearer) as response:
            assert (response.status, orjson.loads(await response.read()).get("outcome")) == (503, "unknown")


async def test_a_stale_connection_is_not_the_client_s_problem(keyring: Keyring, http: Http) -> None:
    """The service closes a kept connection just as the gateway picks it for the next request."""
    connections: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")  # every connection dies at its second request
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, rig(keyring, service_address=address) as built:
        for _ in range(2):
            async with http.get(f"{built.address}/v1/tickets", headers=built.bearer) as response:
                assert (response.status, await response.read()) == (200, b"ok")
        assert len(connections) == 2
    await eventually(lambda: all(writer.transport.is_closing() for writer in connections))


async def test_a_service_that_takes_too_long_is_given_up(keyring: Keyring, http: Http) -> None:
    gone = asyncio.Event()

    async def behave(seen: Seen, _: Any, receive: Any) -> None:
        await read_all(seen, receive)
        assert (await receive())["type"] == "http.disconnect"
        gone.set()

    async with rig(keyring, time=TimeLimits(answer=0.2, transfer=5)) as built:
        built.service.behaviour = behave
        async with http.get(f"{built.address}/v1/tickets", headers=built.bearer) as response:
            assert await problem(response) == (504, "upstream-timeout")
        await asyncio.wait_for(gone.wait(), 2)


async def test_an_answer_that_stalls_before_its_body_is_given_up_as_one_that_never_began(
    keyring: Keyring, http: Http
) -> None:
    left = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        await reader.read()
        left.set()
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    times = TimeLimits(answer=0.2, transfer=30)
    async with server, rig(keyring, service_address=address, time=times) as built:
        async with http.get(f"{built.address}/v1/tickets", headers=built.bearer) as response:
            assert await problem(response) == (504, "upstream-timeout")
        await asyncio.wait_for(left.wait(), 2)


async def test_an_answer_that_never_ends_is_broken_off(keyring: Keyring, http: Http) -> None:
    async def behave(_: Seen, send: Any, receive: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"beginning", "more_body": True})
        await receive()
        await receive()

    async with rig(keyring, time=TimeLimits(answer=5, transfer=0.3)) as built:
        built.service.behaviour = behave
        async with http.get(f"{built.address}/v1/tickets", headers=built.bearer) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


async def test_an_early_answer_to_a_long_body_is_passed_on(through: Rig) -> None:
    async def behave(_: Seen, send: Any, __: Any) -> None:
        await answer(send, 409, b"no")

    through.service.behaviour = behave
    start = request(through, "POST /v1/tickets", f"Content-Length: {LIMIT}") + b"x" * (LIMIT - 100)
    reply = await through.raw(start)
    assert reply.startswith(b"HTTP/1.1 409")
    assert b"connection: close" in reply


async def test_who_is_answered_early_gets_to_read_it(keyring: Keyring) -> None:
    """Closing on what still comes would reset the connection."""

    async def behave(_: Seen, send: Any, __: Any) -> None:
        await answer(send, 409, b"no")

    async with rig(keyring, body=BodyLimits(2**20, 5)) as built:
        built.service.behaviour = behave
        start = request(built, "POST /v1/tickets", f"Content-Length: {2**19}")
        assert (await built.raw(start + b"x" * 2**19)).endswith(b"no")


async def test_the_load_of_refused_requests_leaves_nothing_behind(through: Rig, http: Http) -> None:
    def others() -> int:
        return len(asyncio.all_tasks())

    before = others()
    for path, headers in (("/v1/tickets", {}), ("/v1/nothing", through.bearer), ("/v1/tickets/", through.bearer)):
        for _ in range(20):
            async with http.post(through.address + path, data=b"{}", headers=headers) as response:
                assert response.status in (401, 404)
    await eventually(lambda: others() <= before + 5)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Not found"), ("zh-CN", "未找到"), ("", "未找到"), ("fr, en;q=0.5", "Not found")]
)
async def test_problems_speak_the_caller_s_language(through: Rig, http: Http, language: str, title: str) -> None:
    async with http.get(f"{through.address}/v1/nothing", headers={"Accept-Language": language}) as response:
        assert orjson.loads(await response.read())["title"] == title


async def test_one_log_line_a_request_without_personal_data(
    through: Rig, http: Http, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{through.address}/v1/orders/main/13800138000?phone=13800138000"
    async with http.get(url, headers=through.bearer) as response:
        assert response.status == 200
    lines: list[str] = []

    def written() -> bool:
        lines.extend(line for line in capsys.readouterr().out.splitlines() if "request " in line)
        return bool(lines)

    await eventually(written)
    assert len(lines) == 1
    assert "13800138000" not in lines[0]
    assert all(
        word in lines[0] for word in ("GET", "/v1/orders", "200", "account:1", response.headers["X-Request-Id"])
    )


async def test_websockets_are_not_spoken_here(through: Rig) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    from gateway.app import Gateway
    from gateway.proxy import Proxy

    proxy = Proxy(through.upstream, body=BodyLimits(1, 1), time=TimeLimits())
    gateway = Gateway(None, proxy, None, own_body=BodyLimits(1, 1))  # type: ignore[arg-type]
    await gateway({"type": "websocket", "headers": []}, receive, send)
    assert sent == ["websocket.close"]
