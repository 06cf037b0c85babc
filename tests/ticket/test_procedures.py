"""Procedures (T53): which checklists stand on which tickets, who ticked what and when, and that open steps keep a
ticket from being solved."""

import asyncio
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from stage import NOON
from ticket_desk import PAID, Desk, faults

from contracts.ticket.ticket import TicketKind
from kit.ids import new_id
from services.ticket.procedure.policy import (
    PROCEDURES,
    Named,
    OrderStage,
    Procedure,
    Procedures,
    Situation,
    Step,
    When,
    check_procedures,
)
from services.ticket.procedure.service import situation_of

SHIPPED = {one.code: one for one in PROCEDURES.default.procedures}
NAMED = Named(zh="核对", en="Check")
# Which of the shipped ones stand on a ticket, written out by hand.
STANDS = {
    "cash-on-delivery": lambda it: (
        it.payment_method in ("cod", "cash_on_delivery") and it.order_stage in (OrderStage.UNPAID, OrderStage.PAID)
    ),
    "change-after-payment": lambda it: it.category == "change-colour-size" and it.order_stage is OrderStage.PAID,
    "change-of-address": lambda it: it.category == "change-address",
    "courier-surcharge": lambda it: it.category == "courier-surcharge",
}
CATEGORIES = (None, "change-colour-size", "change-address", "courier-surcharge", "other")


@pytest.mark.parametrize("kind", TicketKind)
@pytest.mark.parametrize("stage", [None, *OrderStage])
def test_which_of_the_shipped_stand_on_a_ticket(kind: TicketKind, stage: OrderStage | None) -> None:
    """T53: every kind × category × way of paying × stage of the order."""
    for category, paid_by in product(CATEGORIES, (None, "alipay", "cod", "cash_on_delivery")):
        it = Situation(kind, category, paid_by, stage)
        worked_here = kind in (TicketKind.INQUIRY, TicketKind.SERVICE_REQUEST)
        expected = [code for code, stands in STANDS.items() if worked_here and stands(it)]
        assert [one.code for one in PROCEDURES.default.fitting(it)] == expected


@pytest.mark.parametrize(
    ("at", "stage"),
    [
        ({}, "unpaid"), ({"paid_at": NOON}, "paid"), ({"paid_at": NOON, "shipped_at": NOON}, "shipped"),
        ({"received_at": NOON}, "shipped"), ({"completed_at": NOON}, "shipped"), ({"shipped_at": NOON}, "shipped"),
        ({"paid_at": NOON, "cancelled_at": NOON}, "cancelled"),
    ],
)  # fmt: skip
def test_how_far_an_order_has_come(at: dict[str, Any], stage: str) -> None:
    names = ("paid_at", "shipped_at", "received_at", "completed_at", "cancelled_at")
    order: Any = SimpleNamespace(payment_method="cod", **{**dict.fromkeys(names), **at})
    assert situation_of(TicketKind.INQUIRY, "x", order) == Situation(
        TicketKind.INQUIRY, "x", "cod", OrderStage(stage)
    )
    assert situation_of(TicketKind.INQUIRY, "x", None) == Situation(TicketKind.INQUIRY, "x")


@pytest.mark.parametrize("procedure", SHIPPED)
def test_the_shipped_ones_are_whole(procedure: str) -> None:
    """T53: cash on delivery is one merged order, the courier, the phone, then shipping."""
    steps = SHIPPED[procedure].steps
    assert all(step.required and step.name.zh and step.name.en for step in steps)
    if procedure == "cash-on-delivery":
        assert [step.code for step in steps] == ["one-order", "courier-supports", "phoned", "ship"]


def listed(*procedures: Procedure) -> Procedures:
    return Procedures(procedures=procedures)


def a_procedure(code: str, *steps: str, when: When | None = None) -> Procedure:
    return Procedure(code=code, name=NAMED, when=when, steps=tuple(Step(code=one, name=NAMED) for one in steps))


@pytest.mark.parametrize(
    ("policy", "pointers"),
    [
        (PROCEDURES.default, []),
        (listed(), []),
        (listed(a_procedure("a", "x")), []),
        (listed(a_procedure("a", "x"), a_procedure("a", "x")), ["/procedures/1/code"]),
        (listed(a_procedure("a", "x", "y", "x")), ["/procedures/0/steps/2/code"]),
        (listed(a_procedure("a", "x", when=When())), ["/procedures/0/when"]),
    ],
)
def test_a_policy_that_says_too_much_is_told_where(policy: Procedures, pointers: list[str]) -> None:
    """X3, X8."""
    found = list(check_procedures(policy))
    assert [fault.pointer for fault in found] == pointers
    assert all(fault.zh and fault.en for fault in found)


async def test_the_shipped_policy_is_that_of_the_code(desk: Desk) -> None:
    """X3."""
    shipped = (await desk.call("GET", "/v1/policies/ticket/procedures", "manager")).json()["in_force"]["document"]
    assert PROCEDURES.document.model_validate(shipped) == PROCEDURES.default


async def on(desk: Desk, ticket: dict[str, Any], role: str = "agent") -> list[dict[str, Any]]:
    """The checklists of a ticket."""
    answer = await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}/procedures", role)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def ask(desk: Desk, ticket: dict[str, Any], verb: str, role: str = "agent", **body: Any) -> Any:
    """Ask for something to be done to a checklist."""
    path = f"/v1/tickets/{ticket['ticket_id']}/procedures{verb}"
    return await desk.call("POST", path, role, json=body)


async def surcharge(desk: Desk, **facts: Any) -> dict[str, Any]:
    """A ticket on which the checklist of surcharges stands."""
    ticket = await desk.open(category="courier-surcharge", **facts)
    return dict((await desk.verb(ticket, "start", by={"staff_id": new_id()})).json())


async def tick_all(desk: Desk, ticket: dict[str, Any]) -> None:
    for procedure in await on(desk, ticket):
        for step in procedure["steps"]:
            done = await ask(desk, ticket, f"/{procedure['procedure']}/tick", step=step["step"])
            assert done.status_code == 200, done.text


async def test_an_ordinary_ticket_costs_no_query_more(desk: Desk) -> None:
    """T53: where none fits, nothing is asked for or written."""
    with desk.statements() as asked:
        await desk.open()
    assert asked
    assert not [statement for statement, _ in asked if "procedure" in statement]
    with desk.statements() as asked:
        await desk.open(category="courier-surcharge")
    assert sum("INSERT INTO ticket_procedure" in statement for statement, _ in asked) == 2


async def test_open_steps_keep_a_ticket_from_being_solved(desk: Desk) -> None:
    """T53: 409 naming them in both languages; nothing is changed."""
    ticket = await surcharge(desk)
    refused = await desk.verb(ticket, "solve", solution="已改快递")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/steps-open")
    assert refused.json()["steps"][0] == {
        "procedure": "courier-surcharge", "step": "courier-reaches", "zh": "所选快递可送达",
        "en": "The chosen courier reaches the address",
    }  # fmt: skip
    still = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json()
    assert (still["status"], still["version"]) == ("open", ticket["version"])
    await tick_all(desk, ticket)
    assert (await desk.verb(ticket, "solve", solution="已改快递")).json()["status"] == "solved"


async def test_who_ticked_and_when_is_kept(desk: Desk) -> None:
    """T53, X7: a tick taken back is in the trail with its reason; ticking twice changes nothing."""
    ticket, me = await surcharge(desk), new_id()
    path = f"/v1/tickets/{ticket['ticket_id']}/procedures/courier-surcharge"
    for _ in range(2):
        ticked = await desk.call("POST", f"{path}/tick", json={"step": "noted"}, staff_id=me)
    (step,) = [one for one in ticked.json()["items"][0]["steps"] if one["step"] == "noted"]
    assert (step["ticked_by_staff_id"], step["ticked_at"]) == (str(me), "2026-11-21T04:00:00Z")
    assert step["ticked_by"] == f"agent:{me}"
    back = await ask(desk, ticket, "/courier-surcharge/untick", step="noted", reason="电话 13812345678 说没备注")
    (step,) = [one for one in back.json()["items"][0]["steps"] if one["step"] == "noted"]
    assert (step["ticked_by"], step["ticked_at"], back.json()["items"][0]["done"]) == (None, None, False)
    await ask(desk, ticket, "/courier-surcharge/untick", step="noted", reason="再说一遍")
    rows = await desk.rows("SELECT action, after, reason FROM audit WHERE noun = 'ticket' ORDER BY id")
    said = [(row.action, row.after.get("step"), row.reason) for row in rows if "procedure" in row.after]
    assert said == [
        ("start-procedure", None, None), ("tick", "noted", None), ("untick", "noted", "电话 **** 说没备注"),
    ]  # fmt: skip
    history = await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}/history")
    assert {"tick", "untick"} <= {one["action"] for one in history.json()["items"]}


async def test_the_orders_situation_decides(desk: Desk) -> None:
    """T53: cash on delivery, until it is shipped."""
    orders: list[tuple[dict[str, Any], list[str]]] = [
        ({"payment_method": "cod"}, ["cash-on-delivery"]),
        ({"payment_method": "cod", "shipped_at": "2026-11-20T18:00:00+08:00"}, []),
        ({"payment_method": "alipay", "paid_at": PAID, "paid": "20.00"}, []),
    ]
    for number, (order, stands) in enumerate(orders):
        await desk.put(f"A-{number}", **order)
        ticket = await desk.open(order_no=f"A-{number}")
        assert [one["procedure"] for one in await on(desk, ticket)] == stands, order


async def test_a_new_category_brings_its_checklist(desk: Desk) -> None:
    """T53: those that stand there stay."""
    ticket = await surcharge(desk)
    changed = await desk.call(
        "PATCH", f"/v1/tickets/{ticket['ticket_id']}", json={"category": "change-address"},
        headers={"If-Match": f'"{ticket["version"]}"'},
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert [one["procedure"] for one in await on(desk, ticket)] == ["change-of-address", "courier-surcharge"]


async def test_one_is_put_on_by_hand_and_dropped_by_a_lead(desk: Desk) -> None:
    """T53: a checklist of the shop, once; who drops it says why."""
    ticket = await desk.open()
    put = await ask(desk, ticket, "", procedure="change-of-address")
    assert (put.status_code, put.json()["items"][0]["procedure"]) == (201, "change-of-address")
    again = await ask(desk, ticket, "", procedure="change-of-address")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-exists")
    assert faults(await ask(desk, ticket, "", procedure="no-such")) == ["/procedure"]
    assert (await ask(desk, ticket, "/change-of-address/drop", reason="开错")).status_code == 403
    dropped = await ask(desk, ticket, "/change-of-address/drop", "supervisor", reason="开错")
    assert (dropped.status_code, dropped.json()["items"]) == (200, [])
    assert (await ask(desk, ticket, "/change-of-address/drop", "supervisor", reason="开错")).status_code == 404
    await desk.verb(ticket, "start")
    assert (await desk.verb(ticket, "solve", solution="好")).status_code == 200


async def test_what_is_not_there_is_not_ticked(desk: Desk) -> None:
    """T53: neither another's step nor another's checklist; and nothing on a ticket that has ended."""
    ticket = await surcharge(desk)
    assert (await ask(desk, ticket, "/courier-surcharge/tick", step="confirmed")).status_code == 404
    assert (await ask(desk, ticket, "/cash-on-delivery/tick", step="phoned")).status_code == 404
    assert (await ask(desk, {"ticket_id": new_id()}, "/cash-on-delivery/tick", step="phoned")).status_code == 404
    assert faults(await ask(desk, ticket, "/courier-surcharge/tick")) == ["/step"]
    await desk.verb(ticket, "cancel", reason="误开")
    for verb, body in (
        ("/courier-surcharge/tick", {"step": "noted"}), ("/courier-surcharge/untick", {"step": "noted", "reason": "x"}),
        ("", {"procedure": "cash-on-delivery"}),
    ):  # fmt: skip
        refused = await ask(desk, ticket, verb, **body)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/transition-refused"), verb


async def test_buyers_and_other_shops_see_none(desk: Desk) -> None:
    """X1, X6: a checklist is the house's own."""
    ticket = await surcharge(desk)
    path = f"/v1/tickets/{ticket['ticket_id']}/procedures"
    assert (await desk.call("GET", path, "storefront")).status_code == 403
    assert (await desk.call("GET", path, shops=["elsewhere"])).status_code == 404
    assert len(await on(desk, ticket, "auditor")) == 1


async def test_a_merged_tickets_checklists_go_with_it(desk: Desk) -> None:
    """T3, T53: what was ticked there is ticked here; what stands on both stays as it is here."""
    away, into = await surcharge(desk), await surcharge(desk)
    await ask(desk, away, "", procedure="change-of-address")
    await ask(desk, away, "/change-of-address/tick", step="confirmed")
    await ask(desk, away, "/courier-surcharge/tick", step="noted")
    merged = await desk.verb(away, "merge", into_ticket_id=into["ticket_id"], reason="同一件事")
    assert merged.status_code == 200, merged.text
    steps = {
        (one["procedure"], step["step"]): step["ticked_by"]
        for one in await on(desk, into)
        for step in one["steps"]
    }  # fmt: skip
    assert steps["change-of-address", "confirmed"] is not None
    assert steps["courier-surcharge", "noted"] is None


async def test_a_tick_taken_back_while_it_is_solved(desk: Desk) -> None:
    """T53, I1: whichever comes first, no ticket is solved with an open step."""
    for _ in range(3):
        ticket = await surcharge(desk)
        await tick_all(desk, ticket)
        await asyncio.gather(
            desk.verb(ticket, "solve", solution="好"),
            ask(desk, ticket, "/courier-surcharge/untick", step="noted", reason="没有"),
        )
        still = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json()
        (procedure,) = await on(desk, ticket)
        assert (still["status"] == "solved") == procedure["done"]


async def test_a_checklist_stays_as_it_was_begun(desk: Desk) -> None:
    """X3: a new version of the policy is for new tickets; each says which it has."""
    before = await surcharge(desk)
    document = PROCEDURES.default.model_dump(mode="json")
    document["procedures"][3]["steps"] = document["procedures"][3]["steps"][:1]
    saved = await desk.call(
        "POST", "/v1/policies/ticket/procedures/versions", "manager", json={"document": document, "reason": "简化"}
    )
    assert saved.status_code == 201, saved.text
    after = await surcharge(desk)
    assert [(len(one["steps"]), one["policy_version"]) for one in await on(desk, before)] == [(5, 1)]
    assert [(len(one["steps"]), one["policy_version"]) for one in await on(desk, after)] == [(1, 2)]
