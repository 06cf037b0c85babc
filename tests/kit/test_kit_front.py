"""The server in front of a process: heads within their bounds, everything else refused with a problem document."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import uvicorn

from kit import front
from kit.front import ADDRESS_BYTES, HEAD_BYTES, MOST_AHEAD, Front, Server
from kit.testing.poll import eventually

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Quiet(Server):
    def capture_signals(self) -> Any:
        return contextlib.nullcontext()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body, when all of it is there."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message["body"]), message["more_body"]
    told = b"%d" % length
    headers = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


@contextlib.asynccontextmanager
async def serving(app: Any = echo) -> AsyncIterator[tuple[int, Quiet]]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=Front, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = Quiet(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await eventually(lambda: server.started)
        yield listener.getsockname()[1], server
    finally:
        server.should_exit = True
        await running


async def said(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the other side hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.transport.abort()


def slug(reply: bytes) -> tuple[int, str]:
    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert b"\r\nconnection: close" in head
    told = orjson.loads(body)
    assert told["request_id"].encode() in head
    return int(head.split()[1]), told["type"].removeprefix("/problems/")


@pytest.fixture(autouse=True)
def short_farewells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "_LINGER_SECONDS", 0.05)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "HEAD_SECONDS", 0.3)


@pytest.mark.usefixtures("hasty")
async def test_a_head_that_does_not_come_is_cut_off() -> None:
    async with serving() as (port, _):
        assert slug(await said(port, GET)) == (408, "request-timeout")
        assert slug(await said(port, b"G")) == (408, "request-timeout")
        assert await said(port) == b""  # who never said a word is told none


@pytest.mark.usefixtures("hasty")
async def test_the_second_head_on_a_connection_has_its_own_time() -> None:
    async with serving() as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(GET + b"\r\n")
            assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
        writer.write(b"\r\n")  # an empty line before a request counts as its beginning
        assert slug(await reader.read()) == (408, "request-timeout")
        writer.transport.abort()


@pytest.mark.usefixtures("hasty")
async def test_a_body_is_not_held_to_the_time_of_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        await eventually(lambda: len(server.server_state.tasks) == 1)
        looked: list[float] = []
        monkeypatch.setattr(Front, "look", lambda self, now, look=Front.look: (look(self, now), looked.append(now)))
        await eventually(lambda: bool(looked) and looked[-1] - looked[0] > 0.6)
        writer.write(b"b")
        assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(front, "WHOLE_SECONDS", 0.3)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        assert await reader.read() == b""
        writer.transport.abort()


@pytest.mark.parametrize("pieces", [1, 20])
async def test_a_head_has_a_size(pieces: int) -> None:
    def cut(request: bytes) -> list[bytes]:
        step = len(request) // pieces + 1
        return [request[at : at + step] for at in range(0, len(request), step)]

    async with serving() as (port, _):
        long = b"".join(b"X-%d: %s\r\n" % (at, b"v" * 1000) for at in range(HEAD_BYTES // 1000 + 1))
        assert slug(await said(port, *cut(GET + long + b"\r\n"))) == (431, "head-too-large")
        address = b"GET /?" + b"a=1&" * (ADDRESS_BYTES // 4) + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        assert slug(await said(port, *cut(address))) == (414, "address-too-long")
        fits = GET + b"X: " + b"v" * (HEAD_BYTES - 100) + b"\r\nConnection: close\r\n\r\n"
        assert (await said(port, *cut(fits))).startswith(b"HTTP/1.1 200")


async def test_a_long_body_behind_a_head_in_one_piece_is_no_long_head() -> None:
    async with serving() as (port, _):
        size = HEAD_BYTES * 2
        head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size
        assert (await said(port, head + b"x" * size)).endswith(b"%d" % size)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_what_is_no_http_is_told_so(language: str) -> None:
    async with serving() as (port, _):
        for nonsense in (b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\x00 HTTP/1.1\r\n\r\n"):
            assert slug(await said(port, nonsense)) == (400, "malformed-request")
        reply = await said(port, GET + b"Accept-Language: %s\r\nContent-Length: x\r\n\r\n" % language.encode())
        assert slug(reply) == (400, "malformed-request")
        assert orjson.loads(reply.partition(b"\r\n\r\n")[2])["title"].isascii() == (language == "en")


async def test_an_answer_under_way_is_not_mixed_with_a_refusal() -> None:
    """The second of two requests sent together is nonsense while the first is being answered."""
    asked, free = asyncio.Event(), asyncio.Event()

    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await free.wait()
        await echo(scope, receive, send)

    async with serving(slowly) as (port, _):
        reading = asyncio.create_task(said(port, GET + b"\r\n", b"nonsense\r\n\r\n"))
        await asked.wait()
        assert b"malformed" not in await reading
        free.set()


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("told", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
async def test_who_takes_nothing_of_his_answer_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, pieces: int, told: bytes
) -> None:
    """Whether it has all been handed over, and waits to be taken, or whoever gives it waits."""
    monkeypatch.setattr(front, "TAKEN_SECONDS", 0.3)

    async def wordy(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for left in reversed(range(pieces)):
            await send({"type": "http.response.body", "body": bytes(16 * 2**20), "more_body": left > 0})

    async with serving(wordy) as (port, server):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(GET + told + b"\r\n")
            await eventually(lambda: len(server.server_state.connections) == 1)
            await eventually(lambda: not server.server_state.connections and not server.server_state.tasks)


async def test_requests_may_come_ahead_of_their_answers_but_not_without_number() -> None:
    ahead, last = (GET + b"\r\n") * MOST_AHEAD, GET + b"Connection: close\r\n\r\n"
    async with serving() as (port, _):
        assert (await said(port, ahead + last)).count(b"HTTP/1.1 200") == MOST_AHEAD + 1
        assert await said(port, ahead + GET + b"\r\n" + last) == b""


async def test_what_stands_behind_a_body_is_no_header_and_has_an_end() -> None:
    began, seen = asyncio.Event(), list[bytes]()

    async def heard(scope: Any, receive: Any, send: Any) -> None:
        began.set()
        await echo(scope, receive, send)
        seen.extend(name for name, _ in scope["headers"])

    chunked = GET.replace(b"GET", b"POST") + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    async with serving(heard) as (port, _):
        assert (await said(port, chunked + b"Authorization: x\r\n\r\n")).endswith(b"1")
        assert seen == [b"host", b"connection", b"transfer-encoding"]
        for endless in (b"X: " + b"v" * HEAD_BYTES, b"X: v\r\n" * (HEAD_BYTES // 6 + 1)):
            began.clear()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(chunked)
            await began.wait()
            writer.write(endless)
            assert await asyncio.wait_for(reader.read(), 30) == b""
            writer.transport.abort()


async def test_the_end_waits_for_answers_and_not_for_who_is_still_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "_FAREWELL_SECONDS", 0.1)
    free = asyncio.Event()

    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":
            await free.wait()
        await echo(scope, receive, send)

    async with serving(slowly) as (port, server):
        half = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na"
        sending, asking = (asyncio.create_task(said(port, request)) for request in (half, GET + b"\r\n"))
        await eventually(lambda: len(server.server_state.tasks) == 2)
        server.should_exit = True
        assert await sending == b""
        free.set()
        assert (await asking).startswith(b"HTTP/1.1 200")


async def test_an_answer_without_any_body_is_not_begun() -> None:
    """ASGI: the head waits for the first of the body. An application that fails in between has said nothing, and the
    client may know that nothing came."""

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        raise RuntimeError

    async with serving(fails) as (port, _):
        assert await said(port, GET + b"\r\n") == b""


async def test_the_head_of_an_answer_in_pieces_goes_with_the_first_of_them() -> None:
    more = asyncio.Event()

    async def in_pieces(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"ab", "more_body": True})
        await more.wait()
        await send({"type": "http.response.body", "body": b"cd"})

    async with serving(in_pieces) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET + b"\r\n")
        assert (await reader.readuntil(b"ab")).endswith(b"content-length: 4\r\n\r\nab")
        more.set()
        assert await reader.readexactly(2) == b"cd"
        writer.transport.abort()
