"""Saved views: kept, shared, looked through (T5)."""

from typing import Any

import pytest
from ticket_desk import Desk, a_colleague, faults

from kit.ids import new_id

ANN: dict[str, Any] = {"staff_id": new_id()}
BOB: dict[str, Any] = {"staff_id": new_id()}
EVE: dict[str, Any] = {"staff_id": new_id()}


async def saved(desk: Desk, role: str = "agent", *, by: dict[str, Any] = ANN, **facts: Any) -> dict[str, Any]:
    answer = await desk.call("POST", "/v1/tickets/views", role, json={"name": "我的", **facts}, **by)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def shown(desk: Desk, view: dict[str, Any], query: str = "", role: str = "agent", **by: Any) -> dict[str, Any]:
    path = f"/v1/tickets/views/{view['view_id']}/tickets{query}"
    answer = await desk.call("GET", path, role, **(by or ANN))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def names(desk: Desk, role: str = "agent", **by: Any) -> list[str]:
    answer = await desk.call("GET", "/v1/tickets/views", role, **by)
    assert answer.status_code == 200, answer.text
    return [view["name"] for view in answer.json()["items"]]


async def a_group(desk: Desk, code: str, *members: dict[str, Any]) -> None:
    made = await desk.call("POST", "/v1/groups", "manager", json={"code": code, "name": code})
    assert made.status_code == 201, made.text
    for member in members:
        await desk.hear(a_colleague(staff_id=member["staff_id"]))
        path = f"/v1/groups/{made.json()['group_id']}/members/{member['staff_id']}"
        put = await desk.call("PUT", path, "manager", json={"skills": []})
        assert put.status_code == 200, put.text


async def test_a_view_is_the_list_that_it_asks_for_page_by_page(desk: Desk) -> None:
    tickets = [await desk.open(subject=f"单{n}", priority="high" if n % 2 else "normal") for n in range(7)]
    view = await saved(desk, filters={"priority": "high", "status": "new"})
    assert view["filters"]["priority"] == "high"
    seen: list[str] = []
    query = "?limit=2&count=true"
    while True:
        page = await shown(desk, view, query)
        assert (page["count"], page["count_is_capped"]) == (3, False)
        seen += [ticket["subject"] for ticket in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&count=true&cursor={page['next_cursor']}"
    assert seen == ["单5", "单3", "单1"]
    assert len(tickets) == 7
    plain = await shown(desk, view)
    assert (plain["count"], plain["count_is_capped"]) == (None, None)


async def test_a_count_ends_where_the_policy_says(desk: Desk) -> None:
    """X3."""
    document = {"views": 2, "macros": 100, "actions": 10, "bulk_tickets": 100, "counted": 2}
    body = {"document": document, "reason": "试行"}
    made = await desk.call("POST", "/v1/policies/ticket/saved-limits/versions", "manager", json=body)
    assert made.status_code == 201, made.text
    for _ in range(3):
        await desk.open()
    view = await saved(desk)
    page = await shown(desk, view, "?count=true")
    assert (page["count"], page["count_is_capped"]) == (2, True)
    await saved(desk)
    assert faults(await desk.call("POST", "/v1/tickets/views", json={"name": "多"}, **ANN)) == [""]


async def test_mine_means_whoever_looks(desk: Desk) -> None:
    for who in (ANN, BOB):
        await desk.hear(a_colleague(staff_id=who["staff_id"]))
    one, two = await desk.open(subject="甲"), await desk.open(subject="乙")
    for ticket, who in ((one, ANN), (two, BOB)):
        assert (await desk.verb(ticket, "take", by=who)).status_code == 200
    view = await saved(desk, "supervisor", mine=True, shared={"to": "shop", "code": "main"})
    assert [ticket["subject"] for ticket in (await shown(desk, view, **ANN))["items"]] == ["甲"]
    assert [ticket["subject"] for ticket in (await shown(desk, view, **BOB))["items"]] == ["乙"]
    path = f"/v1/tickets/views/{view['view_id']}/tickets"
    assert (await desk.call("GET", path, "auditor")).status_code == 403


async def test_views_are_seen_by_their_owner_and_those_they_are_shared_with(desk: Desk) -> None:
    """X1, X6; what isn't shared doesn't exist for others."""
    await a_group(desk, "night", BOB)
    own = await saved(desk, name="己")
    group = await saved(desk, "supervisor", by=EVE, name="组", shared={"to": "group", "code": "night"})
    shop = await saved(desk, "supervisor", by=EVE, name="店", shared={"to": "shop", "code": "other"})
    assert await names(desk, **ANN) == ["店", "己"]
    assert await names(desk, **ANN, shops=["main"]) == ["己"]
    assert await names(desk, **BOB) == ["店", "组"]
    assert await names(desk, "supervisor", **EVE) == ["店", "组"]
    for view, who, status in ((own, BOB, 404), (group, ANN, 404), (group, BOB, 200), (shop, BOB, 200)):
        assert (await desk.call("GET", f"/v1/tickets/views/{view['view_id']}", **who)).status_code == status
    assert (await desk.call("GET", f"/v1/tickets/views/{shop['view_id']}", **ANN, shops=["main"])).status_code == 404


async def test_who_looks_sees_what_they_may(desk: Desk) -> None:
    await desk.open(subject="甲")
    await desk.open(subject="乙", shop="other")
    view = await saved(desk, "supervisor", shared={"to": "shop", "code": "main"})
    assert [ticket["subject"] for ticket in (await shown(desk, view, **BOB))["items"]] == ["乙", "甲"]
    assert [ticket["subject"] for ticket in (await shown(desk, view, **BOB, shops=["main"]))["items"]] == ["甲"]


async def test_sharing_is_for_leads_and_for_what_is_there(desk: Desk) -> None:
    for shared in ({"to": "shop", "code": "main"}, {"to": "group", "code": "x"}):
        body = {"name": "x", "shared": shared}
        assert (await desk.call("POST", "/v1/tickets/views", json=body, **ANN)).status_code == 403
    body = {"name": "x", "shared": {"to": "group", "code": "nobody"}}
    assert faults(await desk.call("POST", "/v1/tickets/views", "supervisor", json=body)) == ["/shared/code"]
    body = {"name": "x", "shared": {"to": "shop", "code": "other"}}
    assert (await desk.call("POST", "/v1/tickets/views", "supervisor", json=body, shops=["main"])).status_code == 403


async def test_a_view_changes_by_its_version_and_goes(desk: Desk) -> None:
    view = await saved(desk, filters={"status": "new"})
    path, fresh = f"/v1/tickets/views/{view['view_id']}", {"If-Match": '"1"'}
    await desk.open()
    await desk.open()
    first = await shown(desk, view, "?limit=1")
    body = {"filters": {"sort": "due"}, "name": "改"}
    assert (await desk.call("PATCH", path, json=body, **ANN)).status_code == 428
    assert (await desk.call("PATCH", path, json=body, headers=fresh, **BOB)).status_code == 404
    changed = await desk.call("PATCH", path, json=body, headers=fresh, **ANN)
    assert (changed.status_code, changed.headers["etag"], changed.json()["name"]) == (200, '"2"', "改")
    assert (await desk.call("PATCH", path, json=body, headers=fresh, **ANN)).status_code == 412
    stale = f"{path}/tickets?limit=1&cursor={first['next_cursor']}"
    assert faults(await desk.call("GET", stale, **ANN)) == ["/query/cursor"]
    assert (await desk.call("DELETE", path, **BOB)).status_code == 404
    assert (await desk.call("DELETE", path, **ANN)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await desk.call(method, path, **ANN)).status_code == 404
    assert await desk.audits(view["view_id"]) == ["save", "change", "remove"]


async def test_a_lead_may_change_what_is_shared_and_nobody_else_s(desk: Desk) -> None:
    shared = await saved(desk, "supervisor", by=EVE, shared={"to": "shop", "code": "main"})
    own = await saved(desk, by=ANN)
    fresh = {"If-Match": '"1"'}
    for view, role, who, status in (
        (shared, "agent", BOB, 403), (shared, "manager", BOB, 200), (own, "manager", BOB, 404),
    ):  # fmt: skip
        path = f"/v1/tickets/views/{view['view_id']}"
        answer = await desk.call("PATCH", path, role, json={"name": "改"}, headers=fresh, **who)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "x", "filters": {"status": "gone"}}, "/filters/status"),
        ({"name": "x", "filters": {"limit": 5}}, "/filters/limit"),
        ({"name": "x", "filters": {"cursor": "x"}}, "/filters/cursor"),
        ({"name": "x", "filters": {"mood": "x"}}, "/filters/mood"),
        ({"name": "x", "filters": {"opened_from": 1}}, "/filters/opened_from"),
        ({"name": "x", "shared": {"to": "group"}}, "/shared"),
        ({"name": "x", "shared": {"to": "nobody", "code": "main"}}, "/shared"),
        ({"name": "x", "owner": "me"}, "/owner"),
    ],
)
async def test_a_malformed_view_is_refused(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    """By the same model as the list of tickets."""
    assert faults(await desk.call("POST", "/v1/tickets/views", json=body, **ANN)) == [pointer]
    assert await names(desk, **ANN) == []
