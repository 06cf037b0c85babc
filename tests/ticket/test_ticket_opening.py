"""T1: opening a ticket, with and without an order, for whom, and by whom (T40, X1, X6)."""

import asyncio
import re

import orjson
from ticket_desk import Desk, a_file, an_order, faults

from kit.ids import new_id
from kit.testing.poll import eventually


async def test_a_ticket_without_an_order(desk: Desk) -> None:
    """T1: number readable by people, shop, channel, subject, description, priority."""
    me = new_id()
    body = {"subject": "催发货", "description": "已付三天", "priority": "high", "channel": "phone", "shop": "outlet"}
    answer = await desk.call("POST", "/v1/tickets", json=body, staff_id=me)
    ticket = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/v1/tickets/{ticket['ticket_id']}"
    assert re.fullmatch(r"T20261121-[0-9]{6,}", ticket["number"])
    assert {name: ticket[name] for name in body} == body
    assert (ticket["kind"], ticket["status"], ticket["allowed"]) == ("inquiry", "new", ["start", "cancel"])
    assert (ticket["opened_by"], ticket["opened_by_staff_id"]) == (f"agent:{me}", str(me))
    assert [ticket[name] for name in ("order_id", "account_id", "customer_id", "assignee_staff_id")] == [None] * 4
    assert (await desk.call("GET", answer.headers["location"])).json() == ticket
    assert await desk.subjects(ticket["ticket_id"]) == ["ticket.opened"]
    assert await desk.audits(ticket["ticket_id"]) == ["open"]


async def test_a_ticket_about_an_order_is_about_its_buyer(desk: Desk) -> None:
    """T1: order, account and, once its copy is here, the customer."""
    order = await desk.put("A-1", "outlet")
    early = await desk.open(order_no="A-1", shop="outlet")
    assert (early["order_id"], early["account_id"]) == (order["order_id"], order["account_id"])
    assert early["customer_id"] is None
    file = a_file(desk.account("ming", "outlet"), shop="outlet")
    await desk.hear(file)
    assert (await desk.open(order_no="A-1", shop="outlet"))["customer_id"] == str(file.customer_id)
    started = (await desk.verb(early, "start")).json()
    assert started["customer_id"] == str(file.customer_id)


async def test_where_a_ticket_comes_from_is_told(desk: Desk) -> None:
    """T1: a member of staff opens it by hand, the storefront for a buyer; free text stays here (X6)."""
    await desk.open(by={"staff_id": new_id()}, subject="李小明 13812345678")
    await desk.open("storefront", by={"client_id": "shop"})
    rows = await desk.rows("SELECT body FROM outbox WHERE subject = 'ticket.opened' ORDER BY id")
    assert [orjson.loads(bytes(row.body))["source"] for row in rows] == ["manual", "storefront"]
    assert "13812345678" not in str(rows)


async def test_a_buyer_opens_tickets_of_an_own_account(desk: Desk) -> None:
    """T40, X6: about an own order or about none; another buyer's order is not there."""
    order = await desk.put(buyer="ming")
    mine, other = {"account_id": desk.account("ming")}, {"account_id": desk.account("hong")}
    about_order = await desk.open("storefront", by=mine, order_no="A-1")
    about_nothing = await desk.open("storefront", by=mine)
    assert about_order["order_id"] == order["order_id"]
    assert about_nothing["account_id"] == str(mine["account_id"])
    body = {"subject": "查单", "order_no": "A-1"}
    foreign = await desk.call("POST", "/v1/tickets", "storefront", json=body, **other)
    nothing = await desk.call("POST", "/v1/tickets", "storefront", json={**body, "order_no": "A-9"}, **other)
    assert (foreign.status_code, nothing.status_code) == (404, 404)
    assert {**foreign.json(), "request_id": None} == {**nothing.json(), "request_id": None}
    for ticket in (about_order, about_nothing):
        path = f"/v1/tickets/{ticket['ticket_id']}"
        assert (await desk.call("GET", path, "storefront", **mine)).status_code == 200
        assert (await desk.call("GET", path, "storefront", **other)).status_code == 404


async def test_a_buyer_opens_no_ticket_in_anothers_name(desk: Desk) -> None:
    """X6: the customer that a buyer names must be that buyer, and a buyer nobody knows yet can name nobody."""
    mine, other = a_file(desk.account("ming")), a_file(desk.account("hong"))
    await desk.hear(mine, other)
    buyer = {"account_id": desk.account("ming")}
    own = await desk.open("storefront", by=buyer, customer_id=str(mine.customer_id))
    assert own["customer_id"] == str(mine.customer_id)
    body = {"subject": "查单", "customer_id": str(other.customer_id)}
    for claims in (buyer, {"account_id": desk.account("nobody")}):
        assert (await desk.call("POST", "/v1/tickets", "storefront", json=body, **claims)).status_code == 404


async def test_the_order_tells_whom_it_is_about(desk: Desk) -> None:
    """T40: another customer beside the order's is refused; a merged file stands for the one that speaks for it."""
    survivor = a_file(desk.account("ming"))
    absorbed, stranger = a_file(merged_into=survivor.customer_id), a_file()
    await desk.hear(survivor, absorbed, stranger)
    await desk.put()
    for customer_id in (survivor.customer_id, absorbed.customer_id):
        ticket = await desk.open(order_no="A-1", customer_id=str(customer_id))
        assert ticket["customer_id"] == str(survivor.customer_id)
    body = {"subject": "查单", "order_no": "A-1", "customer_id": str(stranger.customer_id)}
    assert faults(await desk.call("POST", "/v1/tickets", json=body)) == ["/customer_id"]
    await desk.put("A-2", buyer="hong")
    body = {"order_no": "A-2", "customer_id": str(stranger.customer_id)}
    assert (await desk.open(**body))["customer_id"] == str(stranger.customer_id)


async def test_a_customer_nobody_has_heard_of_is_asked_for_again(desk: Desk) -> None:
    """The copy has 300 ms to arrive, then 409 with Retry-After; nothing was written."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await desk.call("POST", "/v1/tickets", json={"subject": "查单", "customer_id": str(new_id())})
    assert 0.3 <= loop.time() - began < 3
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-yet-known")
    assert (answer.json()["noun"], answer.headers["retry-after"]) == ("customer", "1")
    assert (await desk.rows("SELECT count(*) AS n FROM ticket"))[0].n == 0


async def test_a_customer_on_the_way_is_waited_for(desk: Desk) -> None:
    """Meanwhile no transaction is open (I11), so many may wait without keeping others waiting."""
    file = a_file()
    body = {"subject": "查单", "customer_id": str(file.customer_id)}
    with desk.statements() as begun:
        waiting = [asyncio.create_task(desk.call("POST", "/v1/tickets", json=body)) for _ in range(12)]
        await eventually(lambda: len(begun) >= 12)
        assert (await desk.call("GET", "/v1/tickets")).json()["items"] == []
        await desk.hear(file)
    answers = await asyncio.gather(*waiting)
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["customer_id"] for answer in answers} == {str(file.customer_id)}


async def test_nothing_is_held_while_waiting(desk: Desk) -> None:
    """I11: between its looks a waiting request has no connection, so no transaction either."""
    lines = desk.client.runtime.database.home.lines
    body = {"subject": "查单", "customer_id": str(new_id())}
    with desk.statements() as looks:
        waiting = asyncio.create_task(desk.call("POST", "/v1/tickets", json=body))
        await eventually(lambda: looks and lines.in_use == 0 and not waiting.done())
    assert (await waiting).status_code == 409


async def test_who_may_not_open_does_not_wait_either(desk: Desk) -> None:
    """The permission comes first; a body that can't be read is refused without waiting."""
    body = {"subject": "查单", "customer_id": str(new_id())}
    with desk.statements() as reads:
        assert (await desk.call("POST", "/v1/tickets", "auditor", json=body)).status_code == 403
        assert faults(await desk.call("POST", "/v1/tickets", json={**body, "subject": ""})) == ["/subject"]
    assert reads == []


async def test_a_malformed_ticket_is_refused(desk: Desk) -> None:
    """T1, X6: by its place, never with its value; kinds with stages of their own have their own addresses."""
    for pointer, facts in (
        ("/subject", {"subject": None}),
        ("/subject", {"subject": "两\n行"}),
        ("/subject", {"subject": "x" * 201}),
        ("/description", {"description": ""}),
        ("/description", {"description": "x" * 5001}),
        ("/kind", {"kind": "complaint"}),
        ("/kind", {"kind": "riddle"}),
        ("/shop", {"shop": "主店"}),
        ("/order_no", {"order_no": "A 1"}),
        ("/customer_id", {"customer_id": "ming"}),
        ("/priority", {"priority": "highest"}),
        ("/channel", {"channel": "api "}),
        ("/status", {"status": "closed"}),
        ("/ticket_id", {"ticket_id": str(new_id())}),
    ):
        answer = await desk.call("POST", "/v1/tickets", json={"subject": "催发货", **facts})
        assert faults(answer) == [pointer], facts
    headers = {**desk.client.as_("agent"), "Content-Type": "application/json"}
    broken = await desk.client.http.post("/v1/tickets", content=b'{"subject": "\xff"}', headers=headers)
    assert (broken.status_code, broken.json()["type"]) == (400, "/problems/malformed-json")


async def test_a_token_of_one_shop_opens_tickets_there(desk: Desk) -> None:
    """X1."""
    await desk.open(by={"shops": ["outlet"]}, shop="outlet")
    answer = await desk.call("POST", "/v1/tickets", json={"subject": "催发货"}, shops=["outlet"])
    assert (answer.status_code, answer.json()["shop"]) == (403, "main")


async def test_numbers_go_on_beyond_a_million(desk: Desk) -> None:
    """T1: a number is never cut and never given twice."""
    await desk.change("SELECT setval('ticket_number', 999990)")
    numbers = [(await desk.open())["number"] for _ in range(3)]
    home = desk.client.runtime.database.home
    home.numbers.clear()
    await home.lines.close()
    await desk.change("SELECT setval('ticket_number', 1234567)")
    numbers.append((await desk.open())["number"])
    assert len(set(numbers)) == 4
    assert numbers[-1].startswith("T20261121-12345")
    assert len(numbers[-1]) == len("T20261121-1234567")


async def test_a_key_opens_one_ticket(desk: Desk) -> None:
    """One key × ten at once: one ticket; the others get its answer or are told that it is under way."""
    headers = {"Idempotency-Key": "open-1"}
    body = {"subject": "催发货"}
    answers = await asyncio.gather(
        *(desk.call("POST", "/v1/tickets", json=body, headers=headers) for _ in range(10))
    )  # fmt: skip
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} <= {
        "/problems/idempotency-in-flight"
    }
    again = await desk.call("POST", "/v1/tickets", json=body, headers=headers)
    assert {answer.content for answer in (*answers, again) if answer.status_code == 201} == {again.content}
    assert (await desk.rows("SELECT count(*) AS n FROM ticket"))[0].n == 1


async def test_an_order_written_in_the_same_moment_can_be_asked_about(desk: Desk) -> None:
    """E3: what was answered is there."""
    answer = await desk.call("PUT", "/v1/orders/main/A-1", "storefront", json=an_order())
    ticket = await desk.open(order_no="A-1")
    assert ticket["order_id"] == answer.json()["order_id"]
