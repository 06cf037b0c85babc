"""T32: a *problem* opens an inquiry, unless a ticket of that order is open already."""

import asyncio
from typing import Any

import orjson
import pytest
from ticket_desk import Desk, a_file

from kit.ids import new_id

pytestmark = pytest.mark.usefixtures("cleared_freely")

TICKETS = "SELECT count(*) AS number FROM ticket"


async def tickets(desk: Desk) -> int:
    return int((await desk.rows(TICKETS))[0].number)


async def test_a_problem_opens_an_inquiry_about_the_order(desk: Desk) -> None:
    """T1, T32: of the order's shop and account, for its customer, opened by who flagged."""
    customer, me = new_id(), new_id()
    await desk.hear(a_file(desk.account("ming", "outlet"), customer_id=customer, shop="outlet"))
    order = await desk.put("A-1", "outlet")
    flag = await desk.flag("green", order="outlet/A-1", staff_id=me)
    ticket = (await desk.call("GET", f"/v1/tickets/{flag['ticket_id']}")).json()
    expected = {
        "kind": "inquiry", "shop": "outlet", "status": "new", "order_id": order["order_id"], "order_no": "A-1",
        "account_id": order["account_id"], "customer_id": str(customer), "opened_by_staff_id": str(me),
        "assignee_staff_id": None, "channel": "api",
    }  # fmt: skip
    assert {name: ticket[name] for name in expected} == expected
    assert await desk.subjects(ticket["ticket_id"]) == ["ticket.opened"]
    assert await desk.subjects(order["order_id"]) == ["order.recorded", "order.flagged"]
    (row,) = await desk.rows("SELECT body FROM outbox WHERE subject = 'ticket.opened'")
    assert orjson.loads(bytes(row.body))["source"] == "order_flag"


async def test_no_other_colour_opens_anything(desk: Desk) -> None:
    """T32."""
    await desk.put()
    for colour in ("red", "purple", "yellow", None):
        assert (await desk.flag(colour))["ticket_id"] is None
    assert await tickets(desk) == 0


async def test_a_second_problem_opens_none_while_the_first_is_worked_on(desk: Desk) -> None:
    """T32: new, open or waiting; a solved, closed or cancelled one is no open ticket."""
    await desk.put()
    first = await desk.flag("green")
    ticket = {"ticket_id": first["ticket_id"]}

    async def opened_after(verb: str, **body: Any) -> bool:
        answer = await desk.verb(ticket, verb, **body)
        assert answer.status_code == 200, answer.text
        return (await desk.flag("green"))["ticket_id"] is not None

    assert (await desk.flag("green"))["ticket_id"] is None
    assert not await opened_after("start")
    assert not await opened_after("wait", waiting_on="courier", reason="等快递")
    assert await opened_after("solve", solution="已补发")
    assert await tickets(desk) == 2


async def test_a_cancelled_ticket_is_not_open(desk: Desk) -> None:
    """T32."""
    await desk.put()
    first = await desk.flag("green")
    await desk.verb({"ticket_id": first["ticket_id"]}, "cancel", reason="误标")
    second = await desk.flag("green")
    assert second["ticket_id"] not in (None, first["ticket_id"])


async def test_a_ticket_that_somebody_opened_by_hand_counts_as_well(desk: Desk) -> None:
    """T32: of that order; another order's ticket says nothing."""
    await desk.put("A-1")
    await desk.put("A-2")
    await desk.open(order_no="A-1")
    await desk.open()
    assert (await desk.flag("green", order="main/A-1"))["ticket_id"] is None
    assert (await desk.flag("green", order="main/A-2"))["ticket_id"] is not None


async def test_twenty_problem_flags_at_once_open_one_inquiry(desk: Desk) -> None:
    """T32, I4: every flag is told, in a sequence without gaps, and one ticket is opened."""
    order = await desk.put()
    flags = await asyncio.gather(*(desk.flag("green", staff_id=new_id()) for _ in range(20)))
    assert len([flag for flag in flags if flag["ticket_id"]]) == 1
    assert await tickets(desk) == 1
    assert await desk.subjects(order["order_id"]) == ["order.recorded", *["order.flagged"] * 20]
    assert await desk.audits(order["order_id"]) == ["recorded", *["flag"] * 20]
    assert (await desk.call("GET", "/v1/orders/main/A-1")).headers["etag"] == '"21"'
