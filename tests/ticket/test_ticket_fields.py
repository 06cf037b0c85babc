"""T1, T49, T58: what a ticket says besides its state: details by kind, tags, watchers, deadline, tier; who sees it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from stage import NOON
from ticket_desk import Desk, a_colleague, a_file, faults

from contracts.customer.customer import ShopTier, Tier
from contracts.permissions import ROLES, roles_with
from kit.ids import new_id

FAULT = {"broken": "支付页面", "effect": "不能付款", "since": "2026-11-21T10:00:00+08:00", "place": "App"}


async def shown(desk: Desk, ticket: dict[str, Any], role: str = "agent", **claims: Any) -> dict[str, Any]:
    answer = await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}", role, **claims)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def edit(desk: Desk, ticket: dict[str, Any], version: int | None = None, **body: Any) -> httpx.Response:
    headers = {"If-Match": f'"{version or ticket["version"]}"'}
    return await desk.call("PATCH", f"/v1/tickets/{ticket['ticket_id']}", json=body, headers=headers)


async def deadline(desk: Desk, ticket: dict[str, Any], at: str | None, stamp: Any, **options: Any) -> httpx.Response:
    body = {"deadline_at": at, "version_stamp": stamp}
    return await desk.call("PUT", f"/v1/tickets/{ticket['ticket_id']}/deadline", json=body, **options)


@pytest.mark.parametrize(
    ("kind", "details", "kept"),
    [
        ("inquiry", None, {}),
        ("inquiry", {"post": "warehouse", "question": "库存？"}, {"post": "warehouse", "question": "库存？"}),
        ("suggestion", {"proposal": "加按钮"}, {"proposal": "加按钮"}),
        (
            "suggestion",
            {"proposal": "加按钮", "expected_benefit": "省时"},
            {"proposal": "加按钮", "expected_benefit": "省时"},
        ),
        ("fault_report", FAULT, {**FAULT, "since": "2026-11-21T02:00:00Z"}),
    ],
)
async def test_each_kind_has_its_own_fields(desk: Desk, kind: str, details: Any, kept: dict[str, Any]) -> None:
    """T1: kept as told, shown as kept; found by its kind."""
    ticket = await desk.open(kind=kind, **({"details": details} if details else {}))
    assert (ticket["kind"], ticket["details"]) == (kind, kept)
    listed = (await desk.call("GET", f"/v1/tickets?kind={kind}")).json()["items"]
    assert [one["ticket_id"] for one in listed] == [ticket["ticket_id"]]


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("/details/proposal", {"kind": "suggestion"}),
        ("/details/proposal", {"kind": "suggestion", "details": {}}),
        ("/details/outcome", {"kind": "suggestion", "details": {"proposal": "好", "outcome": "adopted"}}),
        ("/details/effect", {"kind": "fault_report", "details": {"broken": "灯"}}),
        ("/details/since", {"kind": "fault_report", "details": {**FAULT, "since": 1}}),
        ("/details/since", {"kind": "fault_report", "details": {**FAULT, "since": "2026-11-21T10:00:00"}}),
        ("/details/broken", {"kind": "fault_report", "details": {**FAULT, "broken": "两\n行"}}),
        ("/details/proposal", {"kind": "inquiry", "details": {"proposal": "加按钮"}}),
        ("/details/post", {"details": {"post": "仓 库"}}),
        ("/details", {"details": [1]}), ("/details", {"details": "x"}),
        ("/kind", {"kind": "complaint"}), ("/kind", {"kind": "refund"}), ("/kind", {"kind": "emergency"}),
        ("/kind", {"kind": "bad_review"}), ("/kind", {"kind": "merchant_report"}), ("/kind", {"kind": "riddle"}),
        ("/tags/0", {"tags": [" "]}), ("/tags/0", {"tags": ["长" * 33]}), ("/tags/1", {"tags": ["好", "a\x00"]}),
        ("/tags", {"tags": [f"t{n}" for n in range(21)]}), ("/tags", {"tags": [f"t{n}" for n in range(101)]}),
        ("/category", {"category": "质 量"}), ("/unit_id", {"unit_id": "x"}), ("/status", {"status": "closed"}),
        ("/tier", {"tier": "key"}), ("/assignee_staff_id", {"assignee_staff_id": str(new_id())}),
    ],
)  # fmt: skip
async def test_what_no_ticket_can_say_is_refused(desk: Desk, pointer: str, body: dict[str, Any]) -> None:
    """T1: by its place, and nothing is kept of it."""
    answer = await desk.call("POST", "/v1/tickets", json={"subject": "催发货", **body})
    assert faults(answer) == [pointer]
    rows = "SELECT (SELECT count(*) FROM ticket) + (SELECT count(*) FROM clock) + (SELECT count(*) FROM outbox) AS n"
    assert (await desk.rows(rows))[0].n == 0


async def test_a_suggestion_is_solved_with_what_became_of_it(desk: Desk) -> None:
    """T1: adopted, trialled or declined; nothing else is solved that way."""
    suggestion = await desk.open(kind="suggestion", details={"proposal": "加按钮"})
    inquiry = await desk.open()
    for ticket in (suggestion, inquiry):
        await desk.verb(ticket, "start")
    assert faults(await desk.verb(suggestion, "solve", solution="好主意")) == ["/outcome"]
    assert faults(await desk.verb(suggestion, "solve", solution="好主意", outcome="maybe")) == ["/outcome"]
    assert faults(await desk.verb(inquiry, "solve", solution="好", outcome="adopted")) == ["/outcome"]
    assert {(await shown(desk, one))["status"] for one in (suggestion, inquiry)} == {"open"}
    solved = await desk.verb(suggestion, "solve", solution="好主意", outcome="trialled")
    assert solved.json()["details"] == {"proposal": "加按钮", "outcome": "trialled"}
    edited = await edit(desk, solved.json(), details={"proposal": "加大按钮"})
    assert edited.json()["details"] == {"proposal": "加大按钮", "outcome": "trialled"}


async def test_tags_have_one_spelling(desk: Desk) -> None:
    """T1: full width, capitals and blanks make no second tag; found by any spelling."""
    ticket = await desk.open(tags=["ＶＩＰ", "vip", " 加急  处理 "])
    assert ticket["tags"] == ["vip", "加急 处理"]
    for spelling in ("VIP", "vip", "ｖｉｐ"):
        found = (await desk.call("GET", f"/v1/tickets?tag={spelling}")).json()["items"]
        assert [one["ticket_id"] for one in found] == [ticket["ticket_id"]]
    assert (await edit(desk, ticket, tags=[])).json()["tags"] == []
    assert (await desk.call("GET", "/v1/tickets?tag=vip")).json()["items"] == []
    assert (await desk.rows("SELECT count(*) AS n FROM ticket_tag"))[0].n == 0


async def test_what_a_ticket_says_is_changed_under_its_version(desk: Desk) -> None:
    """T1, X7: If-Match is asked for; the trail names fields, never words (X6); what is the same changes nothing."""
    ticket = await desk.open(tags=["a"])
    path = f"/v1/tickets/{ticket['ticket_id']}"
    missing = await desk.call("PATCH", path, json={"subject": "改"})
    assert (missing.status_code, missing.json()["type"]) == (428, "/problems/precondition-required")
    assert (await edit(desk, ticket, 7, subject="改")).status_code == 412
    answer = await edit(
        desk, ticket, subject="李小明 13812345678 催发货", description="已付", priority="urgent", category="delivery"
    )
    changed = answer.json()
    assert (answer.status_code, answer.headers["etag"], changed["tags"]) == (200, '"2"', ["a"])
    assert (changed["priority"], changed["category"], changed["status"]) == ("urgent", "delivery", "new")
    same = await edit(desk, changed, priority="urgent")
    assert same.headers["etag"] == '"2"'
    assert await desk.audits(ticket["ticket_id"]) == ["open", "edit"]
    (row,) = await desk.rows("SELECT after FROM audit WHERE action = 'edit'")
    assert row.after == {"subject": "…", "description": "…", "priority": "urgent", "category": "delivery"}
    found = (await desk.call("GET", "/v1/tickets/search?q=催发货")).json()["items"]
    assert len(found) == 1
    for pointer, body in (
        ("/status", {"status": "closed"}), ("/subject", {"subject": None}), ("", {}), ("/tags", {"tags": None}),
        ("/number", {"number": "T1"}), ("/assignee_staff_id", {"assignee_staff_id": None}),
        ("/details/proposal", {"details": {"proposal": "x"}}),
    ):  # fmt: skip
        assert faults(await edit(desk, changed, **body)) == [pointer], body
    assert (await edit(desk, changed, unit_id=str(new_id()))).json()["type"] == "/problems/not-yet-known"


async def test_twenty_edits_of_one_version(desk: Desk) -> None:
    """If-Match: one is done, the others have read something older."""
    import asyncio

    ticket = await desk.open()
    answers = await asyncio.gather(*(edit(desk, ticket, subject=f"第 {n} 改") for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 19]
    assert await desk.audits(ticket["ticket_id"]) == ["open", "edit"]


async def test_watchers_are_in_the_state_and_in_their_own_list(desk: Desk) -> None:
    """T1: put there once, taken away once; who has left or nobody knows watches nothing."""
    one, gone = a_colleague(), a_colleague(status="left")
    await desk.hear(one, gone)
    ticket, path = (ticket := await desk.open()), f"/v1/tickets/{ticket['ticket_id']}/watchers"
    for _ in range(2):
        answer = await desk.call("POST", path, json={"staff_id": str(one.staff_id)})
        assert (answer.status_code, answer.json()["watcher_staff_ids"]) == (200, [str(one.staff_id)])
    found = (await desk.call("GET", f"/v1/tickets?watcher_staff_id={one.staff_id}")).json()["items"]
    assert [it["ticket_id"] for it in found] == [ticket["ticket_id"]]
    assert faults(await desk.call("POST", path, json={"staff_id": str(gone.staff_id)})) == ["/staff_id"]
    unknown = await desk.call("POST", path, json={"staff_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["noun"]) == (409, "staff")
    started = await desk.verb(ticket, "start")
    assert started.json()["watcher_staff_ids"] == [str(one.staff_id)]
    away = await desk.call("DELETE", f"{path}/{one.staff_id}")
    assert (away.status_code, away.json()["watcher_staff_ids"]) == (200, [])
    assert (await desk.call("DELETE", f"{path}/{one.staff_id}")).status_code == 404
    assert (await desk.call("GET", f"/v1/tickets?watcher_staff_id={one.staff_id}")).json()["items"] == []
    assert await desk.audits(ticket["ticket_id"]) == ["open", "watch", "start", "unwatch"]


async def test_a_marketplaces_deadline_leads_the_list(desk: Desk) -> None:
    """T49: what is due first leads; a stamp rises only, and the same again is the same."""
    late, soon, none = (
        await desk.open(),
        await desk.open(),
        await desk.open(kind="suggestion", details={"proposal": "好"}),
    )
    at = "2026-11-21T12:30:00+08:00"
    answer = await deadline(desk, soon, at, 5)
    assert (answer.status_code, answer.json()["due_at"]) == (200, "2026-11-21T04:30:00Z")
    assert (answer.json()["deadline_at"], answer.json()["version_stamp"]) == ("2026-11-21T04:30:00Z", 5)
    listed = (await desk.call("GET", "/v1/tickets?sort=due&limit=2")).json()
    following = (await desk.call("GET", f"/v1/tickets?sort=due&limit=2&cursor={listed['next_cursor']}")).json()
    order = [one["ticket_id"] for one in listed["items"] + following["items"]]
    assert order == [one["ticket_id"] for one in (soon, late, none)]
    assert (await deadline(desk, soon, at, 5)).headers["etag"] == answer.headers["etag"]
    other = await deadline(desk, soon, None, 5)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/conflict")
    older = await deadline(desk, soon, at, 4)
    assert (older.status_code, older.json()["type"], older.json()["version_stamp"]) == (
        412,
        "/problems/stale-version",
        5,
    )
    taken_back = (await deadline(desk, soon, None, 6)).json()
    assert taken_back["deadline_at"] is None
    assert taken_back["due_at"] == late["due_at"]
    foreign = (await desk.call("GET", "/v1/tickets?limit=1")).json()["next_cursor"]
    assert faults(await desk.call("GET", f"/v1/tickets?sort=due&cursor={foreign}")) == ["/query/cursor"]


@pytest.mark.parametrize(
    ("pointer", "at", "stamp"),
    [
        ("/version_stamp", None, -1), ("/version_stamp", None, 2**53), ("/version_stamp", None, "5"),
        ("/version_stamp", None, 1.5), ("/version_stamp", None, None), ("/deadline_at", "tomorrow", 5),
        ("/deadline_at", "2026-11-21T12:30:00", 5),
    ],
)  # fmt: skip
async def test_a_deadline_that_is_none_is_refused(desk: Desk, pointer: str, at: Any, stamp: Any) -> None:
    """T49."""
    ticket = await desk.open()
    assert faults(await deadline(desk, ticket, at, stamp)) == [pointer]
    assert (await shown(desk, ticket))["version"] == 1


async def test_a_verb_decided_on_another_version_of_the_marketplaces_case_is_refused(desk: Desk) -> None:
    """T49: older or newer than what is known here; without the header nobody asks."""
    ticket = await desk.open()
    body = {"start": {}, "cancel": {"reason": "误开"}, "messages": {"text": "好"}}
    for named in ("5", "0"):
        refused = await desk.verb(ticket, "start", headers={"Marketplace-Version": named})
        assert (refused.status_code, refused.json()["type"]) == (412, "/problems/stale-version")
    await deadline(desk, ticket, None, 5)
    for verb, asked in body.items():
        for named in ("4", "6"):
            refused = await desk.verb(ticket, verb, headers={"Marketplace-Version": named}, **asked)
            assert (refused.status_code, refused.json()["version_stamp"]) == (412, 5), verb
    malformed = await desk.verb(ticket, "start", headers={"Marketplace-Version": "five"})
    assert faults(malformed) == ["/header/marketplace-version"]
    assert (await desk.verb(ticket, "start", headers={"Marketplace-Version": "5"})).status_code == 200
    unknown = {"ticket_id": str(new_id())}
    assert (await desk.verb(unknown, "start", headers={"Marketplace-Version": "5"})).status_code == 404


async def test_a_ticket_keeps_the_tier_of_its_opening(desk: Desk) -> None:
    """T58: of its own shop, through a merge of files; what changes later changes no ticket, and it picks the targets."""
    tiers = (ShopTier(shop="main", tier=Tier.KEY), ShopTier(shop="outlet", tier=Tier.BAD))
    file = a_file(desk.account("ming"), desk.account("ming", "outlet"), tiers=tiers)
    await desk.hear(file)
    await desk.put("A-1")
    await desk.put("A-1", "outlet")
    key, plain = await desk.open(order_no="A-1"), await desk.open()
    bad = await desk.open(order_no="A-1", shop="outlet")
    assert [one["tier"] for one in (key, bad, plain)] == ["key", "bad", None]
    await desk.hear(file.model_copy(update={"tiers": (ShopTier(shop="main", tier=Tier.SMALL),)}))
    assert (await desk.verb(key, "start")).json()["tier"] == "key"
    assert [(await desk.open(order_no="A-1", shop=shop))["tier"] for shop in ("main", "outlet")] == ["small", None]
    first = {
        one["ticket_id"]: next(it for it in one["clocks"] if it["kind"] == "first_reply") for one in (key, plain)
    }
    assert first[key["ticket_id"]]["due_at"] < first[plain["ticket_id"]]["due_at"]
    survivor = a_file(tiers=tiers[:1])
    absorbed = file.model_copy(update={"tiers": (), "merged_into": survivor.customer_id})
    await desk.hear(survivor, absorbed)
    again = await desk.open(order_no="A-1")
    assert (again["customer_id"], again["tier"]) == (str(survivor.customer_id), "key")
    found = (await desk.call("GET", f"/v1/tickets?customer_id={survivor.customer_id}&limit=50")).json()["items"]
    assert {key["ticket_id"], again["ticket_id"]} <= {one["ticket_id"] for one in found}


async def test_buyers_and_storefronts_see_nothing_of_the_house(desk: Desk) -> None:
    """T1, X6: neither tier nor hands nor tags nor clocks; nor may they ask by them."""
    colleague = a_colleague()
    file = a_file(desk.account("ming"), tiers=(ShopTier(shop="main", tier=Tier.BAD),))
    await desk.hear(colleague)
    await desk.hear(file)
    await desk.put()
    own = {"account_id": desk.account("ming"), "shops": ["main"]}
    ticket = await desk.open(
        order_no="A-1", description="客户很凶", tags=["难缠"], category="x", by={"staff_id": new_id()}
    )
    await desk.verb(ticket, "assign", "manager", staff_id=str(colleague.staff_id))
    await deadline(desk, ticket, "2026-11-21T12:30:00+08:00", 5)
    for claims in (own, {"client_id": "shop"}):
        seen = await shown(desk, ticket, "storefront", **claims)
        for name in ("tier", "assignee_staff_id", "group", "unit_id", "category", "description", "deadline_at", "due_at",
                     "version_stamp", "opened_by_staff_id"):  # fmt: skip
            assert seen[name] is None, name
        assert (seen["tags"], seen["watcher_staff_ids"], seen["clocks"], seen["details"]) == ([], [], [], {})
        assert (seen["subject"], seen["status"], seen["opened_by"]) == ("催发货", "new", "staff")
        listed = (await desk.call("GET", "/v1/tickets", "storefront", **claims)).json()["items"]
        assert listed == [seen]
        for query in ("tag=难缠", "category=x", f"assignee_staff_id={colleague.staff_id}", "unassigned=true", "sort=due",
                      "group=g", "priority=high", f"watcher_staff_id={new_id()}", f"unit_id={new_id()}"):  # fmt: skip
            refused = await desk.call("GET", f"/v1/tickets?{query}", "storefront", **claims)
            assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden"), query
    mine = await desk.open("storefront", by=own, description="我的话")
    assert (await shown(desk, mine, "storefront", **own))["description"] == "我的话"
    refused = await deadline(desk, mine, None, 9, role="storefront", **own)
    assert refused.status_code == 403


async def test_lists_by_all_that_a_ticket_says(desk: Desk) -> None:
    """T5: each filter alone, by what it is about, whose it is and when it was opened."""
    colleague = a_colleague()
    await desk.hear(colleague)
    one = await desk.open(tags=["vip"], category="invoice", priority="high", channel="phone")
    other = await desk.open(channel="email")
    await desk.verb(one, "assign", "manager", staff_id=str(colleague.staff_id))
    for query, found in (
        ("tag=vip", [one]), ("category=invoice", [one]), ("priority=high", [one]), ("channel=email", [other]),
        ("unassigned=true", [other]), (f"assignee_staff_id={colleague.staff_id}", [one]),
        (f"number={other['number']}", [other]), ("number=T20200101-000001", []), ("group=nobody", []),
        (f"unit_id={new_id()}", []), (f"customer_id={new_id()}", []), ("tag=vip&unassigned=true", []),
    ):  # fmt: skip
        listed = (await desk.call("GET", f"/v1/tickets?{query}")).json()["items"]
        assert [it["ticket_id"] for it in listed] == [it["ticket_id"] for it in found], query
    for pointer, query in (("/query/number", "number=7"), ("/query/sort", "sort=oldest"), ("/query/tag", "tag=%20"),
                           ("/query/opened_from", "opened_from=yesterday")):  # fmt: skip
        assert faults(await desk.call("GET", f"/v1/tickets?{query}")) == [pointer]


async def test_what_was_opened_in_a_span_of_time(start_service: Any) -> None:
    """T5: the start counts, the end doesn't; by the clock on the wall, as ids are."""
    from kit.clock import SystemClock

    async with start_service("ticket", clock=SystemClock()) as client:
        desk = Desk(client, SystemClock())  # type: ignore[arg-type]
        tickets = [await desk.open() for _ in range(3)]
        at = [one["opened_at"] for one in tickets]

        async def found(query: str) -> list[str]:
            answer = await desk.call("GET", f"/v1/tickets?{query}")
            return [one["ticket_id"] for one in answer.json()["items"]]

        ids = [one["ticket_id"] for one in tickets]
        assert await found(f"opened_from={at[1]}") == [ids[2], ids[1]]
        assert await found(f"opened_to={at[1]}") == [ids[0]]
        assert await found(f"opened_from={at[1]}&opened_to={at[2]}") == [ids[1]]
        assert await found("opened_to=2026-01-01T00:00:00Z") == []
        assert await found("opened_from=2199-01-01T00:00:00Z") == []


async def test_history_says_who_did_what_and_never_which_words(desk: Desk) -> None:
    """X7, X6: newest first, in pages; for the house and its auditors."""
    ticket = await desk.open(by={"sub": "staff:feifei"})
    await desk.verb(ticket, "start", by={"sub": "staff:feifei"})
    desk.clock.advance(timedelta(minutes=1))
    await desk.verb(ticket, "wait", waiting_on="customer", reason="等 13812345678 回电")
    path = f"/v1/tickets/{ticket['ticket_id']}/history"
    rows = (await desk.call("GET", path)).json()["items"]
    assert [row["action"] for row in rows] == ["wait", "start", "open"]
    assert (rows[1]["actor"], rows[0]["reason"], rows[0]["after"]["waiting_on"]) == (
        "staff:feifei",
        "等 **** 回电",
        "customer",
    )
    assert rows[0]["at"] > rows[1]["at"]
    first = (await desk.call("GET", f"{path}?limit=2")).json()
    second = (await desk.call("GET", f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    assert first["items"] + second["items"] == rows
    assert (await desk.call("GET", path, shops=["outlet"])).status_code == 404
    for role in sorted(set(ROLES) - roles_with("ticket:history")):
        assert (await desk.call("GET", path, role)).status_code == 403
    clocks = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}/clocks")).json()["items"]
    assert {one["kind"] for one in clocks} == {"first_reply", "solution"}
    assert NOON.date().isoformat() in clocks[0]["started_at"]
