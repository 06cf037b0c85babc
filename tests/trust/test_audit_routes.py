"""The trail for auditors over HTTP (X7)."""

from datetime import timedelta
from typing import Any

import pytest
from stage import NOON, Client

from kit import audit
from kit.clock import FrozenClock
from kit.ids import new_id
from kit.principals import Principal

AUDIT = "/v1/audit/ticket"
ONE, OTHER = new_id(), new_id()


@pytest.fixture
async def written(ticket: Client, clock: FrozenClock) -> Client:
    """Six changes, an hour apart, by two people to two things."""
    for number in range(6):
        actor = Principal(f"staff:{'lin' if number % 2 else 'wang'}", frozenset())
        async with ticket.transactions.begin(actor, request_id=f"r-{number}") as work:
            noun, thing = ("order", ONE) if number < 3 else ("ticket", OTHER)
            before, after = {"n": number - 1}, {"n": number}
            await audit.record(work, "count", noun, thing, before=before, after=after, reason="数数")
        clock.advance(timedelta(hours=1))
    return ticket


async def numbers(ticket: Client, **asked: Any) -> list[int]:
    shown = await ticket.http.get(AUDIT, params=asked, headers=ticket.as_("auditor"))
    assert shown.status_code == 200, shown.text
    return [row["after"]["n"] for row in shown.json()["items"]]


async def test_a_row_says_who_when_what_and_why(written: Client) -> None:
    (row,) = (await written.call("GET", f"{AUDIT}?limit=1", "auditor")).json()["items"]
    assert {**row, "id": 0, "seal": None, "hash": None} == {
        "id": 0, "at": "2026-11-21T09:00:00Z", "actor": "staff:lin", "action": "count", "noun": "ticket",
        "aggregate_id": str(OTHER), "before": {"n": 4}, "after": {"n": 5}, "reason": "数数", "request_id": "r-5",
        "seal": None, "hash": None,
    }  # fmt: skip


async def test_filters(written: Client) -> None:
    assert await numbers(written) == [5, 4, 3, 2, 1, 0]
    assert await numbers(written, noun="order") == [2, 1, 0]
    assert await numbers(written, aggregate_id=str(OTHER), actor="staff:wang") == [4]
    assert await numbers(written, actor="staff:nobody") == []
    hours = {"from": (NOON + timedelta(hours=1)).isoformat(), "to": (NOON + timedelta(hours=4)).isoformat()}
    assert await numbers(written, **hours) == [3, 2, 1]


async def test_pages_go_back_in_time_under_the_same_filters(written: Client) -> None:
    seen: list[int] = []
    path = f"{AUDIT}?limit=2&from=2026-11-21T05:00:00Z"
    while path:
        page = await written.call("GET", path, "auditor")
        seen += [row["after"]["n"] for row in page.json()["items"]]
        path = page.links["next"]["url"] if page.json()["next_cursor"] else ""
    assert seen == [5, 4, 3, 2, 1]


async def test_only_those_may_look_who_may_see_everything(ticket: Client) -> None:
    for role in ("agent", "supervisor", "manager", "finance", "storefront", "service"):
        assert (await ticket.call("GET", AUDIT, role)).status_code == 403
    assert (await ticket.call("GET", AUDIT, "auditor", shops=["B2C"])).status_code == 403
    assert (await ticket.call("GET", AUDIT, "admin", account_id=new_id())).status_code == 403
    assert (await ticket.http.get(AUDIT)).status_code == 401
    assert (await ticket.call("GET", "/v1/audit/customer", "auditor")).status_code == 404


@pytest.mark.parametrize("query", ["since=2026-01-01T00:00:00Z", "from=1", "actor=%E6%9E%97", "noun=a%20b", "id=1"])
async def test_bad_questions_are_told(ticket: Client, query: str) -> None:
    assert (await ticket.call("GET", f"{AUDIT}?{query}", "auditor")).status_code == 422
