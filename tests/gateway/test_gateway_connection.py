"""Answers of services, byte by byte (G3): what is understood is passed on, and no answer ever reaches another's asker."""

import asyncio
from collections.abc import Sequence

import pytest
import uvloop

from gateway import pool as pool_module
from gateway.connection import BrokenAnswer, BrokenConnection, Reply
from gateway.pool import NoConnection, Origin, Pool
from gateway.upstream import Answer, HttpUpstream

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: a\r\nX-One: b\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Trailer: t\r\n\r\n"
NO_LENGTH = b"HTTP/1.1 200 OK\r\n\r\nhello"


class Road:
    """Remembers when the service is made to wait."""

    def __init__(self) -> None:
        self.held: list[bool] = []

    def hold(self) -> None:
        self.held.append(True)

    def go_on(self) -> None:
        self.held.append(False)


async def read(reply: Reply) -> bytes:
    await reply.begun()
    return await whole(reply)


async def whole(answer: Reply | Answer) -> bytes:
    body, more = b"", True
    while more:
        piece, more = await answer.piece()
        body += piece
    return body


@pytest.mark.parametrize("raw", [HELLO, CHUNKED], ids=["length", "chunks"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_an_answer_is_the_same_however_it_is_cut(raw: bytes, size: int) -> None:
    reply = Reply(Road())
    for at in range(0, len(raw), size):
        reply.feed(raw[at : at + size])
    assert await read(reply) == b"hello"
    assert (reply.status, reply.whole, reply.reusable) == (200, True, True)
    assert b"X-Trailer" not in dict(reply.headers)


async def test_repeated_headers_stay_repeated() -> None:
    reply = Reply(Road())
    reply.feed(HELLO)
    assert reply.headers[1:] == [(b"X-One", b"a"), (b"X-One", b"b")]


async def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    reply = Reply(Road())
    reply.feed(NO_LENGTH)
    assert not reply.whole
    reply.end(None)
    assert await read(reply) == b"hello"
    assert not reply.reusable


@pytest.mark.parametrize("raw", [HELLO[:-1], CHUNKED[:-9], HELLO[:20], b""], ids=["body", "chunk", "head", "nothing"])
async def test_half_an_answer_is_none(raw: bytes) -> None:
    reply = Reply(Road())
    reply.feed(raw)
    reply.end(None)
    with pytest.raises(BrokenConnection):
        await read(reply)


async def test_an_aborted_answer_without_a_length_is_not_whole() -> None:
    reply = Reply(Road())
    reply.feed(NO_LENGTH)
    reply.end(BrokenConnection())
    reply.end(None)
    with pytest.raises(BrokenConnection):
        await read(reply)


async def test_the_answer_to_a_head_has_no_body_whatever_length_it_tells() -> None:
    reply = Reply(Road())
    reply.expect(headless=True)
    reply.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    assert await read(reply) == b""
    assert reply.reusable


async def test_a_body_behind_the_answer_to_a_head_spoils_the_connection() -> None:
    reply = Reply(Road())
    reply.expect(headless=True)
    reply.feed(HELLO)
    assert await read(reply) == b""
    assert not reply.reusable


async def test_go_on_is_not_the_answer() -> None:
    reply = Reply(Road())
    reply.feed(b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HELLO)
    assert await read(reply) == b"hello"
    assert {name for name, _ in reply.headers} == {b"Content-Length", b"X-One"}


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000,
    ],
    ids=["upgrade", "two lengths", "both", "negative", "name", "fold", "line ends", "status", "ssh", "endless head"],
)
async def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    reply = Reply(Road())
    with pytest.raises(BrokenAnswer):
        reply.feed(raw)


@pytest.mark.parametrize("extra", [HELLO, b"GARBAGE", b"\0"], ids=["a second answer", "text", "nothing printable"])
async def test_a_connection_with_something_behind_its_answer_is_not_used_again(extra: bytes) -> None:
    reply = Reply(Road())
    reply.feed(HELLO + extra)
    assert await read(reply) == b"hello"
    assert not reply.reusable


async def test_a_reader_who_is_slow_makes_the_service_wait() -> None:
    road = Road()
    reply = Reply(road)
    reply.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
    for _ in range(3):
        reply.feed(b"a" * 50_000)
    assert road.held == [True]
    assert len((await reply.piece())[0]) == 150_000
    assert road.held == [True, False]


class Service:
    """A service that answers each connection's requests with what it was given, in turn."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.seen: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers and (head := await reader.readline()):
            self.seen.append(head)
            while (await reader.readline()).strip():
                pass
            writer.write(self.answers.pop(0))
            await writer.drain()
        writer.close()


async def _served(service: Service, requests: int) -> list[bytes]:
    server = await asyncio.start_server(service, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    upstream = HttpUpstream({"ticket": address})
    found = []
    async with server, upstream.running():
        for _ in range(requests):
            async with upstream.ask("ticket", "GET", "/v1/tickets", [], None) as answer:
                found.append(await whole(answer))
    return found


async def test_a_connection_is_kept_and_used_again() -> None:
    service = Service([HELLO] * 3)
    assert await _served(service, 3) == [b"hello"] * 3
    assert service.connections == 1


async def test_no_answer_reaches_another_s_asker() -> None:
    planted = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"
    service = Service([HELLO + planted, HELLO])
    assert await _served(service, 2) == [b"hello", b"hello"]
    assert service.connections == 2


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/v1/tickets\r\nX-Staff: 1", []),
        ("/v1/ tickets", []),
        ("/v1/tickets", [(b"x", b"1\r\nx-staff: 1")]),
        ("/v1/tickets", [(b"x\r\ny", b"1")]),
        ("/v1/tickets", [(b"x", b"\0")]),
    ],
)
async def test_a_request_stays_inside_its_lines(target: str, headers: list[tuple[bytes, bytes]]) -> None:
    upstream = HttpUpstream({"ticket": "http://127.0.0.1:9"})
    async with upstream.running():
        with pytest.raises(ValueError, match="lines"):
            upstream.ask("ticket", "GET", target, headers, None)


async def test_more_askers_than_connections_take_turns() -> None:
    service = Service([HELLO] * 40)
    server = await asyncio.start_server(service, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    upstream = HttpUpstream({"ticket": address}, connections=2)

    async def ask() -> bytes:
        async with upstream.ask("ticket", "GET", "/", [], None) as answer:
            return await whole(answer)

    async with server, upstream.running():
        assert await asyncio.gather(*(ask() for _ in range(40))) == [b"hello"] * 40
    assert service.connections == 2


async def test_whoever_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    server = await asyncio.start_server(Service([HELLO]), "127.0.0.1", 0)
    pool = Pool(Origin("127.0.0.1", server.sockets[0].getsockname()[1], secure=False, authority=b"x"), 1)
    async with server:
        taken = await pool.take()
        first, second = asyncio.create_task(pool.take()), asyncio.create_task(pool.take())
        await asyncio.wait({first, second}, timeout=0)
        pool.give(taken)
        first.cancel()
        assert await asyncio.wait_for(second, 5) is taken
        pool.close()


async def test_nobody_waits_for_ever_and_who_waits_longest_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_WAIT_SECONDS", 0.05)
    async with await asyncio.start_server(Service([HELLO]), "127.0.0.1", 0) as server:
        pool = Pool(Origin("127.0.0.1", server.sockets[0].getsockname()[1], secure=False, authority=b"x"), 1)
        taken = await pool.take()
        with pytest.raises(NoConnection):
            await pool.take()
        waiting = asyncio.create_task(pool.take())
        await asyncio.wait({waiting}, timeout=0)
        pool.give(taken)
        with pytest.raises(NoConnection):  # it has been given already, whoever asks first now
            await pool.take()
        assert await waiting is taken
        pool.close()


async def test_a_closed_door_is_no_connection() -> None:
    with pytest.raises(NoConnection):
        await Pool(Origin("127.0.0.1", 9, secure=False, authority=b"x"), 1).take()


async def test_the_loop_of_production_does_as_well() -> None:
    service = Service([HELLO] * 2)
    assert await asyncio.to_thread(uvloop.run, _served(service, 2)) == [b"hello"] * 2
    assert service.connections == 1
