"""T1, T2, T48: what is said on a ticket, who sees it, and what it does to the ticket and its clocks."""

from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from ticket_desk import Desk, faults

from kit.ids import new_id

CALL = "客户电话 13812345678，情绪激动"


async def say(
    desk: Desk, ticket: dict[str, Any], text: str = "您好", role: str = "agent", **options: Any
) -> httpx.Response:
    """Write a message."""
    visibility = options.pop("visibility", None)
    body = {"text": text, **({"visibility": visibility} if visibility else {})}
    return await desk.call("POST", f"/v1/tickets/{ticket['ticket_id']}/messages", role, json=body, **options)


async def said(desk: Desk, ticket: dict[str, Any], query: str = "", role: str = "agent", **claims: Any) -> list[Any]:
    """The messages of a ticket, as that caller reads them."""
    path = f"/v1/tickets/{ticket['ticket_id']}/messages?limit=200{query}"
    answer = await desk.call("GET", path, role, **claims)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def shown(desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
    return dict((await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json())


async def events(desk: Desk, subject: str, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    rows = await desk.rows(
        "SELECT body FROM outbox WHERE subject = :subject AND aggregate_id = :one ORDER BY id",
        subject=subject, one=ticket["ticket_id"],
    )  # fmt: skip
    return [orjson.loads(bytes(row.body)) for row in rows]


def clock(ticket: dict[str, Any], kind: str) -> str | None:
    """How the newest clock of that kind stands."""
    return next((one["status"] for one in ticket["clocks"] if one["kind"] == kind), None)


async def buyers_ticket(desk: Desk, **facts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A ticket of a buyer, and the claims of that buyer's token."""
    buyer = {"account_id": desk.account("ming"), "shops": ["main"]}
    return await desk.open("storefront", by=buyer, channel="email", **facts), buyer


async def test_only_a_message_that_the_customer_sees_stops_the_first_reply_clock(desk: Desk) -> None:
    """T48: not starting, not waiting, not a note, not the customer's own words; told with how long it took."""
    ticket, buyer = await buyers_ticket(desk)
    me = new_id()
    for verb, body in (("start", {}), ("wait", {"waiting_on": "courier", "reason": "等"}), ("resume", {})):
        await desk.verb(ticket, verb, by={"staff_id": me}, **body)
    assert (await say(desk, ticket, CALL, visibility="internal")).status_code == 201
    assert (await say(desk, ticket, "在吗", "storefront", **buyer)).status_code == 201
    assert clock(await shown(desk, ticket), "first_reply") == "running"
    desk.clock.advance(timedelta(minutes=7))
    answer = await say(desk, ticket, "马上查", staff_id=me)
    message = answer.json()
    assert (answer.status_code, message["author"], message["staff_id"]) == (201, "staff", str(me))
    assert clock(await shown(desk, ticket), "first_reply") == "met"
    told = [one for one in await events(desk, "ticket.replied", ticket) if one["author"] == "staff"]
    assert [(one["first"], one["waited_seconds"], one["automatic"]) for one in told] == [(True, 420, False)]
    assert told[0]["message_id"] == message["message_id"]
    await say(desk, ticket, "还在查", staff_id=me)
    told = [one for one in await events(desk, "ticket.replied", ticket) if one["author"] == "staff"]
    assert [one["first"] for one in told] == [True, False]


async def test_the_next_reply_is_due_when_the_customer_writes_again(desk: Desk) -> None:
    """T43: its clock starts with the customer's words and ends with ours."""
    ticket, buyer = await buyers_ticket(desk)
    await desk.verb(ticket, "start")
    await say(desk, ticket)
    assert clock(await shown(desk, ticket), "next_reply") is None
    await say(desk, ticket, "还是不行", "storefront", **buyer)
    now = await shown(desk, ticket)
    assert clock(now, "next_reply") == "running"
    assert now["due_at"] == min(one["due_at"] for one in now["clocks"] if one["status"] == "running")
    await say(desk, ticket, "再试一次")
    assert clock(await shown(desk, ticket), "next_reply") == "met"


async def test_notes_are_for_the_house_alone(desk: Desk) -> None:
    """T1: not read, not counted, not asked for, not written by buyers and storefronts."""
    ticket, buyer = await buyers_ticket(desk)
    await say(desk, ticket, "公开")
    await say(desk, ticket, CALL, visibility="internal")
    assert [one["visibility"] for one in await said(desk, ticket)] == ["public", "internal"]
    assert [one["text"] for one in await said(desk, ticket, "&visibility=internal")] == [CALL]
    for claims in (buyer, {"client_id": "shop"}):
        assert [one["text"] for one in await said(desk, ticket, role="storefront", **claims)] == ["公开"]
        assert await said(desk, ticket, "&visibility=internal", "storefront", **claims) == []
        refused = await say(desk, ticket, "悄悄话", "storefront", visibility="internal", **claims)
        assert faults(refused) == ["/visibility"]


async def test_pages_of_what_a_buyer_reads_have_no_gaps_where_notes_stand(desk: Desk) -> None:
    """T1, T5: a full page is full, and only there is a next one."""
    ticket, buyer = await buyers_ticket(desk)
    for n in range(3):
        await say(desk, ticket, f"回复 {n}")
        await say(desk, ticket, f"备注 {n}", visibility="internal")
    path = f"/v1/tickets/{ticket['ticket_id']}/messages?limit=2"
    first = await desk.call("GET", path, "storefront", **buyer)
    second = await desk.call("GET", f"{path}&cursor={first.json()['next_cursor']}", "storefront", **buyer)
    texts = [one["text"] for answer in (first, second) for one in answer.json()["items"]]
    assert (texts, second.json()["next_cursor"]) == (["回复 0", "回复 1", "回复 2"], None)
    other = await desk.open()
    foreign = f"/v1/tickets/{other['ticket_id']}/messages?cursor={first.json()['next_cursor']}"
    assert faults(await desk.call("GET", foreign)) == ["/query/cursor"]


async def test_words_stay_here(desk: Desk) -> None:
    """X6: no message's words in an event or in the trail."""
    ticket, buyer = await buyers_ticket(desk)
    await say(desk, ticket, CALL)
    await say(desk, ticket, CALL, visibility="internal")
    await say(desk, ticket, CALL, "storefront", **buyer)
    for table in ("SELECT body::text AS said FROM outbox", "SELECT audit::text AS said FROM audit"):
        rows = await desk.rows(table.replace("body::text", "convert_from(body, 'UTF8')").replace("::", "\\:\\:"))
        assert rows
        assert not [row for row in rows if "13812345678" in row.said or "情绪" in row.said]
    assert (await desk.audits(ticket["ticket_id"]))[-3:] == ["reply", "note", "reply"]


async def test_a_customer_resumes_what_waits_for_the_customer_and_nothing_else(desk: Desk) -> None:
    """T2: waiting for a courier goes on; waiting for the customer is over, and the solution clock runs again."""
    ticket, buyer = await buyers_ticket(desk)
    await desk.verb(ticket, "start")
    await desk.verb(ticket, "wait", waiting_on="courier", reason="等快递")
    await say(desk, ticket, "有消息吗", "storefront", **buyer)
    assert (await shown(desk, ticket))["status"] == "waiting"
    await desk.verb(ticket, "wait", waiting_on="customer", reason="等照片")
    assert clock(await shown(desk, ticket), "solution") == "paused"
    await say(desk, ticket, "照片在这里", "storefront", **buyer)
    now = await shown(desk, ticket)
    assert (now["status"], now["waiting_on"], clock(now, "solution")) == ("open", None, "running")
    assert (await desk.subjects(ticket["ticket_id"]))[-2:] == ["ticket.waiting", "ticket.replied"]


async def test_a_customer_opens_a_solved_ticket_again_while_its_days_last(desk: Desk) -> None:
    """T2: within 30 days the same ticket, told as reopened and with a new solution clock; after them a follow-up."""
    ticket, buyer = await buyers_ticket(desk)
    await desk.verb(ticket, "start")
    await desk.verb(ticket, "solve", solution="已补发")
    assert (await shown(desk, ticket))["due_at"] is None
    desk.clock.advance(timedelta(days=29))
    again = (await say(desk, ticket, "没收到", "storefront", **buyer)).json()
    now = await shown(desk, ticket)
    assert (again["ticket_id"], now["status"], now["times_reopened"]) == (ticket["ticket_id"], "open", 1)
    assert now["due_at"] is not None
    await desk.verb(ticket, "solve", solution="再补发")
    desk.clock.advance(timedelta(days=30))
    later = (await say(desk, ticket, "还是没收到", "storefront", **buyer)).json()
    assert later["ticket_id"] != ticket["ticket_id"]
    follow_up = await shown(desk, later)
    assert (follow_up["status"], follow_up["kind"], follow_up["account_id"]) == (
        "new",
        "inquiry",
        ticket["account_id"],
    )
    (opened,) = await events(desk, "ticket.opened", later)
    assert (opened["source"], opened["follows_ticket_id"]) == ("follow_up", ticket["ticket_id"])
    assert (await shown(desk, ticket))["status"] == "solved"


@pytest.mark.parametrize("ending", ["close", "cancel"])
async def test_later_contact_makes_one_follow_up(desk: Desk, ending: str) -> None:
    """T2: a closed or cancelled ticket stays so; the second message stands in the follow-up of the first."""
    await desk.put()
    buyer = {"account_id": desk.account("ming"), "shops": ["main"]}
    ticket = await desk.open("storefront", by=buyer, order_no="A-1", channel="email")
    await desk.verb(ticket, "start")
    for verb, body in (
        [("solve", {"solution": "好"}), ("close", {})] if ending == "close" else [("cancel", {"reason": "误开"})]
    ):
        assert (await desk.verb(ticket, verb, **body)).status_code == 200
    first = (await say(desk, ticket, "又坏了", "storefront", **buyer)).json()
    second = (await say(desk, ticket, "在吗", "storefront", **buyer)).json()
    assert first["ticket_id"] == second["ticket_id"] != ticket["ticket_id"]
    follow_up = await shown(desk, first)
    assert (follow_up["order_no"], follow_up["shop"]) == ("A-1", "main")
    assert [one["text"] for one in await said(desk, first)] == ["又坏了", "在吗"]


async def test_an_answer_on_what_has_ended_is_refused_a_note_is_not(desk: Desk) -> None:
    """T2: nobody answers on a closed ticket; what is to be remembered may still be noted."""
    ticket = await desk.open()
    await desk.verb(ticket, "cancel", reason="误开")
    refused = await say(desk, ticket)
    assert (refused.status_code, refused.json()["verb"], refused.json()["from"]) == (409, "reply", "cancelled")
    assert (await say(desk, ticket, "备注", visibility="internal")).status_code == 201


async def test_a_conversation_of_others_is_not_there(desk: Desk) -> None:
    """T40, X1: neither read nor written; and nothing is written down."""
    ticket, _ = await buyers_ticket(desk)
    other = {"account_id": desk.account("hong")}
    path = f"/v1/tickets/{ticket['ticket_id']}/messages"
    for role, claims in (("storefront", other), ("agent", {"shops": ["outlet"]})):
        assert (await desk.call("GET", path, role, **claims)).status_code == 404
        assert (await say(desk, ticket, "我的呢", role, **claims)).status_code == 404
    unknown = {"ticket_id": str(new_id())}
    assert (await say(desk, unknown)).status_code == 404
    assert await said(desk, ticket) == []


async def test_a_key_writes_a_message_once(desk: Desk) -> None:
    """The same request again: the same message; another body: refused."""
    ticket = await desk.open()
    headers = {"Idempotency-Key": "m-1"}
    first = await say(desk, ticket, "您好", headers=headers)
    again = await say(desk, ticket, "您好", headers=headers)
    assert (first.status_code, again.content) == (201, first.content)
    assert (await say(desk, ticket, "再见", headers=headers)).status_code == 422
    assert len(await said(desk, ticket)) == 1


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("/text", {}), ("/text", {"text": ""}), ("/text", {"text": "字" * 5001}), ("/text", {"text": "a\x00b"}),
        ("/text", {"text": 7}), ("/visibility", {"text": "好", "visibility": "secret"}),
        ("/author", {"text": "好", "author": "system"}), ("/automatic", {"text": "好", "automatic": True}),
        ("/staff_id", {"text": "好", "staff_id": str(new_id())}),
    ],
)  # fmt: skip
async def test_a_message_that_is_none_is_refused(desk: Desk, pointer: str, body: dict[str, Any]) -> None:
    """Who wrote it is the token's to say; nothing is kept of a refused one."""
    ticket = await desk.open()
    answer = await desk.call("POST", f"/v1/tickets/{ticket['ticket_id']}/messages", json=body)
    assert faults(answer) == [pointer]
    assert await said(desk, ticket) == []


async def test_a_chat_with_nobody_to_take_it_is_answered_by_itself(desk: Desk) -> None:
    """T41: at once, by the words of the policy; told as automatic, and no clock is stopped by it."""
    buyer = {"account_id": desk.account("ming")}
    ticket = await desk.open("storefront", by=buyer, channel="chat")
    (message,) = await said(desk, ticket)
    assert (message["author"], message["automatic"], message["staff_id"]) == ("system", True, None)
    (told,) = await events(desk, "ticket.replied", ticket)
    assert (told["automatic"], told["first"], told["waited_seconds"]) == (True, False, None)
    assert clock(await shown(desk, ticket), "first_reply") == "running"
    by_hand = await desk.open(channel="chat")
    assert await said(desk, by_hand) == []
