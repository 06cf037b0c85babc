"""Whose leg it is, and who pays in the end (T47, T57)."""

import pytest
from goodwill_desk import CHIEF as CHIEF_OF_GOODWILL
from goodwill_desk import GoodwillDesk
from refund_desk import AGENT, ASKER, LEAD, Json, Refunds
from return_desk import Returns
from ticket_desk import Desk


@pytest.fixture
async def returns(desk: Desk) -> Returns:
    return Returns(await Refunds(desk).settle_in())


async def owed(returns: Returns, refund: Json) -> dict[str, tuple[str, str | None]]:
    """Who has to act for each of its clocks, and whose of the desk it is."""
    answer = await returns.refunds.call("GET", f"/v1/tickets/{refund['refund_id']}")
    return {one["kind"]: (one["party"], one["owner_staff_id"]) for one in answer.json()["clocks"]}


async def test_each_leg_is_owed_by_whoever_has_to_act(returns: Returns) -> None:
    """T47: an agent agrees and calls back; the customer sends, the warehouse inspects, and the money is paid by those
    who pay. Whoever the ticket is handed to owes what the desk owes, and nothing else."""
    await returns.refunds.order("A-1", (2, "40.00"), freight="8.00")
    refund = await returns.refunds.ask()
    path = f"/v1/tickets/{refund['refund_id']}"
    assert (await returns.refunds.call("POST", f"{path}/take", AGENT)).status_code == 200
    assert await owed(returns, refund) == {"agree": ("desk", str(AGENT))}
    await returns.refunds.done(refund, "review")
    await returns.refunds.done(refund, "approve", LEAD)
    assert (await owed(returns, refund))["ship_back"] == ("customer", None)
    handed = await returns.refunds.call("POST", f"{path}/assign", LEAD, json={"staff_id": str(ASKER)})
    assert handed.status_code == 200, handed.text
    assert (await owed(returns, refund))["ship_back"] == ("customer", None)
    await returns.ship(refund)
    await returns.receive(refund, {1: 2})
    assert (await owed(returns, refund))["inspect"] == ("warehouse", None)
    await returns.inspect(refund, {1: {"sound": 2}})
    assert (await owed(returns, refund))["pay_out"] == ("payment", None)


async def test_a_leg_of_the_desk_goes_with_the_ticket(returns: Returns) -> None:
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    path = f"/v1/tickets/{refund['refund_id']}"
    assert refund["ticket"]["assignee_staff_id"] == str(AGENT)
    assert (await owed(returns, refund))["resend"] == ("warehouse", None)
    await returns.done(refund, "run-out", reason="缺货")
    assert (await owed(returns, refund))["call_back"] == ("desk", str(AGENT))
    handed = await returns.refunds.call("POST", f"{path}/assign", LEAD, json={"staff_id": str(ASKER)})
    assert handed.status_code == 200, handed.text
    assert (await owed(returns, refund))["call_back"] == ("desk", str(ASKER))


async def test_goods_sent_once_more_cost_whoever_is_at_fault(returns: Returns) -> None:
    """T57: nothing comes back for a resend; withdrawn before it is sent, it costs nothing."""
    await returns.refunds.order("A-1", (2, "40.00"), courier="zto")
    for pieces, costs in (({1: 1}, []), ({1: 2}, [("goods", "40.00", "courier", "zto")])):
        refund = await returns.refunds.approved(LEAD, kind="resend", reason="lost_in_transit", pieces=pieces)
        if costs:
            await returns.done(refund, "send", courier="顺丰", tracking_number="SF1")
        else:
            await returns.refunds.done(refund, "withdraw")
        answer = await returns.refunds.call("GET", f"/v1/refunds/{refund['refund_id']}/costs", LEAD)
        found = [
            (one["kind"], one["amount"]["amount"], one["bearer"], one["bearer_code"])
            for one in answer.json()["items"]
        ]
        assert found == costs


async def test_the_fee_of_a_reason_that_was_put_right_is_no_cost(returns: Returns) -> None:
    """T29, T57: approved, edited, so that nothing is approved any more, and withdrawn: nothing was given."""
    await returns.refunds.order("A-1", (2, "40.00"))
    refund = await returns.waiting(LEAD, reason="out_of_stock")
    path = f"/v1/refunds/{refund['refund_id']}/costs"
    (fee,) = (await returns.refunds.call("GET", path, LEAD)).json()["items"]
    assert (fee["kind"], fee["amount"]["amount"]) == ("fee", "2.00")
    assert (await returns.refunds.edit(refund, LEAD, lines=[{"line_no": 1, "quantity": 1}])).status_code == 200
    await returns.refunds.done(refund, "withdraw")
    assert [one["amount"]["amount"] for one in (await returns.refunds.call("GET", path, LEAD)).json()["items"]] == []


async def test_a_cost_is_told_once_by_what_caused_it(returns: Returns) -> None:
    """T27, T57: goodwill on a refund's ticket tells its own cost; the refund that is paid later doesn't tell it again."""
    refunds = returns.refunds
    await refunds.order("A-1", (2, "200.00"))
    refund = await refunds.ask(kind="money_only", reason="quality", wanted="50.00", pieces={1: 1})
    goodwill = GoodwillDesk(refunds.desk)
    offered = await goodwill.offer({"ticket_id": refund["refund_id"]}, "10.00")
    await goodwill.answered(await goodwill.done(offered, "approve", CHIEF_OF_GOODWILL))
    await refunds.done(refund, "review")
    await refunds.answered(await refunds.done(refund, "approve", LEAD), reference="pay-9")
    rows = await refunds.desk.rows(
        "SELECT subject, convert_from(body, 'utf8')::jsonb -> 'costs' AS costs FROM outbox "
        "WHERE subject IN ('goodwill.paid', 'refund.paid') ORDER BY id"
    )
    told = [(row.subject, [(one["kind"], one["amount"]["amount"]) for one in row.costs]) for row in rows]
    assert told == [("goodwill.paid", [("goodwill", "10.00")]), ("refund.paid", [("goods", "50.00")])]
