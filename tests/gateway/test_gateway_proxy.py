"""The way through: what reaches the service, what reaches the client, and that both are streams (G1, G3)."""

import asyncio
import gzip
from typing import Any

import orjson
import pytest
from gateway_raw import scripted
from gateway_rig import LIMIT, Http, Rig, Seen, answer, read_all, rig

from gateway.identity.keys import Keyring
from gateway.routes import GATEWAY, TABLE
from kit.testing.poll import eventually

PROXIED = sorted(prefix.decode() for prefix, route in TABLE.items() if route.service != GATEWAY)
SPOOFED = {
    "X-User-Id": "1", "X-User": "root", "X-Principal": "root", "X-Principal-Roles": "admin", "X-Kefu-Subject": "root",
    "X-Kefu-Anything": "x", "X-Staff-Id": "1", "X-Roles": "admin", "X-Role": "admin", "X-Account-Id": "1",
    "X-Auth-User": "root", "X-Remote-User": "root", "X-Real-IP": "10.0.0.1", "Forwarded": "for=10.0.0.1",
    "X-Forwarded-User": "root", "X-Forwarded-Prefix": "/x", "X_User_Id": "1", "X-HTTP-Method-Override": "DELETE",
    "X-Original-URL": "/v1/accounts", "X-Rewrite-URL": "/v1/accounts", "X-Api-Key": "k", "Cookie": "session=1",
    "Proxy-Authorization": "Basic x", "TE": "trailers", "Keep-Alive": "timeout=99",
}  # fmt: skip
REPLACED = {"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example"}


async def test_a_request_reaches_the_service_as_it_was_sent(through: Rig, http: Http) -> None:
    address = f"{through.address}/v1/orders/main/%E4%B8%AD%20a?shop=main&q=%2e%2e%2f&q=2&empty="
    from yarl import URL

    async with http.put(URL(address, encoded=True), data=b"\x00\xffbytes", headers=through.bearer) as response:
        assert response.status == 200
        told = orjson.loads(await response.read())
    assert told == {
        "method": "PUT",
        "path": "/v1/orders/main/%E4%B8%AD%20a",
        "query": "shop=main&q=%2e%2e%2f&q=2&empty=",
        "bytes": 7,
    }
    assert through.service.seen[0].body == b"\x00\xffbytes"
    assert through.service.seen[0].header("authorization") is not None


@pytest.mark.parametrize("path", PROXIED)
async def test_no_client_can_claim_an_identity(through: Rig, http: Http, path: str) -> None:
    async with http.get(through.address + path, headers={**through.bearer, **SPOOFED, **REPLACED}) as response:
        assert response.status == 200
    seen = through.service.seen[0]
    assert {name.decode() for name, _ in seen.headers} & {name.lower() for name in SPOOFED} == set()
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-forwarded-proto") == "http"
    assert seen.header("x-forwarded-host") == f"127.0.0.1:{through.port}"


async def test_headers_named_by_connection_end_here(through: Rig, http: Http) -> None:
    headers = {
        **through.bearer,
        "Connection": "keep-alive, X-Secret, X-Forwarded-For",
        "X-Secret": "1",
        "X-Kept": "2",
    }
    async with http.get(f"{through.address}/v1/tickets", headers=headers) as response:
        assert response.status == 200
    seen = through.service.seen[0]
    assert seen.header("x-secret") is None
    assert seen.header("x-kept") == "2"
    assert seen.header("x-forwarded-for") == "127.0.0.1"


async def test_answers_come_back_byte_for_byte(through: Rig, http: Http) -> None:
    packed = gzip.compress(b"x" * 5000)

    async def behave(_: Seen, send: Any, __: Any) -> None:
        headers = [
            (b"content-encoding", b"gzip"), (b"etag", b'"7"'), (b"set-cookie", b"a=1"), (b"x-request-id", b"theirs"),
            (b"link", b"</a>; rel=next"), (b"link", b"</b>; rel=prev"), (b"connection", b"close, x-inner"),
            (b"x-inner", b"1"),
        ]  # fmt: skip
        await answer(send, 201, packed, headers)

    through.service.behaviour = behave
    async with http.get(f"{through.address}/v1/tickets", headers=through.bearer) as response:
        assert await response.read() == packed
        assert (response.status, response.headers["ETag"]) == (201, '"7"')
        assert response.headers.getall("Link") == ["</a>; rel=next", "</b>; rel=prev"]
        assert "X-Inner" not in response.headers
        assert len(response.headers.getall("X-Request-Id")) == 1
        assert response.headers["X-Request-Id"] != "theirs"
    assert "cookie" not in {name for name, _ in through.service.seen[0].headers}


async def test_redirects_are_the_client_s_to_follow(through: Rig, http: Http) -> None:
    async def behave(_: Seen, send: Any, __: Any) -> None:
        await answer(send, 307, b"", [(b"location", b"http://169.254.169.254/")])

    through.service.behaviour = behave
    url = f"{through.address}/v1/tickets"
    async with http.get(url, headers=through.bearer, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (307, "http://169.254.169.254/")


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("POST", 205), ("DELETE", 204)]
)
async def test_answers_without_a_body_have_none(through: Rig, http: Http, method: str, status: int) -> None:
    async def behave(_: Seen, send: Any, __: Any) -> None:
        length = b"1234" if method == "HEAD" else b"0"
        headers = [(b"etag", b'"1"')] if status in (204, 304) else [(b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body"})

    through.service.behaviour = behave
    for _ in range(3):  # the connection stays good for the next request
        async with http.request(method, f"{through.address}/v1/tickets", headers=through.bearer) as response:
            assert response.status == status
            assert await response.read() == b""
            if method == "HEAD":
                assert response.headers["Content-Length"] == "1234"


async def test_a_304_may_tell_the_length_it_does_not_send(through: Rig, keyring: Keyring) -> None:
    not_modified = b'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: "1"\r\n\r\n'
    async with scripted(lambda: not_modified) as address, rig(keyring, service_address=address) as built:
        reply = await built.raw(request(built, "GET /v1/tickets", "Connection: close"))
    assert reply.startswith(b"HTTP/1.1 304")
    assert b"content-length" not in reply.lower()


LONG = 40_000


async def test_a_body_streams_to_the_service_while_it_is_sent(through: Rig, http: Http) -> None:
    arrived = asyncio.Queue[bytes]()

    async def behave(seen: Seen, send: Any, receive: Any) -> None:
        while (message := await receive())["more_body"]:
            seen.body += message["body"]
            await arrived.put(seen.body[LONG:])
        await answer(send, 200, b"done")

    through.service.behaviour = behave

    async def pieces() -> Any:
        yield b"x" * LONG  # a short body is sent on in one piece
        for sent in (b"1", b"12", b"123"):
            yield sent[-1:]
            while (told := await asyncio.wait_for(arrived.get(), 2)) != sent:
                assert sent.startswith(told)

    async with http.post(f"{through.address}/v1/tickets", data=pieces(), headers=through.bearer) as response:
        assert await response.read() == b"done"


async def test_an_answer_streams_to_the_client_while_it_is_made(through: Rig, http: Http) -> None:
    taken = asyncio.Event()

    async def behave(_: Seen, send: Any, __: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
            await asyncio.wait_for(taken.wait(), 2)
            taken.clear()
        await send({"type": "http.response.body"})

    through.service.behaviour = behave
    async with http.get(f"{through.address}/v1/tickets", headers=through.bearer) as response:
        for number in range(3):
            assert await response.content.readany() == b"%d" % number
            taken.set()
        assert await response.read() == b""


@pytest.mark.parametrize("size", [LIMIT, 100_000_000])
async def test_a_large_answer_is_not_gathered(through: Rig, http: Http, size: int) -> None:
    piece = b"x" * LIMIT

    async def behave(_: Seen, send: Any, __: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        left = size
        while left:
            part = piece[:left]
            left -= len(part)
            await send({"type": "http.response.body", "body": part, "more_body": left > 0})

    through.service.behaviour = behave
    before = resident()
    async with http.get(f"{through.address}/v1/tickets", headers=through.bearer) as response:
        total = 0
        async for part in response.content.iter_any():
            total += len(part)
    assert total == size
    assert resident() - before < 30_000_000


def resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


async def test_the_request_id_is_kept_and_echoed(through: Rig, http: Http) -> None:
    url = f"{through.address}/v1/tickets"
    async with http.get(url, headers={**through.bearer, "X-Request-Id": "abc-123:4.5_6"}) as response:
        assert response.headers["X-Request-Id"] == "abc-123:4.5_6"
    assert through.service.seen[0].header("x-request-id") == "abc-123:4.5_6"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>", "a/b", "a\tb", "中"])
async def test_a_malformed_request_id_is_replaced(through: Rig, http: Http, given: str) -> None:
    async with http.get(
        f"{through.address}/v1/tickets", headers={**through.bearer, "X-Request-Id": given}
    ) as response:
        made = response.headers["X-Request-Id"]
    assert made != given
    assert len(made) == 36
    assert through.service.seen[0].header("x-request-id") == made


async def test_a_trace_is_carried_on_or_begun(through: Rig, http: Http) -> None:
    good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    url = f"{through.address}/v1/tickets"
    bad = good.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32)
    for given in (good, bad, "x"):
        async with http.get(url, headers={**through.bearer, "traceparent": given, "tracestate": "a=1"}):
            pass
    kept, replaced, made = (seen.header("traceparent") for seen in through.service.seen)
    assert kept == good
    assert through.service.seen[0].header("tracestate") == "a=1"
    assert bad != replaced != made
    assert all(len(str(one)) == len(good) for one in (replaced, made))
    assert through.service.seen[1].header("tracestate") is None


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "BREW"])
async def test_unusual_methods_are_refused(through: Rig, method: str) -> None:
    reply = await through.raw(request(through, f"{method} /v1/tickets", "Connection: close"))
    assert reply.split()[1] in (b"405", b"400", b"404")
    assert not through.service.seen


async def test_conflicting_framing_is_refused(through: Rig) -> None:
    for headers in (
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: -3",
        "Content-Length: 0x3",
    ):
        reply = await through.raw(request(through, "POST /v1/tickets", headers) + b"0\r\n\r\nGET /v1/accounts")
        assert reply.startswith(b"HTTP/1.1 4")
    assert not through.service.seen


async def test_header_values_that_are_no_text_are_refused(through: Rig) -> None:
    reply = await through.raw(request(through, "GET /v1/tickets", "X-Odd: \xff\xfe", "Connection: close"))
    assert reply.startswith(b"HTTP/1.1 422")
    reply = await through.raw(request(through, "GET /v1/tickets", "X-Odd: 中文", "Connection: close"))
    assert reply.startswith(b"HTTP/1.1 200")
    assert through.service.seen[0].header("x-odd") == "中文"


async def test_the_service_hears_when_the_client_leaves(through: Rig) -> None:
    waiting = asyncio.Event()
    heard = asyncio.Event()

    async def behave(seen: Seen, _: Any, receive: Any) -> None:
        await read_all(seen, receive)
        waiting.set()
        assert (await receive())["type"] == "http.disconnect"
        heard.set()

    through.service.behaviour = behave
    _, writer = await asyncio.open_connection("127.0.0.1", through.port)
    writer.write(request(through, "GET /v1/tickets"))
    await asyncio.wait_for(waiting.wait(), 2)
    writer.close()
    await asyncio.wait_for(heard.wait(), 2)


async def test_a_half_sent_body_is_never_a_whole_one_for_the_service(through: Rig) -> None:
    through.service.behaviour = read_only
    _, writer = await asyncio.open_connection("127.0.0.1", through.port)
    writer.write(request(through, "POST /v1/tickets", "Content-Length: 60000") + b"x" * LONG)
    await eventually(lambda: through.service.seen and len(through.service.seen[0].body) == LONG)
    writer.close()
    await eventually(lambda: through.service.seen[0].disconnected)
    assert len(through.service.seen[0].body) == LONG


async def read_only(seen: Seen, _: Any, receive: Any) -> None:
    await read_all(seen, receive)


def request(rig: Rig, line: str, *headers: str) -> bytes:
    head = [f"{line} HTTP/1.1", "Host: gateway", f"Authorization: Bearer {rig.token()}", *headers, "", ""]
    return "\r\n".join(head).encode("latin-1" if "\xff" in "".join(headers) else "utf-8")
