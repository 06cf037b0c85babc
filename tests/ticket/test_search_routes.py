"""`GET /v1/tickets/search`: who finds what, filters, pages, and what is refused (T1, T5, T40, X1, X6)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from stage import NOON
from ticket_desk import Desk, faults

from kit.principals import system
from services.ticket.search import finding
from services.ticket.search import service as search

STAFF = UUID("01a200b4-d8cb-74cb-a79f-53780dd4fa13")
WAYS = pytest.mark.parametrize(
    ("near", "few"), [(1000, 20_000), (0, 20_000), (0, 0)], ids=["through the newest", "by the index", "far"]
)


async def found(desk: Desk, q: str, role: str = "agent", by: dict[str, Any] | None = None, **asked: Any) -> list[str]:
    """The subjects of what is found, over all pages."""
    subjects: list[str] = []
    while True:
        path = f"/v1/tickets/search?{urlencode({'q': q, **asked})}"
        answer = await desk.call("GET", path, role, **(by or {}))
        assert answer.status_code == 200, answer.text
        subjects += [hit["subject"] for hit in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            return subjects
        asked["cursor"] = answer.json()["next_cursor"]


async def say(desk: Desk, ticket: dict[str, Any], *texts: str, internal: bool = False) -> None:
    """These texts belong to the ticket."""
    async with desk.client.runtime.transactions.begin(system("test")) as work:
        for body in texts:
            await search.append(work, UUID(ticket["ticket_id"]), body, internal)


async def filed(desk: Desk, subject: str, *texts: str, **facts: Any) -> dict[str, Any]:
    """A ticket with these texts and what it is opened with."""
    ticket = await desk.open(subject=subject, **facts)
    await say(desk, ticket, *texts)
    return ticket


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch, near: int, few: int) -> None:
    monkeypatch.setattr(finding, "LOOK_NEAR", near or 1)
    monkeypatch.setattr(finding, "FEW_PLACES", few)


@WAYS
@pytest.mark.usefixtures("ways")
async def test_words_are_found_as_they_are_written(desk: Desk) -> None:
    await filed(desk, "一", "退款太慢了,顺丰丢件")
    await filed(desk, "二", "不要退款", "发的顺丰")
    await filed(desk, "三", "退 款")
    await filed(desk, "四", "我的iPhone15手机壳 CASE-9 裂了,坏")
    await filed(desk, "五", "只是路过" * 200)
    for asked, subjects in {
        "退款": ["二", "一"],
        "退款 顺丰": ["二", "一"],
        "退款，顺丰": ["二", "一"],
        "退款太慢": ["一"],
        "慢了顺": [],
        "退货": [],
        "坏": ["四"],
        "慢": ["一"],
        "退": ["三", "二", "一"],
        "ＩＰＨＯＮＥ１５": ["四"],
        "iphone": [],
        "iphone15手机": ["四"],
        "phone15": [],
        "case 9": ["四"],
        "case-9 裂了 手机": ["四"],
        "路过只是": ["五"],
        "'; DROP TABLE ticket; --": [],
        "' | '退款": ["二", "一"],
        "退款:*": ["二", "一"],
        "!退款": ["二", "一"],
        "%_%路": ["五"],
    }.items():
        assert await found(desk, asked) == subjects, asked
        assert await found(desk, asked, limit=1) == subjects, asked


@WAYS
@pytest.mark.usefixtures("ways")
async def test_everybody_finds_what_they_may_see(desk: Desk) -> None:
    """X1, X6, T1, T40: the shops of the token, a buyer's own, and internal notes for staff alone."""
    ming, hong = desk.account("ming"), desk.account("hong")
    for number, buyer in (("A-1", "ming"), ("A-2", "hong")):
        await desk.put(number, buyer=buyer)
    await filed(desk, "明", "退款", order_no="A-1")
    noted = await filed(desk, "红", "退款", order_no="A-2")
    await filed(desk, "别店", "退款", shop="other")
    await say(desk, noted, "此人难缠", internal=True)
    await say(desk, noted, "退款已办", internal=True)
    narrowed: dict[str, Any] = {"account_id": ming}
    assert await found(desk, "退款") == ["别店", "红", "明"]
    assert await found(desk, "退款", by={"shops": ["main"]}) == ["红", "明"]
    assert await found(desk, "退款", by={"shops": ["main"]}, shop="other") == []
    assert await found(desk, "退款", shop="other") == ["别店"]
    assert await found(desk, "退款", "storefront", by=narrowed) == ["明"]
    assert await found(desk, "退款", "storefront", by=narrowed, account_id=hong) == []
    assert await found(desk, "难缠") == await found(desk, "退款 难缠") == await found(desk, "已办") == ["红"]
    for by in ({}, {"account_id": hong}):
        assert await found(desk, "难缠", "storefront", by=by) == []
        assert await found(desk, "已办", "storefront", by=by) == []
        path = f"/v1/tickets/search?{urlencode({'q': '退款', 'account_id': hong})}"
        (hit,) = (await desk.call("GET", path, "storefront", **by)).json()["items"]
        assert [piece["text"] for piece in hit["highlights"]] == ["退款"]
        assert not any(piece["internal"] for piece in hit["highlights"])


async def test_outsiders_find_a_ticket_by_what_it_shows_them(desk: Desk) -> None:
    """T1: what an agent wrote down about them is the house's, what they wrote themselves is theirs."""
    await desk.put("A-1", buyer="ming")
    by: dict[str, Any] = {"account_id": desk.account("ming")}
    noted = await desk.open(subject="查单", description="疑似恶意买家", order_no="A-1", category="query")
    await desk.open("storefront", by=by, subject="自述", description="快递不动了", order_no="A-1")
    assert await found(desk, "恶意") == ["查单"]
    assert await found(desk, "恶意", "storefront", by=by) == []
    assert await found(desk, "查单", "storefront", by=by) == ["查单"]
    assert await found(desk, "快递", "storefront", by=by) == ["自述"]
    path = f"/v1/tickets/search?{urlencode({'q': '查单'})}"
    (hit,) = (await desk.call("GET", path, "storefront", **by)).json()["items"]
    assert (hit["category"], hit["assignee_staff_id"], hit["group"]) == (None, None, None)
    for asked in ({"group": "x"}, {"category": "query"}, {"assignee_staff_id": noted["ticket_id"]}):
        path = f"/v1/tickets/search?{urlencode({'q': '查单', **asked})}"
        assert (await desk.call("GET", path, "storefront", **by)).status_code == 403
    assert await found(desk, "查单", category="query") == ["查单"]


async def test_what_is_edited_said_and_done_is_found(desk: Desk) -> None:
    """T5: in the transaction that writes it."""
    ticket = await desk.open(subject="旧题", description="旧文", by={"staff_id": str(STAFF)})
    path = f"/v1/tickets/{ticket['ticket_id']}"
    edited = {"subject": "新题", "description": None}
    etag = {"If-Match": f'"{ticket["version"]}"'}
    assert (await desk.call("PATCH", path, json=edited, headers=etag)).status_code == 200
    for message in ({"text": "顺丰已揽收"}, {"text": "此人常退货", "visibility": "internal"}):
        assert (await desk.call("POST", f"{path}/messages", json=message)).status_code == 201
    assert (await desk.verb(ticket, "start")).status_code == 200
    assert (await desk.verb(ticket, "solve", solution="补发一件")).status_code == 200
    for gone in ("旧题", "旧文"):
        assert await found(desk, gone) == [], gone
    for there in ("新题", "揽收", "常退货", "补发", "揽收 补发 退货"):
        assert await found(desk, there) == ["新题"], there


@WAYS
@pytest.mark.usefixtures("ways")
async def test_filters(desk: Desk) -> None:
    await filed(desk, "旧", "退款")
    desk.clock.advance(timedelta(days=40))
    started = await filed(desk, "新", "退款")
    assert (await desk.verb(started, "start", by={"staff_id": "01a200b4-d8cb-74cb-a79f-53780dd4fa13"})).is_success
    for asked, subjects in (
        ({"status": "open"}, ["新"]),
        ({"status": "new"}, ["旧"]),
        ({"kind": "inquiry"}, ["新", "旧"]),
        ({"kind": "complaint"}, []),
        ({"assignee_staff_id": "01a200b4-d8cb-74cb-a79f-53780dd4fa13"}, ["新"]),
        ({"opened_from": "2026-12-01T00:00:00Z"}, ["新"]),
        ({"opened_to": "2026-12-01T00:00:00Z"}, ["旧"]),
        ({"opened_from": NOON.isoformat(), "opened_to": "2026-11-30T00:00:00+08:00"}, ["旧"]),
        ({"opened_from": "1990-01-01T00:00:00Z"}, ["新", "旧"]),
        ({"opened_from": "2027-06-01T00:00:00Z"}, []),
        ({"opened_from": "2026-12-01T00:00:00Z", "opened_to": "2026-11-01T00:00:00Z"}, []),
    ):
        assert await found(desk, "退款", **asked) == subjects, asked


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "/query/q"),
        ({"q": ""}, "/query/q"),
        ({"q": " "}, "/query/q"),
        ({"q": "，。！😀"}, "/query/q"),
        ({"q": "字" * 101}, "/query/q"),
        ({"q": " ".join(f"词{n}" for n in range(9))}, "/query/q"),
        ({"q": "退款\n"}, "/query/q"),
        ({"q": "退款", "status": "gone"}, "/query/status"),
        ({"q": "退款", "opened_from": "yesterday"}, "/query/opened_from"),
        ({"q": "退款", "cursor": "AAAA"}, "/query/cursor"),
        ({"q": "退款", "limit": 201}, "/query/limit"),
        ({"q": "退款", "sort": "due"}, "/query/sort"),
    ],
)
async def test_bad_input_is_refused(desk: Desk, asked: dict[str, Any], pointer: str) -> None:
    assert faults(await desk.call("GET", f"/v1/tickets/search?{urlencode(asked)}")) == [pointer]


async def test_a_count_is_given_when_asked_for_and_ends_at_a_thousand(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in "甲乙丙":
        await filed(desk, subject, "退款")

    async def counted(q: str) -> tuple[Sequence[Any], int, bool]:
        path = f"/v1/tickets/search?{urlencode({'q': q, 'count': 'true', 'limit': 1})}"
        page = (await desk.call("GET", path)).json()
        return page["items"], page["count"], page["count_is_capped"]

    assert (await counted("退款"))[1:] == (3, False)
    assert await counted("退货") == ([], 0, False)
    monkeypatch.setattr(search, "MOST_COUNTED", 2)
    assert (await counted("退款"))[1:] == (2, True)
    plain = (await desk.call("GET", f"/v1/tickets/search?{urlencode({'q': '退款'})}")).json()
    assert (plain["count"], plain["count_is_capped"]) == (None, None)


async def test_highlights_hold_no_markup_and_the_text_as_it_was(desk: Desk) -> None:
    await filed(desk, "一", "<script>alert('退款')</script>")
    (hit,) = (await desk.call("GET", f"/v1/tickets/search?{urlencode({'q': '退款'})}")).json()["items"]
    (piece,) = hit["highlights"]
    assert piece == {"text": "<script>alert('退款')</script>", "hits": [[15, 17]], "internal": False}


async def test_a_merged_ticket_s_words_lead_to_the_one_it_was_merged_into(desk: Desk) -> None:
    """T3."""
    one, two = await filed(desk, "甲", "退款"), await filed(desk, "乙", "顺丰", shop="other")
    async with desk.client.runtime.transactions.begin(system("test")) as work:
        await search.move(work, UUID(one["ticket_id"]), UUID(two["ticket_id"]))
    assert (
        await found(desk, "退款")
        == await found(desk, "退款 顺丰")
        == await found(desk, "退款", shop="other")
        == ["乙"]
    )
