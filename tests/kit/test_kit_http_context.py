"""Around every request: its id, its trace, its page of a list."""

import base64
from uuid import UUID

import pytest
from kit_probe import Probe
from kit_rig import Peek

from kit.http.pages import MAX_LIMIT

PATHS = ("/v1/things", "/v1/nothings", "/livez", f"/v1/things/{'x' * 300}")


@pytest.mark.parametrize("given", ["r-1", "a" * 128, "A.b_c:d-9", "019aa4f0-5c00-7000-8000-000000000101"])
@pytest.mark.parametrize("path", PATHS)
async def test_a_well_formed_request_id_is_echoed_by_every_answer(probe: Probe, path: str, given: str) -> None:
    answer = await probe.call("GET", path, headers={"X-Request-Id": given})
    assert answer.headers.get_list("x-request-id") == [given]


HOSTILE = (
    b"", b" ", b"a" * 129, b"a b", b"a\tb", b"<script>", b"a\r\nSet-Cookie: x=1", b"a\nb", b"\xff\xfe", b"\x00", b"../../x",
    b"a;b", b'"a"', "请求".encode(), b"a,b", b"${jndi:ldap://x}", b"\x1b[31m",
)  # fmt: skip


@pytest.mark.parametrize("given", HOSTILE, ids=range(len(HOSTILE)))
async def test_any_other_request_id_is_replaced(probe: Probe, peek: Peek, given: bytes) -> None:
    answer = await probe.make(headers={"X-Request-Id": given})  # type: ignore[dict-item]
    (used,) = answer.headers.get_list("x-request-id")
    assert UUID(used).version == 7
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers
    assert await peek.all("SELECT request_id FROM audit") == [used]


async def test_without_a_request_id_each_request_gets_its_own(probe: Probe) -> None:
    ids = {(await probe.http.get("/livez")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("00-" + "a" * 32 + "-" + "b" * 16 + "-01", True),
        ("00-" + "0" * 32 + "-" + "b" * 16 + "-01", False),
        ("00-" + "a" * 32 + "-" + "0" * 16 + "-01", False),
        ("00-" + "A" * 32 + "-" + "b" * 16 + "-01", False),
        ("ff-" + "a" * 32 + "-" + "b" * 16 + "-01", False),
        ("00-" + "a" * 32 + "-" + "b" * 16, False),
        ("nonsense", False),
    ],
)
async def test_a_trace_is_carried_into_the_event_when_it_is_one(
    probe: Probe, peek: Peek, given: str, kept: bool
) -> None:
    assert (await probe.make(headers={"traceparent": given})).status_code == 201
    assert await peek.all("SELECT traceparent FROM outbox") == [given if kept else None]


async def fill(probe: Probe, count: int) -> None:
    for number in range(count):
        assert (await probe.make(f"thing {number}")).status_code == 201


async def test_pages_lead_through_a_list_without_gap_or_double(probe: Probe) -> None:
    await fill(probe, 7)
    names: list[str] = []
    path, pages = "/v1/things?limit=3", 0
    while path:
        answer = await probe.call("GET", path)
        page = answer.json()
        names += [item["name"] for item in page["items"]]
        pages += 1
        assert (page["next_cursor"] is None) == ("link" not in answer.headers)
        path = answer.headers["link"].split(">")[0].lstrip("<") if page["next_cursor"] else ""
    assert names == [f"thing {number}" for number in range(7)]
    assert pages == 3


async def test_the_link_keeps_limit_and_filters(probe: Probe) -> None:
    await fill(probe, 2)
    answer = await probe.call("GET", "/v1/things?limit=1&name=a%26b%3Cc")
    cursor = answer.json()["next_cursor"]
    assert answer.headers["link"] == f'</v1/things?limit=1&name=a%26b%3Cc&cursor={cursor}>; rel="next"'


async def test_a_page_is_twenty_items_unless_asked_and_never_more_than_two_hundred(probe: Probe) -> None:
    await fill(probe, 21)
    assert len((await probe.call("GET", "/v1/things")).json()["items"]) == 20
    assert (await probe.call("GET", f"/v1/things?limit={MAX_LIMIT}")).json()["next_cursor"] is None


async def test_a_cursor_that_was_not_given_for_this_list_is_pointed_at(probe: Probe) -> None:
    """Forged, altered, cut, or another list's."""
    await fill(probe, 2)
    cursor = (await probe.call("GET", "/v1/things?limit=1")).json()["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

    def encoded(forged: bytes) -> str:
        return base64.urlsafe_b64encode(forged).decode().rstrip("=")

    others = (await probe.call("GET", "/v1/things/others?limit=1")).json()["next_cursor"]
    forged = [
        others, cursor[:-4], cursor + "AAAA", encoded(bytes(16) + raw[16:]), encoded(raw[:-1] + b"X"), encoded(raw[:16]),
        encoded(raw[:16] + b'["019aa4f0-5c00-7000-8000-000000000101"]'), "", "x", "====", "!!!!", "%00", "游标", "A" * 1000,
        encoded(bytes(16) + b"[]"), encoded(b"[" * 700),
    ]  # fmt: skip
    for one in forged:
        answer = await probe.call("GET", "/v1/things", params={"cursor": one})
        assert answer.status_code == 422, one
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/cursor"]
    assert (await probe.call("GET", "/v1/things", params={"cursor": cursor})).status_code == 200


async def test_a_cursor_tells_nothing_of_the_key_it_is_signed_with(probe: Probe) -> None:
    await fill(probe, 2)
    cursor = (await probe.call("GET", "/v1/things?limit=1")).json()["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert bytes.fromhex("5a" * 8) not in raw
