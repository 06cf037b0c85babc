"""T22, T25, T47, T57: replacements that don't go straight: sent ahead, lost, out of stock, settled in money, for goods
that fail the inspection, for a top-up that never comes; and what is sent once more without a return."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from refund_desk import AGENT, CHIEF, LEAD, Json, Refunds, problem
from return_desk import Returns
from ticket_desk import Desk, faults

from kit.testing.poll import eventually
from services.ticket.exchange.service import OVERDUE

SENT: dict[str, Any] = {"courier": "顺丰", "tracking_number": "SF9988776655"}
BIG: dict[str, Any] = {"sku": "BIG", "quantity": 1, "unit_price": "50.00"}


@pytest.fixture
async def returns(desk: Desk) -> Returns:
    return Returns(await Refunds(desk).settle_in())


async def calls(returns: Returns) -> list[tuple[str, str]]:
    """The call-back clocks in their order, and how they stand."""
    rows = await returns.desk.rows("SELECT kind, status FROM clock WHERE kind = 'call_back' ORDER BY clock_id")
    return [tuple(row) for row in rows]


async def test_a_replacement_goes_ahead_of_the_return(returns: Returns) -> None:
    """T22: under a re-order; the goods are waited for all the same, and with both there it is closed."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    assert faults(await returns.exchange(refund, "send", **SENT)) == ["/ahead"]
    it = await returns.done(refund, "send", ahead=True, courier="顺丰", order_no="A-1-R")
    assert (it["status"], it["stage"], it["sendings"][0]["order_no"]) == ("sent", "waiting_for_goods", "A-1-R")
    assert await returns.waits_for(refund) == ("waiting", "customer")
    for verb in ("withdraw", "settle-in-money"):
        answer = (
            await returns.refunds.verb(refund, verb)
            if verb == "withdraw"
            else await returns.exchange(refund, verb, reason="x")
        )
        assert problem(answer, 409) == "transition-refused"
    it = await returns.done(refund, "receive")
    assert (it["status"], it["stage"]) == ("received", "waiting_for_goods")
    await returns.ship(refund)
    await returns.receive(refund, {1: 2})
    shown = await returns.inspect(refund, {1: {"sound": 2}})
    assert shown["status"] == "received"
    assert "resend" not in await returns.legs(refund)
    assert (await returns.refunds.done(refund, "close"))["status"] == "closed"
    (told,) = await returns.desk.rows("SELECT body FROM outbox WHERE subject = 'exchange.sent'")
    assert b'"ahead":true' in bytes(told.body)
    assert b'"replacement_order_no":"A-1-R"' in bytes(told.body)


async def test_goods_come_while_what_went_ahead_is_on_its_way(returns: Returns) -> None:
    """T22: inspected first, received after; it goes ahead of nothing once the goods have passed."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.done(refund, "send", ahead=True, **SENT)
    await returns.receive(refund, {1: 2})
    assert (await returns.inspect(refund, {1: {"sound": 2}}))["status"] == "inspected"
    assert problem(await returns.exchange(refund, "send", **SENT), 409) == "transition-refused"
    it = await returns.done(refund, "receive")
    assert it["stage"] == "received"


async def test_goods_that_fail_after_a_replacement_went_ahead(returns: Returns) -> None:
    """T22, T26: what lacks is owed by the customer, and stands there."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.done(refund, "send", ahead=True, **SENT)
    await returns.receive(refund, {1: 1})
    await returns.inspect(refund, {1: {"damaged": 1, "missing": 1, "deducted": "5.00"}})
    it = await returns.replacement(refund)
    assert (it["status"], it["difference"]["amount"], it["owed"]["amount"]) == ("sent", "25.00", "25.00")
    assert (await returns.done(refund, "receive"))["stage"] == "received"


async def test_a_lost_replacement_is_sent_anew(returns: Returns) -> None:
    """T22, T47, T57: the courier bears it, the clock of sending starts again, each loss counts."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.done(refund, "send", **SENT)
    it = await returns.done(refund, "lose", reason="快递丢件")
    assert (it["status"], it["stage"], it["times_lost"]) == ("ready", "inspected", 1)
    assert (await returns.legs(refund))["resend"] == "running"
    it = await returns.done(refund, "send", courier="中通", tracking_number="ZT1")
    assert [(one["courier"], one["lost_at"] is None) for one in it["sendings"]] == [("顺丰", False), ("中通", True)]
    await returns.done(refund, "lose", reason="又丢了")
    await returns.done(refund, "send", courier="邮政", tracking_number="EMS1")
    await returns.done(refund, "receive")
    costs = await returns.desk.rows(
        "SELECT kind, amount_minor, bearer_code FROM case_cost ORDER BY booked_at, cost_id"
    )
    assert [tuple(row) for row in costs] == [("goods", 4000, "顺丰"), ("goods", 4000, "中通")]
    rows = await returns.desk.rows("SELECT sequence FROM outbox WHERE subject = 'exchange.sent' ORDER BY id")
    assert [row.sequence for row in rows] == [1, 2, 3]


async def test_one_lost_ahead_of_the_return(returns: Returns) -> None:
    """T22: then it may be sent ahead again, or the request settled otherwise."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.done(refund, "send", ahead=True, **SENT)
    it = await returns.done(refund, "lose", reason="快递丢件")
    assert (it["stage"], "settle-in-money" in it["allowed"]) == ("waiting_for_goods", True)
    await returns.done(refund, "send", ahead=True, **SENT)


async def test_out_of_stock_the_customer_is_called_and_takes_another(returns: Returns) -> None:
    """T22, T47: missed, called again, another article."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    it = await returns.done(refund, "run-out", reason="该色断货")
    assert (it["status"], it["allowed"]) == (
        "out_of_stock", ["replace", "restock", "call-customer", "settle-in-money"],
    )  # fmt: skip
    assert await calls(returns) == [("call_back", "running")]
    assert problem(await returns.exchange(refund, "send", **SENT), 409) == "transition-refused"
    await returns.done(refund, "call-customer", result="missed")
    assert await calls(returns) == [("call_back", "running")]
    it = await returns.done(refund, "call-customer", result="another_article", note="换蓝色")
    assert [one["result"] for one in it["calls"]] == ["missed", "another_article"]
    assert await calls(returns) == [("call_back", "met")]
    it = await returns.choose(refund, {"sku": "BLUE", "quantity": 2, "unit_price": "20.00"})
    assert (it["status"], it["difference"]["amount"]) == ("ready", "0.00")
    await returns.done(refund, "send", **SENT)


async def test_what_is_in_stock_again_is_sent_after_all(returns: Returns) -> None:
    """T22."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.done(refund, "run-out", reason="断货")
    it = await returns.done(refund, "restock", reason="到货")
    assert (it["status"], await calls(returns)) == ("ready", [("call_back", "met")])
    await returns.choose(refund, BIG)
    await returns.done(refund, "run-out", reason="断货")
    assert (await returns.done(refund, "restock", reason="到货"))["status"] == "unpaid"


async def test_out_of_stock_and_settled_in_money(returns: Returns) -> None:
    """T22, T28: the goods are there; money for them is approved anew, and paid."""
    await returns.refunds.order("A-1", (2, "40.00"), freight="8.00")
    refund = await returns.inspected(kind="exchange")
    await returns.done(refund, "run-out", reason="断货")
    it = await returns.done(refund, "settle-in-money", reason="顾客要退款")
    assert (it["status"], it["kind"], it["allowed"]) == ("settled_in_money", "return_and_money", [])
    now = await returns.refunds.get(refund)
    assert (now["kind"], now["status"], now["amount"]["amount"]) == ("return_and_money", "inspected", "48.00")
    legs = await returns.legs(refund)
    assert (legs["resend"], legs["call_back"]) == ("dropped", "met")
    paying = await returns.refunds.done(refund, "approve", CHIEF)
    assert (paying["status"], await returns.refunds.book()) == ("paying", (4800, 0, 4800, 0))
    await returns.refunds.answered(await returns.refunds.get(refund))
    assert (await returns.refunds.get(refund))["status"] == "paid"


async def test_settled_in_money_before_the_goods_are_back(returns: Returns) -> None:
    """T22, T28: it is reviewed as a return of money; the goods are waited for afterwards."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.done(refund, "run-out", reason="断货")
    it = await returns.done(refund, "settle-in-money", reason="顾客要退款")
    assert (it["kind"], it["stage"]) == ("return_and_money", "under_review")
    approved = await returns.refunds.done(refund, "approve", CHIEF)
    assert (approved["status"], approved["amount"]["amount"]) == ("waiting_for_goods", "40.00")
    await returns.receive(refund, {1: 2})
    assert (await returns.inspect(refund, {1: {"sound": 2}}))["status"] == "paying"


async def test_a_top_up_that_never_comes(returns: Returns) -> None:
    """T22, T43, T47: the customer is waited for and nothing of ours runs; after three days somebody calls."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.choose(refund, BIG)
    assert await returns.waits_for(refund) == ("waiting", "customer")
    assert (await returns.legs(refund))["resend"] == "paused"
    due = await returns.desk.rows("SELECT due_at, subject_id FROM timer WHERE kind = :kind", kind=OVERDUE)
    assert [(row.subject_id, row.due_at - returns.desk.clock.now()) for row in due] == [
        (UUID(refund["refund_id"]), timedelta(hours=72))
    ]  # fmt: skip
    assert await calls(returns) == []
    returns.desk.clock.advance(timedelta(hours=72))
    await _until(returns, [("call_back", "running")])
    await returns.done(refund, "call-customer", result="another_article")
    it = await returns.choose(refund, {"sku": "SKU-1", "quantity": 2})
    assert (it["status"], await returns.waits_for(refund)) == ("ready", ("open", None))
    assert (await returns.legs(refund))["resend"] == "running"


async def _until(returns: Returns, wanted: list[tuple[str, str]]) -> None:
    async def called() -> bool:
        return await calls(returns) == wanted

    await eventually(called)


async def test_a_top_up_that_came_is_not_called_about(returns: Returns) -> None:
    """T22: the timer is gone with the debt, and with the request."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.choose(refund, BIG)
    await returns.choose(refund, {"sku": "SKU-1", "quantity": 2})
    assert await returns.desk.rows("SELECT 1 FROM timer WHERE kind = :kind", kind=OVERDUE) == []


FAILING: tuple[tuple[Json, int, list[tuple[str, int]], str, str], ...] = (
    ({"sound": 1, "missing": 1}, 1, [("SKU-1", 1)], "ready", "0.00"),
    ({"damaged": 2, "deducted": "6.00"}, 2, [("SKU-1", 2)], "unpaid", "6.00"),
    ({"missing": 2}, 0, [], "unsettled", "0.00"),
    ({"not_ours": 2}, 0, [], "unsettled", "0.00"),
)


async def test_an_exchange_whose_goods_fail(returns: Returns) -> None:
    """T22, T26: as many are sent as came; damage is paid for first; for nothing nothing is sent."""
    for place, (found, pieces, articles, status, owed) in enumerate(FAILING):
        await returns.refunds.order(f"F-{place}")
        refund = await returns.waiting(kind="exchange", order_no=f"F-{place}")
        await returns.receive(refund, {1: 2})
        await returns.inspect(refund, {1: found})
        it = await returns.replacement(refund)
        assert (it["status"], it["owed"]["amount"], it["goods"][0]["pieces"]) == (status, owed, pieces), found
        assert [(one["sku"], one["quantity"]) for one in it["articles"]] == articles, found
        if status != "ready":
            assert problem(await returns.exchange(refund, "send", **SENT), 409) == "transition-refused", found
        if not pieces:
            refused = await returns.refunds.done(refund, "refuse", LEAD, grounds="goods_not_returned")
            assert (refused["status"], refused["ticket"]["status"]) == ("refused", "closed"), found


async def test_what_was_chosen_for_more_than_came_is_chosen_anew(returns: Returns) -> None:
    """T22: two for two were chosen, one came."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.choose(refund, {"sku": "SKU-1", "quantity": 2})
    await returns.receive(refund, {1: 1})
    await returns.inspect(refund, {1: {"sound": 1, "missing": 1}})
    it = await returns.replacement(refund)
    assert (it["status"], it["difference"]["amount"]) == ("unsettled", "0.00")
    it = await returns.choose(refund, {"sku": "SKU-1", "quantity": 1})
    assert (it["status"], it["owed"]["amount"]) == ("ready", "0.00")
    await returns.done(refund, "send", **SENT)


async def test_a_difference_agreed_before_the_goods_came_is_that_to_what_came(returns: Returns) -> None:
    """T22, T26, T28: 10.00 were to go back; with 5.00 of damage it is 5.00, which the approval covers."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.choose(refund, {"sku": "SMALL", "quantity": 1, "unit_price": "30.00"})
    await returns.refunds.done(refund, "approve", LEAD)
    assert await returns.refunds.book() == (4000, 3000, 1000, 0)
    await returns.receive(refund, {1: 2})
    await returns.inspect(refund, {1: {"damaged": 2, "deducted": "5.00"}})
    it = await returns.replacement(refund)
    assert (it["status"], it["difference"]["amount"]) == ("ready", "-5.00")
    assert await returns.refunds.book() == (4000, 3500, 500, 0)
    await returns.done(refund, "send", **SENT)
    await returns.done(refund, "receive")
    assert [row.amount_minor for row in await returns.desk.rows("SELECT amount_minor FROM payment")] == [500]


async def test_a_fault_found_at_an_exchange_is_approved_before_it_is_sent(returns: Returns) -> None:
    """T21, T25, T28."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange", reason="no_reason")
    await returns.receive(refund, {1: 2})
    await returns.inspect(refund, {1: {"damaged": 2}}, fault="merchant", fault_reason="釉面开裂")
    assert (await returns.refunds.get(refund))["ways"]["back"] == "merchant"
    assert problem(await returns.exchange(refund, "send", **SENT), 409) == "not-approved"
    await returns.refunds.done(refund, "approve", LEAD)
    await returns.done(refund, "send", **SENT)


async def test_what_is_sent_once_more_without_a_return(returns: Returns) -> None:
    """T22, T47: lost in transit; sent again, lost again, received, closed."""
    await returns.refunds.order()
    refund = await returns.refunds.approved(LEAD, kind="resend", reason="lost_in_transit")
    assert (refund["status"], await returns.legs(refund)) == ("approved", {"resend": "running"})
    assert faults(await returns.exchange(refund, "send", ahead=True, **SENT)) == ["/ahead"]
    it = await returns.done(refund, "send", **SENT)
    assert (it["stage"], await returns.legs(refund)) == ("sent", {"resend": "met"})
    it = await returns.done(refund, "lose", reason="又丢了")
    assert (it["stage"], it["status"]) == ("approved", "ready")
    await returns.done(refund, "send", **SENT)
    assert (await returns.done(refund, "receive"))["stage"] == "received"
    assert (await returns.refunds.done(refund, "close"))["status"] == "closed"
    assert await returns.refunds.book() == (4000, 4000, 0, 0)


async def test_what_can_not_be_sent_once_more_is_settled_in_money(returns: Returns) -> None:
    """T22, T28: approved anew, paid."""
    await returns.refunds.order()
    refund = await returns.refunds.approved(LEAD, kind="resend", reason="lost_in_transit")
    await returns.done(refund, "run-out", reason="断货")
    it = await returns.done(refund, "settle-in-money", reason="顾客要退款")
    assert (it["kind"], it["stage"]) == ("money_only", "under_review")
    paying = await returns.refunds.done(refund, "approve", CHIEF)
    assert (paying["status"], paying["amount"]["amount"]) == ("paying", "40.00")
    assert problem(await returns.exchange(refund, "send", **SENT), 404) == "not-found"


async def test_late_sending_says_by_whom(returns: Returns) -> None:
    """T47: the leg of sending is late with the warehouse, and nobody of the desk is."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    returns.desk.clock.advance(timedelta(days=30))
    await returns.done(refund, "send", **SENT)
    (row,) = await returns.desk.rows("SELECT status, breached_at, owner_staff_id FROM clock WHERE kind = 'resend'")
    assert refund["ticket"]["assignee_staff_id"] is not None
    assert (row.status, row.breached_at is None, row.owner_staff_id) == ("met", False, None)


async def test_two_who_send_at_the_same_moment_send_one(returns: Returns) -> None:
    """T22: and a top-up pays for one replacement, whoever names it first."""
    await returns.refunds.order("A-1", (2, "40.00"))
    refunds = [await returns.inspected(pieces=1, kind="exchange") for _ in range(2)]
    for refund in refunds:
        await returns.choose(refund, {"sku": "BIG", "unit_price": "30.00"})
    line = {"line_no": 1, "sku": "TOP-UP", "quantity": 1, "paid_total": "10.00"}
    today = "2026-11-21T09:00:00+08:00"
    await returns.desk.put("T-1", lines=[line], top_up_of="A-1", placed_at=today, paid="10.00", paid_at=today)
    named = await asyncio.gather(*(_asked(returns, refund, "top-up", order_no="T-1") for refund in refunds))
    assert sorted(named) == [200, 409]
    paid = refunds[named.index(200)]
    assert sorted(await asyncio.gather(*(_asked(returns, paid, "send", **SENT) for _ in range(3)))) == [200, 409, 409]
    assert len((await returns.replacement(paid))["sendings"]) == 1


async def _asked(returns: Returns, refund: Json, verb: str, **body: Any) -> int:
    path = f"/v1/exchanges/{refund['refund_id']}/{verb}"
    return (await returns.refunds.call("POST", path, AGENT, json=body)).status_code


async def test_one_that_went_ahead_is_lost_and_too_little_came_back(returns: Returns) -> None:
    """T22: what is sent anew is chosen anew."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.done(refund, "send", ahead=True, **SENT)
    await returns.receive(refund, {1: 1})
    await returns.inspect(refund, {1: {"sound": 1, "missing": 1}})
    it = await returns.done(refund, "lose", reason="丢件")
    assert (it["status"], it["owed"]["amount"], it["stage"]) == ("unsettled", "0.00", "inspected")
    it = await returns.choose(refund, {"sku": "SKU-1", "quantity": 1})
    assert it["status"] == "ready"
    assert problem(await returns.exchange(refund, "lose", reason="x"), 409) == "transition-refused"


async def test_other_goods_than_it_was_chosen_for(returns: Returns) -> None:
    """T20, T22, T28: the request is edited after the choice; nothing is sent on the old one."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.choose(refund, {"sku": "BLUE", "quantity": 2, "unit_price": "20.00"})
    assert (await returns.refunds.edit(refund, lines=[{"line_no": 1, "quantity": 1}])).status_code == 200
    await returns.refunds.done(refund, "approve", CHIEF)
    assert problem(await returns.exchange(refund, "send", ahead=True, **SENT), 409) == "choice-outdated"
    it = await returns.choose(refund, {"sku": "BLUE", "quantity": 1, "unit_price": "20.00"})
    assert (it["status"], it["goods"][0]["pieces"]) == ("ready", 1)


async def test_nobody_chose_and_the_request_asks_for_other_pieces(returns: Returns) -> None:
    """T20, T22: each piece of those is sent."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange")
    await returns.done(refund, "run-out", reason="断货")
    await returns.done(refund, "restock", reason="到货")
    await returns.refunds.edit(refund, lines=[{"line_no": 1, "quantity": 1}])
    await returns.refunds.done(refund, "approve", CHIEF)
    it = await returns.done(refund, "send", ahead=True, **SENT)
    assert [(one["sku"], one["quantity"]) for one in it["articles"]] == [("SKU-1", 1)]


async def test_what_went_ahead_is_cheaper_and_the_fault_anothers(returns: Returns) -> None:
    """T21, T22, T28: received, then found to be ours; what goes back is approved before it is paid."""
    await returns.refunds.order()
    refund = await returns.waiting(kind="exchange", reason="no_reason")
    await returns.choose(refund, {"sku": "SMALL", "quantity": 1, "unit_price": "30.00"})
    await returns.refunds.done(refund, "approve", LEAD)
    await returns.done(refund, "send", ahead=True, **SENT)
    arrived = (await returns.done(refund, "receive"))["sendings"][0]["received_at"]
    returns.desk.clock.advance(timedelta(hours=1))
    await returns.receive(refund, {1: 2})
    shown = await returns.inspect(refund, {1: {"sound": 2}}, fault="merchant", fault_reason="色差")
    assert (shown["status"], await returns.desk.rows("SELECT 1 FROM payment")) == ("inspected", [])
    assert problem(await returns.exchange(refund, "receive"), 409) == "not-approved"
    await returns.refunds.done(refund, "approve", LEAD)
    it = await returns.done(refund, "receive")
    assert (it["stage"], it["sendings"][0]["received_at"]) == ("received", arrived)
    assert [row.amount_minor for row in await returns.desk.rows("SELECT amount_minor FROM payment")] == [1000]
