"""Who pays in the end (T57): costs booked by fault, laid at another's door with a reason, added up by month."""

from typing import Any
from uuid import UUID

import pytest
from ticket_desk import PAID, Desk, a_colleague, faults

from contracts.appraisal.staff import UnitChanged, UnitKind, UnitState
from contracts.ticket.refund import CaseCost, CostBearer, CostKind, Fault
from kit.ids import new_id
from kit.money import Money
from kit.principals import system
from services.ticket.liability import service
from services.ticket.liability.service import Bearer, Cost
from services.ticket.order import service as orders
from services.ticket.ticket import service as tickets

Json = dict[str, Any]
LEAD, CLERK, CHIEF = new_id(), new_id(), new_id()
WAREHOUSE, STATION = new_id(), new_id()


class Costing:
    """Tickets of paid orders, and what they cost."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def settle_in(self) -> "Costing":
        """Units and staff become known; LEAD leads the warehouse."""
        now = self.desk.clock.now()
        units = [
            UnitState(unit_id=one, code=f"U{n}", name=name, kind=UnitKind.WAREHOUSE, lead_staff_id=lead)
            for n, (one, name, lead) in enumerate(((WAREHOUSE, "一号仓", LEAD), (STATION, "城东站", None)))
        ]
        for unit in units:
            await self.desk.hear(UnitChanged(unit=unit, changed_at=now))
        await self.desk.hear(*(a_colleague(staff_id=one) for one in (LEAD, CLERK, CHIEF)))
        return self

    async def ticket(self, number: str = "A-1", *, unit_id: UUID | None = WAREHOUSE, **facts: Any) -> Json:
        await self.desk.put(number, paid="20.00", paid_at=PAID, **{"courier": "zto", **facts})
        named = {} if unit_id is None else {"unit_id": str(unit_id)}
        return await self.desk.open(order_no=number, shop=facts.get("shop", "main"), **named)

    async def book(
        self, ticket: Json, fault: Fault, *costs: tuple[CostKind, int], bearer: Bearer | None = None, **facts: Any
    ) -> list[CaseCost]:
        async with self.desk.client.transactions.begin(system("test")) as work:
            about = await tickets.get_ticket(work, UUID(ticket["ticket_id"]))
            order, _ = await orders.get_order(work, ticket["shop"], ticket["order_no"])
            named = [Cost(kind, Money(minor), bearer) for kind, minor in costs]
            return await service.book_costs(work, about, order, fault, named, **facts)

    async def costs(self, ticket: Json, role: str = "agent", **by: Any) -> list[Json]:
        answer = await self.desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}/costs", role, **by)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def rebook(
        self, ticket: Json, cost: Json, role: str = "supervisor", *, staff: UUID = CHIEF, **body: Any
    ) -> Any:
        by = {"headers": {"If-Match": f'"{body.pop("match")}"'}} if "match" in body else {}
        path = f"/v1/tickets/{ticket['ticket_id']}/costs/{cost['cost_id']}/rebook"
        return await self.desk.call("POST", path, role, staff_id=staff, json={"reason": "查明", **body}, **by)


@pytest.fixture
async def costing(desk: Desk) -> Costing:
    return await Costing(desk).settle_in()


BY_FAULT = [
    (Fault.MERCHANT, WAREHOUSE, "zto", ("unit", None, WAREHOUSE)),
    (Fault.MERCHANT, None, "zto", ("company", None, None)),
    (Fault.COURIER, WAREHOUSE, "zto", ("courier", "zto", None)),
    (Fault.COURIER, WAREHOUSE, None, ("company", None, None)),
    (Fault.CUSTOMER, WAREHOUSE, "zto", ("company", None, None)),
]


async def test_a_cost_is_booked_to_whoever_is_at_fault(costing: Costing) -> None:
    for number, (fault, unit_id, courier, bearer) in enumerate(BY_FAULT):
        ticket = await costing.ticket(f"A-{number}", unit_id=unit_id, courier=courier)
        (told,) = await costing.book(ticket, fault, (CostKind.FREIGHT, 12_00))
        assert (told.bearer, told.bearer_code, told.unit_id) == bearer
        (shown,) = await costing.costs(ticket)
        assert (shown["amount"], shown["fault"], shown["month"]) == (
            {"amount": "12.00", "currency": "CNY"}, fault, "2026-11",
        )  # fmt: skip


async def test_booked_again_the_amounts_are_the_new_ones(costing: Costing) -> None:
    ticket = await costing.ticket()
    await costing.book(ticket, Fault.MERCHANT, (CostKind.GOODS, 20_00), (CostKind.FEE, 1_00))
    told = await costing.book(ticket, Fault.COURIER, (CostKind.GOODS, 15_00))
    assert [(one.kind, one.amount.amount, one.bearer) for one in told] == [("goods", "15.00", "courier")]
    other_cause = await costing.book(ticket, Fault.MERCHANT, (CostKind.GOODWILL, 2_00), cause_id=new_id())
    assert [one.kind for one in other_cause] == ["goodwill"]
    assert [one["kind"] for one in await costing.costs(ticket)] == ["goods", "goodwill"]
    assert await costing.book(ticket, Fault.MERCHANT) == []
    assert [one["kind"] for one in await costing.costs(ticket)] == ["goodwill"]


async def test_a_bearer_who_is_known_better_is_named(costing: Costing) -> None:
    """A wrong price is booked to who changed it (T37)."""
    ticket = await costing.ticket()
    clerk = Bearer(CostBearer.STAFF, staff_id=CLERK)
    (told,) = await costing.book(ticket, Fault.MERCHANT, (CostKind.GOODS, 5_00), bearer=clerk)
    assert (told.bearer, told.staff_id, told.unit_id) == ("staff", CLERK, None)


BEARERS: list[Json] = [
    {"bearer": "courier", "bearer_code": "sf"},
    {"bearer": "supplier", "bearer_code": "mill-7"},
    {"bearer": "unit", "unit_id": str(STATION)},
    {"bearer": "staff", "staff_id": str(CLERK)},
    {"bearer": "company"},
]


async def test_it_is_laid_at_anothers_door_with_the_reason(costing: Costing) -> None:
    for bearer in BEARERS:
        await _laid_at(costing, await costing.ticket(f"A-{bearer['bearer']}"), bearer)


async def _laid_at(costing: Costing, ticket: Json, bearer: Json) -> None:
    await costing.book(ticket, Fault.MERCHANT, (CostKind.GOODS, 20_00))
    (cost,) = await costing.costs(ticket)
    answer = await costing.rebook(ticket, cost, **bearer)
    assert answer.status_code == 200, answer.text
    moved = answer.json()
    assert {name: moved[name] for name in bearer} == bearer
    assert (moved["reason"], moved["version"], moved["rebooked_by"]) == ("查明", 2, f"supervisor:{CHIEF}")
    assert await costing.desk.audits(cost["cost_id"]) == ["rebook"]
    (said,) = await costing.desk.rows(
        "SELECT convert_from(body, 'utf8')::jsonb AS b FROM outbox WHERE aggregate_id = :one", one=cost["cost_id"]
    )
    assert {name: said.b["cost"][name] for name in bearer} == bearer
    assert (said.b["before"]["bearer"], said.b["cost"]["amount"]["amount"]) == (cost["bearer"], "20.00")
    assert "查明" not in str(said.b)
    # What the case cost may be worked out anew; who was found to bear it stays.
    (told,) = await costing.book(ticket, Fault.CUSTOMER, (CostKind.GOODS, 18_00))
    assert (told.bearer, told.amount.amount) == (bearer["bearer"], "18.00")


async def test_the_same_bearer_again_changes_nothing(costing: Costing) -> None:
    ticket = await costing.ticket()
    await costing.book(ticket, Fault.MERCHANT, (CostKind.GOODS, 20_00))
    (cost,) = await costing.costs(ticket)
    answer = await costing.rebook(ticket, cost, bearer="unit", unit_id=str(WAREHOUSE))
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert await costing.desk.audits(cost["cost_id"]) == []


async def test_nobody_lays_their_own_cost_at_anothers_door(costing: Costing) -> None:
    """Neither the person nor who leads the unit."""
    for by, bearer in ((LEAD, None), (CLERK, Bearer(CostBearer.STAFF, staff_id=CLERK))):
        ticket = await costing.ticket(f"A-{by}")
        await costing.book(ticket, Fault.MERCHANT, (CostKind.GOODS, 20_00), bearer=bearer)
        (cost,) = await costing.costs(ticket)
        answer = await costing.rebook(ticket, cost, staff=by, bearer="company")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-case")
        assert await costing.costs(ticket) == [cost]


async def test_what_can_not_be_is_refused_and_nothing_changes(costing: Costing) -> None:
    ticket = await costing.ticket()
    await costing.book(ticket, Fault.MERCHANT, (CostKind.GOODS, 20_00))
    (cost,) = await costing.costs(ticket)
    unknown = str(new_id())
    for body, status in (
        ({"bearer": "unit", "unit_id": unknown}, 409),
        ({"bearer": "staff", "staff_id": unknown}, 409),
        ({"bearer": "company", "match": 9}, 412),
        ({"bearer": "nobody"}, 422),
        ({"bearer": "company", "reason": " "}, 422),
    ):
        assert (await costing.rebook(ticket, cost, **body)).status_code == status, body
    assert faults(await costing.rebook(ticket, cost, bearer="company", staff_id=unknown)) == [""]
    assert (await costing.rebook(ticket, cost, "agent", bearer="company")).status_code == 403
    other = await costing.ticket("A-2")
    assert (await costing.rebook(other, cost, bearer="company")).status_code == 404
    assert (await costing.rebook(ticket, {"cost_id": unknown}, bearer="company")).status_code == 404
    assert await costing.costs(ticket) == [cost]


async def test_who_may_know_what_a_case_cost(costing: Costing) -> None:
    ticket = await costing.ticket()
    path = f"/v1/tickets/{ticket['ticket_id']}/costs"
    buyer = costing.desk.account("ming")
    for role, by in (("storefront", {}), ("service", {}), ("storefront", {"account_id": buyer})):
        assert (await costing.desk.call("GET", path, role, **by)).status_code == 403
    assert (await costing.desk.call("GET", path, shops=["vip"])).status_code == 404
    refund = path.replace("tickets", "refunds")
    assert (await costing.desk.call("GET", refund, "finance")).json() == {"items": []}


async def test_the_month_says_who_bears_what(costing: Costing) -> None:
    first, second = await costing.ticket("A-1"), await costing.ticket("A-2")
    vip = await costing.ticket("V-1", shop="vip")
    await costing.book(first, Fault.MERCHANT, (CostKind.GOODS, 20_00), (CostKind.FREIGHT, 12_00))
    await costing.book(second, Fault.MERCHANT, (CostKind.GOODS, 7_00))
    await costing.book(second, Fault.MERCHANT, (CostKind.GOODS, 3_00), cause_id=new_id())
    await costing.book(vip, Fault.COURIER, (CostKind.FREIGHT, 8_00))
    await costing.book(first, Fault.CUSTOMER, (CostKind.FEE, 0))
    report = await _report(costing, month="2026-11")
    assert report["totals"] == [{"amount": "18.00", "currency": "CNY"}]
    rows = [
        (one["bearer"], one["unit_name"], one["kind"], one["amount"]["amount"], one["cases"])
        for one in report["items"]
    ]
    assert rows == [("unit", "一号仓", "goods", "10.00", 1), ("courier", None, "freight", "8.00", 1)]
    assert [one["bearer"] for one in (await _report(costing, month="2026-11", shop="vip"))["items"]] == ["courier"]
    assert [one["bearer"] for one in (await _report(costing, {"shops": ["main"]}, month="2026-11"))["items"]] == [
        "unit"
    ]
    assert await _report(costing, month="2026-12") == {"month": "2026-12", "shop": None, "totals": [], "items": []}
    refused = await costing.desk.call("GET", "/v1/ticket-reports/costs?month=2026-11", "agent")
    assert refused.status_code == 403
    assert faults(await costing.desk.call("GET", "/v1/ticket-reports/costs", "manager")) == ["/query/month"]


async def _report(costing: Costing, by: Json | None = None, **query: str) -> Json:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await costing.desk.call("GET", f"/v1/ticket-reports/costs?{asked}", "manager", **(by or {}))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
