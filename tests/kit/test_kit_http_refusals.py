"""Requests that can't be served: the right status, a problem document, and never the value that was sent (X6, X8)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from kit_probe import Probe
from kit_rig import Peek

from kit.ids import new_id
from kit.service import MAX_BODY_BYTES

SECRET = "13812345678"
JSON = {"Content-Type": "application/json"}


def is_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{slug}"
    assert document["status"] == status
    assert document["request_id"] == answer.headers["x-request-id"]
    assert SECRET not in answer.text
    return document


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/things", "GET, POST"),
        ("PUT", "/v1/things", "GET, POST"),
        ("POST", "/v1/things/others", "GET"),
        ("PATCH", "/v1/things/others", "GET"),
        ("DELETE", "/v1/things/{id}", "GET, PATCH"),
        ("HEAD", "/v1/things/{id}", "GET, PATCH"),
        ("TRACE", "/v1/things", "GET, POST"),
        ("BREW", "/v1/things", "GET, POST"),
        ("POST", "/livez", "GET"),
    ],
)
async def test_a_wrong_method_is_told_every_right_one(probe: Probe, method: str, path: str, allow: str) -> None:
    answer = await probe.call(method, path.format(id=new_id()))
    assert answer.status_code == 405
    named = set(answer.headers["allow"].split(", "))
    assert named - {"HEAD"} == set(allow.split(", "))
    if method != "HEAD":
        is_problem(answer, 405, "method-not-allowed")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothings", "/v1/things/", "//v1/things", f"/{SECRET}", "/docs", "/openapi"]
)
async def test_a_path_that_leads_nowhere(probe: Probe, path: str) -> None:
    is_problem(await probe.call("GET", path), 404, "not-found")


async def test_a_thing_that_is_not_there(probe: Probe) -> None:
    is_problem(await probe.call("GET", f"/v1/things/{new_id()}"), 404, "not-found")


@pytest.mark.parametrize("thing_id", [SECRET, "null", "%00", "..%2f..", "0" * 2000])
async def test_an_id_that_is_no_id_is_pointed_at(probe: Probe, thing_id: str) -> None:
    answer = await probe.call("GET", f"/v1/things/{thing_id}")
    if answer.status_code != 404:  # a decoded slash makes it another path
        assert is_problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/path/thing_id"


async def pieces(total: int, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    yield b'{"name":"'
    for _ in range(total // size + 1):
        yield b"x" * size


async def test_a_body_that_declares_too_much_is_refused_before_it_is_read(probe: Probe, peek: Peek) -> None:
    unread: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        unread.append(b"asked for")
        yield b"x"

    headers = {**JSON, "Content-Length": str(MAX_BODY_BYTES + 1)}
    answer = await probe.call("POST", "/v1/things", content=body(), headers=headers)
    assert is_problem(answer, 413, "body-too-large")["limit_bytes"] == MAX_BODY_BYTES
    assert await peek.one("SELECT count(*) FROM thing") == 0


async def test_a_body_that_never_ends_is_cut_off(probe: Probe, peek: Peek) -> None:
    """Chunked, so that nothing was declared."""
    answer = await probe.call("POST", "/v1/things", content=pieces(3 * MAX_BODY_BYTES), headers=JSON)
    assert is_problem(answer, 413, "body-too-large")["limit_bytes"] == MAX_BODY_BYTES
    assert await peek.one("SELECT count(*) FROM thing") == 0


@pytest.mark.parametrize("length", ["-1", "x", "9" * 5000, "", "１"])
async def test_a_declared_length_that_is_no_number_is_not_believed(probe: Probe, length: str) -> None:
    headers = {**JSON, "Content-Length": length.encode()}  # type: ignore[dict-item]
    answer = await probe.call("POST", "/v1/things", content=b'{"name":"x"}', headers=headers)  # type: ignore[arg-type]
    assert answer.status_code in (201, 413)


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application",
     "text/json", "*/*", "json", ""],
)  # fmt: skip
async def test_a_body_that_is_not_declared_as_json(probe: Probe, media_type: str) -> None:
    answer = await probe.call("POST", "/v1/things", content=b'{"name":"x"}', headers={"Content-Type": media_type})
    is_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]
)
async def test_a_body_that_is_declared_as_json(probe: Probe, media_type: str) -> None:
    answer = await probe.call("POST", "/v1/things", content=b'{"name":"x"}', headers={"Content-Type": media_type})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"{", b"[", b"{'name':'x'}", b'{"name":"x"', b'{"name":"x"}}', b'{"name":"' + SECRET.encode(), b"\xff\xfe", b"\x00",
     b"nul", b"[" * 100_000, b'{"a":' * 50_000, b'{"how_many":' + b"9" * 10_000 + b"}", b'{"name":"\xff"}'],
    ids=range(13),
)  # fmt: skip
async def test_a_body_that_is_no_json(probe: Probe, body: bytes) -> None:
    answer = await probe.call("POST", "/v1/things", content=body, headers=JSON)
    document = is_problem(answer, 400, "malformed-json")
    assert "errors" not in document


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"name":"x","surname":"13812345678"}', "/surname"),
        (b'{"name":"13812345678\\u0000"}', "/name"),
        (b'{"name":13812345678}', "/name"),
        (b'{"name":"\\ud800"}', "/name"),
        (b'{"name":"x","\\ud800":1}', ""),
        (b'{"name":"x","a/b~c":1}', "/a~1b~0c"),
        (b'{"name":"x","how_many":NaN}', "/how_many"),
        (b'{"name":"x","how_many":1e400}', "/how_many"),
        (b'{"name":"x","how_many":1.0}', "/how_many"),
        (b'{"name":"x","at":1763697600}', "/at"),
        (b'{"name":"x","dangling":"13812345678"}', "/dangling"),
        (b"[]", ""),
        (b"null", ""),
        (b'"13812345678"', ""),
        (b"", ""),
        (b"{}", "/name"),
    ],
)
async def test_a_field_that_does_not_fit_is_pointed_at(probe: Probe, peek: Peek, body: bytes, pointer: str) -> None:
    answer = await probe.call("POST", "/v1/things", content=body, headers=JSON)
    errors = is_problem(answer, 422, "invalid-request")["errors"]
    assert [error["pointer"] for error in errors] == [pointer]
    assert await peek.one("SELECT count(*) FROM thing") == 0


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"), ("limit=201", "/query/limit"), ("limit=x", "/query/limit"), ("limit=", "/query/limit"),
        ("limit=1e2", "/query/limit"), (f"colour={SECRET}", "/query/colour"), ("offset=10", "/query/offset"),
        ("Limit=1", "/query/Limit"), (f"cursor={'x' * 1001}", "/query/cursor"), ("a%2Fb=1", "/query/a~1b"),
    ],
)  # fmt: skip
async def test_a_parameter_that_does_not_exist_or_fit_is_pointed_at(probe: Probe, query: str, pointer: str) -> None:
    errors = is_problem(await probe.call("GET", f"/v1/things?{query}"), 422, "invalid-request")["errors"]
    assert [error["pointer"] for error in errors] == [pointer]


@pytest.mark.parametrize(("language", "detail"), [("zh-CN", "必填"), ("en", "is required"), ("fr", "必填")])
async def test_faults_speak_the_caller_s_language(probe: Probe, language: str, detail: str) -> None:
    """X8"""
    answer = await probe.call("POST", "/v1/things", json={}, headers={"Accept-Language": language})
    assert is_problem(answer, 422, "invalid-request")["errors"] == [{"pointer": "/name", "detail": detail}]
    assert answer.headers["content-language"] == ("en" if language == "en" else "zh-CN")


async def test_an_unforeseen_error_says_that_the_server_hangs_up(probe: Probe) -> None:
    """Else the gateway would send its next request over a connection that is being closed."""
    failed = await probe.make(fails="error")
    is_problem(failed, 500, "internal-error")
    assert failed.headers["connection"] == "close"
    foreseen = await probe.make(fails="problem")
    is_problem(foreseen, 403, "forbidden")
    assert "connection" not in foreseen.headers


async def test_without_a_token_nothing_is_told(probe: Probe) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {SECRET}"}):
        answer = await probe.http.post("/v1/things", json={"nonsense": SECRET}, headers=headers)
        document = is_problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="kefu"'
        assert "errors" not in document


async def test_without_the_permission_nothing_is_told(probe: Probe) -> None:
    answer = await probe.call("POST", "/v1/things", role="auditor", json={"name": "x"})
    assert is_problem(answer, 403, "forbidden")["permission"] == "ticket:open"
