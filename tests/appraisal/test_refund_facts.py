"""Paid refunds are kept as facts, and an order that gave everything back leaves the pool (A6, T57)."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import pytest
from appraisal_desk import Desk, an_order, arrival, corrected, flagged, refunded
from stage import Starter

from contracts.examples import example
from contracts.price import Price
from contracts.ticket.order import FlagMeaning
from contracts.ticket.refund import CaseCost, CostBearer, CostKind, Fault, RefundKind, RefundReason
from kit.ids import new_id
from kit.inbox import Verdict


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("appraisal") as client:
        desk = Desk(client)
        await desk.hire("林菲", ("main", "菲菲"))
        yield desk


def a_cost(amount: str, bearer: CostBearer, **who: object) -> CaseCost:
    return CaseCost(kind=CostKind.GOODS, amount=Price(amount=amount, currency="CNY"), bearer=bearer, **who)


async def test_a_fully_refunded_order_leaves_the_pool_and_its_credit_says_why(desk: Desk) -> None:
    order, kept = an_order("A-1"), an_order("A-2")
    await desk.hear(flagged(order, 2), flagged(kept, 2))
    await desk.hear(refunded(order), refunded(kept, "5.00", so_far="5.00", fully=False))
    credit = await desk.credit(order)
    assert (credit["counted"], credit["why_not"], credit["alias"]) == (False, "refunded", "菲菲")
    assert (await desk.credit(kept))["counted"] is True


@pytest.mark.parametrize("subject", ["goodwill.paid", "payment.paid_late"])
async def test_the_rest_may_go_as_goodwill_or_after_it_was_given_up(desk: Desk, subject: str) -> None:
    """A6, T27, T55: whatever way the last yuan went, the order leaves the pool; goodwill says who bears it (T57)."""
    order = an_order()
    await desk.hear(flagged(order, 2), refunded(order, "15.00", so_far="15.00", fully=False))
    rest = refunded(order, "5.00", so_far="20.00", subject=subject)
    for _ in range(2):
        await desk.hear(rest)
    assert (await desk.credit(order))["why_not"] == "refunded"
    kept = await desk.rows("SELECT kind, reason, fault FROM refund_fact WHERE amount_minor = 500")
    assert [tuple(row) for row in kept] == [("goodwill" if subject == "goodwill.paid" else "late", None, None)]
    costs = getattr(rest.event, "costs", ())
    assert await desk.count("refund_cost_fact") == len(costs) + len(example("refund.paid").costs)


async def test_the_last_of_several_refunds_takes_the_order_out(desk: Desk) -> None:
    order = an_order()
    await desk.hear(flagged(order, 2), refunded(order, "8.00", so_far="8.00", fully=False))
    assert (await desk.credit(order))["counted"] is True
    await desk.hear(refunded(order, "12.00", so_far="20.00"))
    assert (await desk.credit(order))["why_not"] == "refunded"


async def test_whatever_the_order_of_arrival_the_credit_is_the_same(desk: Desk) -> None:
    """All 24 orders of: cleared, a refund in part, the refund of the rest, corrected."""
    told = []
    for place, sequence in enumerate(permutations(range(4))):
        order = an_order(f"P-{place}")
        facts = [
            flagged(order, 2),
            refunded(order, "8.00", so_far="8.00", fully=False),
            refunded(order, "12.00", so_far="20.00"),
            corrected(order.model_copy(update={"flag_meaning": FlagMeaning.CLEARED}), 3),
        ]
        told.append([facts[one] for one in sequence])
    for step in range(4):  # each order's facts arrive one by one, in batches across the orders
        await desk.hear(*(facts[step] for facts in told))
    seen = await desk.rows("SELECT DISTINCT counted, why_not FROM sale_credit")
    assert [tuple(row) for row in seen] == [(False, "refunded")]
    assert await desk.count("sale_credit") == 24


async def test_a_refund_of_an_order_nobody_marked_is_kept_and_credits_nobody(desk: Desk) -> None:
    assert await desk.hear(refunded(an_order())) == [Verdict.APPLY]
    assert (await desk.count("refund_fact"), await desk.count("sale_credit")) == (1, 0)


async def test_the_fact_tells_whose_fault_it_was_and_who_bears_what(desk: Desk) -> None:
    order, refund_id, clerk, unit, agent = an_order(), new_id(), new_id(), new_id(), new_id()
    costs = (
        a_cost("12.00", CostBearer.COURIER, bearer_code="zto"),
        a_cost("3.00", CostBearer.UNIT, unit_id=unit),
        a_cost("0.50", CostBearer.STAFF, staff_id=clerk),
    )
    about: dict[str, Any] = {
        "kind": RefundKind.MONEY_ONLY,
        "reason": RefundReason.LOST_IN_TRANSIT,
        "fault": Fault.COURIER,
    }
    await desk.hear(refunded(order, refund_id=refund_id, assignee_staff_id=agent, costs=costs, **about))
    ((*fact,),) = await desk.rows(
        "SELECT refund_id, order_id, kind, reason, fault, assignee_staff_id, amount_minor, order_refunded_minor,"
        " order_fully_refunded FROM refund_fact"
    )
    assert fact == [refund_id, order.order_id, "money_only", "lost_in_transit", "courier", agent, 2000, 2000, True]
    borne = await desk.rows(
        "SELECT kind, amount_minor, bearer, bearer_code, unit_id, staff_id FROM refund_cost_fact ORDER BY place"
    )
    assert [tuple(row) for row in borne] == [
        ("goods", 1200, "courier", "zto", None, None),
        ("goods", 300, "unit", None, unit, None),
        ("goods", 50, "staff", None, None, clerk),
    ]


async def test_doubled_facts_count_once_and_the_newest_word_of_a_refund_stands(desk: Desk) -> None:
    order, refund_id = an_order(), new_id()
    first = refunded(order, "8.00", refund_id=refund_id, sequence=4, costs=(a_cost("8.00", CostBearer.COMPANY),))
    newer = refunded(order, "9.00", refund_id=refund_id, sequence=6)
    assert await desk.hear(newer, newer, first) == [Verdict.APPLY, Verdict.DONE, Verdict.APPLY]
    late = refunded(order, "7.00", refund_id=refund_id, sequence=5, costs=(a_cost("7.00", CostBearer.COMPANY),))
    await desk.hear(late)
    ((amount,),) = await desk.rows("SELECT amount_minor FROM refund_fact")
    ((borne,),) = await desk.rows("SELECT sum(amount_minor) FROM refund_cost_fact")
    assert (amount, borne) == (900, 4468)


async def test_a_flag_and_a_refund_that_arrive_at_once_are_both_seen(desk: Desk) -> None:
    for place in range(20):
        order = an_order(f"R-{place}")
        await asyncio.gather(desk.hear(flagged(order, 2)), desk.hear(refunded(order)), desk.hear(corrected(order, 3)))
        assert (await desk.credit(order))["why_not"] == "refunded"


async def test_a_cost_laid_at_anothers_door_is_kept_whatever_comes_first(desk: Desk) -> None:
    """T57: who bears it now and who did, once each time."""
    event, clerk = example("cost.rebooked"), new_id()
    cost = event.cost.model_copy(update={"bearer": CostBearer.STAFF, "staff_id": clerk, "unit_id": None})
    again = event.model_copy(update={"cost": cost, "before": event.cost})
    for _ in range(2):
        await desk.hear(arrival(again, 2), arrival(event, 1))
    kept = await desk.rows("SELECT bearer, staff_id, bearer_before FROM cost_rebooking_fact ORDER BY sequence")
    assert [tuple(row) for row in kept] == [
        (event.cost.bearer, event.cost.staff_id, event.before.bearer), ("staff", clerk, event.cost.bearer),
    ]  # fmt: skip
