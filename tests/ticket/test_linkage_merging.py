"""T3: merging, splitting, linking, following up; nothing gets lost and nothing goes in circles."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from ticket_desk import Desk, a_colleague, a_file, faults

from kit.ids import new_id


async def shown(desk: Desk, ticket: dict[str, Any], **claims: Any) -> dict[str, Any]:
    answer = await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}", **claims)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def say(desk: Desk, ticket: dict[str, Any], text: str, **options: Any) -> dict[str, Any]:
    body = {"text": text, "visibility": options.pop("visibility", "public")}
    answer = await desk.call("POST", f"/v1/tickets/{ticket['ticket_id']}/messages", json=body, **options)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def texts(desk: Desk, ticket: dict[str, Any]) -> list[str]:
    answer = await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}/messages?limit=200")
    return [one["text"] for one in answer.json()["items"]]


async def merge(desk: Desk, ticket: dict[str, Any], into: dict[str, Any], **options: Any) -> httpx.Response:
    body = {"into_ticket_id": into["ticket_id"], "reason": "同一件事"}
    return await desk.call("POST", f"/v1/tickets/{ticket['ticket_id']}/merge", json=body, **options)


async def link(
    desk: Desk, ticket: dict[str, Any], kind: str, other: dict[str, Any], **options: Any
) -> httpx.Response:
    body = {"kind": kind, "ticket_id": other["ticket_id"]}
    return await desk.call("POST", f"/v1/tickets/{ticket['ticket_id']}/links", json=body, **options)


async def follow_up(desk: Desk, ticket: dict[str, Any], **body: Any) -> httpx.Response:
    return await desk.call("POST", f"/v1/tickets/{ticket['ticket_id']}/follow-ups", json=body)


def because(answer: httpx.Response) -> str:
    assert answer.status_code == 409, answer.text
    return str(answer.json()["because"])


async def test_a_merged_ticket_is_found_and_leads_to_the_other(desk: Desk) -> None:
    """T3: its messages and watchers move, its clocks end without a verdict, its number is found and says where."""
    colleague = a_colleague()
    await desk.hear(colleague)
    one, other = await desk.open(subject="催发货"), await desk.open(subject="还没发货")
    await say(desk, one, "第一句")
    await say(desk, other, "第二句")
    await say(desk, one, "备注", visibility="internal")
    watch = {"staff_id": str(colleague.staff_id)}
    assert (await desk.call("POST", f"/v1/tickets/{one['ticket_id']}/watchers", json=watch)).status_code == 200
    answer = await merge(desk, one, other, staff_id=new_id())
    gone = answer.json()
    assert (answer.status_code, gone["status"], gone["outcome"]) == (200, "closed", "merged")
    assert (gone["merged_into"], gone["due_at"], gone["allowed"]) == (other["ticket_id"], None, [])
    assert {clock["status"] for clock in gone["clocks"]} == {"met", "dropped"}
    assert await texts(desk, other) == ["第一句", "第二句", "备注"] == await texts(desk, one)
    assert (await shown(desk, other))["watcher_staff_ids"] == [str(colleague.staff_id)]
    found = (await desk.call("GET", f"/v1/tickets?number={one['number']}")).json()["items"]
    assert [(it["ticket_id"], it["merged_into"]) for it in found] == [(one["ticket_id"], other["ticket_id"])]
    assert (await desk.subjects(one["ticket_id"]))[-2:] == ["ticket.merged", "ticket.closed"]
    rows = await desk.rows("SELECT body FROM outbox WHERE subject IN ('ticket.merged', 'ticket.closed') ORDER BY id")
    merged, closed = (orjson.loads(bytes(row.body)) for row in rows)
    assert (merged["into_ticket_id"], merged["into_number"]) == (other["ticket_id"], other["number"])
    assert (closed["outcome"], closed["ticket"]["status"]) == ("merged", "closed")
    assert (await desk.audits(one["ticket_id"]))[-1] == "merge"
    assert "absorb" in await desk.audits(other["ticket_id"])
    came = await desk.call("GET", f"/v1/tickets/{other['ticket_id']}/messages")
    assert [message["came_from"] for message in came.json()["items"]] == [one["ticket_id"], None, one["ticket_id"]]


async def test_what_was_merged_before_leads_to_the_end(desk: Desk) -> None:
    """T3: a into b, b into c: both lead to c, and whoever writes on a is heard on c."""
    a, b, c = [await desk.open() for _ in range(3)]
    assert (await merge(desk, a, b)).status_code == 200
    assert (await merge(desk, b, c)).status_code == 200
    assert [(await shown(desk, one))["merged_into"] for one in (a, b)] == [c["ticket_id"]] * 2
    assert (await say(desk, a, "还有一句"))["ticket_id"] == c["ticket_id"]
    assert await texts(desk, a) == await texts(desk, c) == ["还有一句"]


async def test_what_can_not_be_merged_says_why(desk: Desk) -> None:
    """T3, T40: into itself, in a circle, across shops, customers and accounts, what has ended, what has stages."""
    ming, hong = a_file(desk.account("ming"), desk.account("ming2")), a_file(desk.account("hong"))
    await desk.hear(ming, hong)
    for number, buyer in (("A-1", "ming"), ("A-2", "hong"), ("A-3", "ming2")):
        await desk.put(number, buyer=buyer)
    await desk.put("A-4", "outlet", buyer="ming")
    mings, hongs, second = [await desk.open(order_no=f"A-{n}") for n in (1, 2, 3)]
    elsewhere = await desk.open(order_no="A-4", shop="outlet")
    ended, staged = await desk.open(), await desk.open()
    await desk.verb(ended, "cancel", reason="误开")
    await desk.change("UPDATE ticket SET kind = 'complaint' WHERE ticket_id = :one", one=staged["ticket_id"])
    nobodys = await desk.open()
    before = await desk.rows("SELECT count(*) AS n FROM audit")
    for one, other, why in (
        (mings, mings, "itself"), (mings, elsewhere, "another_shop"), (mings, hongs, "another_customer"),
        (mings, second, "another_customer"), (mings, nobodys, "another_customer"), (ended, nobodys, "ended"),
        (nobodys, ended, "ended"), (nobodys, staged, "staged"), (staged, nobodys, "staged"),
    ):  # fmt: skip
        assert because(await merge(desk, one, other)) == why, (one["number"], why)
    assert await desk.rows("SELECT count(*) AS n FROM audit") == before
    by_phone = await desk.open(customer_id=str(ming.customer_id))
    assert (await merge(desk, by_phone, mings)).status_code == 200
    assert because(await merge(desk, mings, by_phone)) == "circle"


async def test_a_buyer_still_reads_what_was_merged(desk: Desk) -> None:
    """T40: the buyer's own ticket became part of one opened by phone, for the same customer."""
    file = a_file(desk.account("ming"))
    await desk.hear(file)
    buyer = {"account_id": desk.account("ming"), "shops": ["main"]}
    own = await desk.open("storefront", by=buyer, channel="email")
    await say(desk, own, "我的话", role="storefront", **buyer)
    by_phone = await desk.open(customer_id=str(file.customer_id), channel="phone")
    assert (await merge(desk, own, by_phone)).status_code == 200
    for ticket in (own, by_phone):
        path = f"/v1/tickets/{ticket['ticket_id']}/messages"
        found = (await desk.call("GET", path, "storefront", **buyer)).json()["items"]
        assert [one["text"] for one in found] == ["我的话"]
    again = await say(desk, own, "还在吗", role="storefront", **buyer)
    assert again["ticket_id"] == by_phone["ticket_id"]
    other = {"account_id": desk.account("hong"), "shops": ["main"]}
    assert (await desk.call("GET", f"/v1/tickets/{by_phone['ticket_id']}", "storefront", **other)).status_code == 404


async def test_a_shops_policy_says_how_much_may_hang_on_a_ticket(desk: Desk) -> None:
    """X3: tags, watchers, links, messages of one split; one more is refused, and what is there stays."""
    few = '{"tags"\\: 1, "watchers"\\: 1, "links"\\: 1, "messages_moved"\\: 1}'
    row = "INSERT INTO policy (name, shop, version, effective_from, document, saved_by) VALUES"
    await desk.change(f"{row} ('ticket-limits', 'main', 2, '2026-01-01T00:00:00Z', '{few}', 'staff:chief')")
    people = [a_colleague() for _ in range(2)]
    await desk.hear(*people)
    a, b, c = [await desk.open() for _ in range(3)]
    assert faults(await desk.call("POST", "/v1/tickets", json={"subject": "x", "tags": ["a", "b"]})) == ["/tags"]
    watching = [await desk.verb(a, "watchers", staff_id=str(one.staff_id)) for one in people]
    assert [answer.status_code for answer in watching] == [200, 422]
    assert (await link(desk, a, "follows", b)).status_code == 201
    assert because(await link(desk, a, "follows", c)) == "too_many"
    said = [await say(desk, a, text) for text in ("一", "二")]
    split = await desk.verb(a, "split", subject="另", message_ids=[one["message_id"] for one in said])
    assert faults(split) == ["/message_ids"]


async def test_merging_into_what_is_out_of_sight(desk: Desk) -> None:
    """T40, X1: unknown, or another shop's: not there. A buyer merges nothing."""
    one, other = await desk.open(), await desk.open(shop="outlet")
    assert (await merge(desk, one, other, shops=["main"])).status_code == 404
    assert (await merge(desk, one, {"ticket_id": str(new_id())})).status_code == 404
    assert (await merge(desk, one, other, role="storefront")).status_code == 403
    assert (await shown(desk, one))["merged_into"] is None


async def test_two_opposite_merges_at_once(desk: Desk) -> None:
    """T3, I10: they never wait for each other; one is done, the other is told that it is a circle."""
    for _ in range(8):
        one, other = await desk.open(), await desk.open()
        answers = await asyncio.gather(merge(desk, one, other), merge(desk, other, one))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}
        assert [because(answer) for answer in answers if answer.status_code == 409] == ["circle"]
        ends = [(await shown(desk, it))["merged_into"] for it in (one, other)]
        assert ends.count(None) == 1


async def test_twenty_merge_one_ticket_into_twenty(desk: Desk) -> None:
    """I4: it goes into one of them; the messages are in one place, every sequence is whole."""
    ticket = await desk.open()
    await say(desk, ticket, "只有一句")
    others = [await desk.open() for _ in range(10)]
    answers = await asyncio.gather(*(merge(desk, ticket, other) for other in others))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    assert {because(answer) for answer in answers if answer.status_code == 409} == {"ended"}
    into = (await shown(desk, ticket))["merged_into"]
    holding = [other["ticket_id"] for other in others if await texts(desk, other)]
    assert holding == [into]
    assert (await desk.subjects(ticket["ticket_id"]))[-2:] == ["ticket.merged", "ticket.closed"]


async def test_merging_and_writing_at_once_loses_no_message(desk: Desk) -> None:
    """T3: whoever comes later is heard on the surviving ticket, or asked to try again."""
    one, other = await desk.open(), await desk.open()
    path = f"/v1/tickets/{one['ticket_id']}/messages"
    writing = [desk.call("POST", path, json={"text": f"第 {n} 句"}) for n in range(10)]
    merged, *answers = await asyncio.gather(merge(desk, one, other), *writing)
    assert merged.status_code == 200
    assert {answer.status_code for answer in answers} <= {201, 409}
    kept = sum(answer.status_code == 201 for answer in answers)
    rows = await desk.rows("SELECT ticket_id, count(*) AS n FROM ticket_message GROUP BY ticket_id")
    assert [(row.ticket_id, row.n) for row in rows] == ([(UUID(other["ticket_id"]), kept)] if kept else [])


async def test_a_merged_ticket_is_not_worked_on(desk: Desk) -> None:
    """T3: every verb is refused and says where the matter is dealt with."""
    one, other = await desk.open(), await desk.open()
    await merge(desk, one, other)
    for verb, body in (
        ("reopen", {"reason": "又来了"}), ("start", {}), ("cancel", {"reason": "误"}), ("release", {"reason": "忙"}),
        ("follow-ups", {"subject": "又来"}), ("split", {"subject": "另一件", "message_ids": [str(new_id())]}),
    ):  # fmt: skip
        answer = await desk.verb(one, verb, **body)
        assert (answer.status_code, answer.json().get("merged_into")) == (409, other["ticket_id"]), verb
    headers = {"If-Match": f'"{(await shown(desk, one))["version"]}"'}
    path = f"/v1/tickets/{one['ticket_id']}"
    assert (await desk.call("PATCH", path, json={"subject": "改"}, headers=headers)).status_code == 409


async def test_split_takes_messages_into_a_ticket_below(desk: Desk) -> None:
    """T3: about the same order and customer, told as split, linked to its parent; the others stay."""
    await desk.put()
    ticket = await desk.open(order_no="A-1", channel="wechat")
    said = [await say(desk, ticket, text) for text in ("发货", "发票抬头", "发票税号")]
    body = {"subject": "开票", "message_ids": [one["message_id"] for one in said[1:]], "category": "invoice"}
    answer = await desk.verb(ticket, "split", headers={"Idempotency-Key": "s-1"}, **body)
    new = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/tickets/{new['ticket_id']}")
    assert {name: new[name] for name in ("order_no", "channel", "category", "status", "account_id")} == {
        "order_no": "A-1", "channel": "wechat", "category": "invoice", "status": "new",
        "account_id": ticket["account_id"],
    }  # fmt: skip
    assert await texts(desk, ticket) == ["发货"]
    assert await texts(desk, new) == ["发票抬头", "发票税号"]
    (row,) = await desk.rows("SELECT body FROM outbox WHERE subject = 'ticket.opened' ORDER BY id DESC LIMIT 1")
    opened = orjson.loads(bytes(row.body))
    assert (opened["source"], opened["parent_ticket_id"]) == ("split", ticket["ticket_id"])
    links = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}/links")).json()["items"]
    assert [(it["kind"], it["ticket_id"], it["other_id"]) for it in links] == [
        ("parent", new["ticket_id"], ticket["ticket_id"])
    ]
    again = await desk.verb(ticket, "split", headers={"Idempotency-Key": "s-1"}, **body)
    assert again.content == answer.content
    foreign = await desk.verb(
        ticket, "split", subject="开票", message_ids=[said[0]["message_id"], said[1]["message_id"]]
    )
    assert faults(foreign) == ["/message_ids/1"]


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("/message_ids", {"message_ids": []}), ("/message_ids", {}), ("/subject", {"subject": " "}),
        ("/message_ids/0", {"message_ids": ["eins"]}), ("/kind", {"kind": "complaint"}),
        ("/details/proposal", {"kind": "suggestion"}), ("/status", {"status": "closed"}),
        ("/message_ids", {"message_ids": [str(UUID(int=1))] * 2}),
    ],
)  # fmt: skip
async def test_a_split_that_makes_no_sense_is_refused(desk: Desk, pointer: str, body: dict[str, Any]) -> None:
    """T3: and no ticket is opened."""
    ticket = await desk.open()
    asked = {
        "subject": "开票",
        **({} if pointer == "/message_ids" and not body else {"message_ids": [str(new_id())]}),
        **body,
    }
    assert faults(await desk.verb(ticket, "split", **asked)) == [pointer]
    assert (await desk.rows("SELECT count(*) AS n FROM ticket"))[0].n == 1


async def test_links_refuse_what_makes_no_sense(desk: Desk) -> None:
    """T3: not to itself, not twice, not two parents, not in a circle, not across shops."""
    a, b, c = [await desk.open() for _ in range(3)]
    elsewhere = await desk.open(shop="outlet")
    assert because(await link(desk, a, "follows", a)) == "itself"
    made = await link(desk, a, "parent", b)
    assert (made.status_code, made.json()["kind"]) == (201, "parent")
    assert because(await link(desk, a, "parent", b)) == "there_already"
    assert because(await link(desk, a, "parent", c)) == "has_one_already"
    assert because(await link(desk, b, "parent", a)) == "circle"
    assert (await link(desk, b, "parent", c)).status_code == 201
    assert because(await link(desk, c, "parent", a)) == "circle"
    assert (await link(desk, c, "duplicate_of", a)).status_code == 201
    assert because(await link(desk, a, "follows", elsewhere)) == "another_shop"
    assert (await link(desk, a, "follows", elsewhere, shops=["main"])).status_code == 404
    assert (await link(desk, a, "follows", {"ticket_id": str(new_id())})).status_code == 404
    path = f"/v1/tickets/{a['ticket_id']}/links/{made.json()['link_id']}"
    assert (await desk.call("DELETE", path)).status_code == 200
    assert (await desk.call("DELETE", path)).status_code == 404
    assert (await link(desk, a, "parent", c)).status_code == 201
    assert (await desk.audits(a["ticket_id"]))[-3:] == ["link", "unlink", "link"]


async def test_a_circle_is_not_closed_by_many_at_once(desk: Desk) -> None:
    """T3: a below b, b below c, c below a, all at the same time: one of them is refused."""
    a, b, c = [await desk.open() for _ in range(3)]
    pairs = [(a, b), (b, c), (c, a)]
    answers = await asyncio.gather(*(link(desk, one, "parent", other) for one, other in pairs))
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 1}


async def test_a_follow_up_is_of_what_has_ended(desk: Desk) -> None:
    """T2: with its order, customer and shop; while a ticket is worked on there is nothing to take up again."""
    file = a_file(desk.account("ming", "outlet"), shop="outlet")
    await desk.hear(file)
    await desk.put("A-1", "outlet")
    ticket = await desk.open(order_no="A-1", shop="outlet", channel="phone")
    refused = await follow_up(desk, ticket)
    assert (refused.status_code, refused.json()["verb"]) == (409, "follow-up")
    await desk.verb(ticket, "start")
    await desk.verb(ticket, "solve", solution="好")
    answer = await follow_up(desk, ticket, subject="又坏了", channel="email")
    new = answer.json()
    expected = {
        "order_no": "A-1", "shop": "outlet", "customer_id": str(file.customer_id), "subject": "又坏了",
        "channel": "email", "status": "new",
    }  # fmt: skip
    assert answer.status_code == 201
    assert {name: new[name] for name in expected} == expected
    plain = (await follow_up(desk, ticket)).json()
    assert plain["subject"] == f"跟进 {ticket['number']}：催发货"
    links = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}/links")).json()["items"]
    assert [(it["kind"], it["ticket_id"]) for it in links] == [
        ("follows", new["ticket_id"]), ("follows", plain["ticket_id"])
    ]  # fmt: skip
