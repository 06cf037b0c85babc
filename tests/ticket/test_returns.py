"""T21, T22, T26, T47: a return from the customer's parcel to the money, through the API on a real database."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest
from refund_desk import AGENT, CHIEF, LEAD, Json, Refunds, problem
from return_desk import Returns
from ticket_desk import Desk

from contracts.ticket.refund import RefundInspected


@pytest.fixture
async def returns(desk: Desk) -> Returns:
    return Returns(await Refunds(desk).settle_in())


async def told(returns: Returns, refund: Json, noun: str = "refund") -> list[str]:
    """The subjects of a request's own events, without gaps (E4)."""
    rows = await returns.desk.rows(
        "SELECT subject, sequence FROM outbox WHERE noun = :noun AND aggregate_id = :id ORDER BY id",
        noun=noun,
        id=refund["refund_id"],
    )
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    return [row.subject.partition(".")[2] for row in rows]


async def last(returns: Returns, subject: str) -> Any:
    """The body of the last event of that subject."""
    rows = await returns.desk.rows(
        "SELECT body FROM outbox WHERE subject = :subject ORDER BY id DESC LIMIT 1", subject=subject
    )
    return orjson.loads(bytes(rows[0].body))


async def taken_back(returns: Returns) -> list[int]:
    """The pieces of each line that nobody else can ask back."""
    return [row.taken_back for row in await returns.desk.rows("SELECT * FROM order_book_line ORDER BY line_no")]


async def test_a_return_is_shipped_received_inspected_and_paid(returns: Returns) -> None:
    """T22, T26, T47: each step with its event, its line in the trail, its clock and whom it waits for."""
    await returns.refunds.order("A-1", (2, "40.00"), freight="8.00")
    refund = await returns.waiting()
    assert await returns.legs(refund) == {"ship_back": "running"}
    assert await returns.waits_for(refund) == ("waiting", "customer")
    parcel = await returns.ship(refund, freight="12.00")
    assert (parcel["tracking_number"], parcel["status"], parcel["freight"]["amount"]) == (
        "ZT****7890", "on_the_way", "12.00",
    )  # fmt: skip
    assert parcel["lines"] == [{"line_no": 1, "quantity": 2}]
    assert await returns.legs(refund) == {"ship_back": "met"}
    assert await returns.waits_for(refund) == ("waiting", "courier")
    shown = await returns.receive(refund, {1: 2}, parcel_id=parcel["parcel_id"], slip_found=True)
    assert (shown["status"], shown["parcels"][0]["status"]) == ("goods_received", "arrived")
    assert await returns.legs(refund) == {"ship_back": "met", "inspect": "running"}
    assert await returns.waits_for(refund) == ("waiting", "warehouse")
    shown = await returns.inspect(refund, {1: {"sound": 2}})
    assert (shown["status"], shown["amount"]["amount"], shown["inspection"]["passed"]) == ("paying", "48.00", True)
    assert await returns.legs(refund) == {"ship_back": "met", "inspect": "met", "pay_out": "running"}
    assert await returns.refunds.book() == (4800, 0, 4800, 0)
    paying = await returns.refunds.get(refund)
    inspected = await last(returns, "refund.inspected")
    RefundInspected.model_validate(inspected)
    assert (inspected["payment_key"], inspected["amount"]) == (
        paying["payment_key"], {"amount": "48.00", "currency": "CNY"},
    )  # fmt: skip
    await returns.refunds.answered(paying)
    assert (await returns.refunds.get(refund))["status"] == "paid"
    assert await returns.refunds.book() == (4800, 0, 0, 4800)
    assert await told(returns, refund) == ["requested", "approved", "goods_received", "inspected", "paid"]
    rows = await returns.desk.rows(
        "SELECT action FROM audit WHERE noun = 'refund' AND aggregate_id = :id ORDER BY id", id=refund["refund_id"]
    )
    assert [row.action for row in rows] == [
        "request", "review", "approve", "ship-back", "receive-goods", "inspect", "pay", "paid",
    ]  # fmt: skip


async def test_goods_come_in_several_parcels(returns: Returns) -> None:
    """T22: two parcels, three receipts; the second is announced and looked for after the first was opened."""
    await returns.refunds.order("A-1", (4, "100.00"), (1, "10.00"))
    refund = await returns.waiting(pieces={1: 4, 2: 1})
    first = await returns.ship(refund, {1: 2})
    assert await returns.legs(refund) == {"ship_back": "running"}
    assert await returns.waits_for(refund) == ("waiting", "customer")
    await returns.receive(refund, {1: 1}, parcel_id=first["parcel_id"])
    shown = await returns.receive(refund, {1: 1}, parcel_id=first["parcel_id"])
    assert [line["received"] for line in shown["lines"]] == [2, 0]
    assert [line["to_ship"] for line in shown["lines"]] == [2, 1]
    assert await returns.legs(refund) == {"ship_back": "running", "inspect": "running"}
    second = await returns.ship(refund, {1: 2})
    assert (await returns.parcel(refund, second, "search")).json()["status"] == "goods_received"
    assert await returns.waits_for(refund) == ("waiting", "warehouse")
    await returns.parcel(refund, second, "find")
    shown = await returns.receive(refund, {1: 2, 2: 1}, parcel_id=second["parcel_id"])
    assert [(line["received"], line["to_ship"]) for line in shown["lines"]] == [(4, 0), (1, 0)]
    assert [len(receipt["lines"]) for receipt in shown["receipts"]] == [1, 1, 2]
    assert await returns.legs(refund) == {"ship_back": "met", "inspect": "running"}
    await returns.inspect(refund, {1: {"sound": 4}, 2: {"sound": 1}})
    assert (await told(returns, refund)).count("goods_received") == 3
    assert (await last(returns, "refund.goods_received"))["lines"] == [
        {"line_no": 1, "quantity": 2, "amount": None}, {"line_no": 2, "quantity": 1, "amount": None},
    ]  # fmt: skip


async def test_missing_damaged_and_strange_pieces_are_not_paid_in_full(returns: Returns) -> None:
    """T26: 100.00 for 4; one sound, one damaged less 5.00, one missing, one not ours → 45.00, the rest stays kept,
    and the pieces that never came can be asked for again."""
    await returns.refunds.order("A-1", (4, "100.00"))
    refund = await returns.waiting(pieces={1: 4})
    await returns.receive(refund, {1: 3}, surplus=2, note="多出两只杯子")
    found = {"sound": 1, "damaged": 1, "missing": 1, "not_ours": 1, "deducted": "5.00"}
    shown = await returns.inspect(refund, {1: found})
    assert (shown["status"], shown["amount"]["amount"]) == ("paying", "45.00")
    assert shown["inspection"]["lines"] == [
        {"line_no": 1, "sound": 1, "damaged": 1, "missing": 1, "not_ours": 1, "lost": 0,
         "deducted": {"amount": "5.00", "currency": "CNY"}},
    ]  # fmt: skip
    assert (shown["receipts"][0]["surplus"], shown["inspection"]["passed"]) == (2, False)
    assert await returns.refunds.book() == (10000, 5500, 4500, 0)
    assert await taken_back(returns) == [2]
    inspected = await last(returns, "refund.inspected")
    assert (inspected["passed"], inspected["deducted"]["amount"], inspected["amount"]["amount"]) == (
        False, "5.00", "45.00",
    )  # fmt: skip
    assert "杯子" not in str(inspected)
    await returns.refunds.answered(await returns.refunds.get(refund))
    again = await returns.refunds.ask(pieces={1: 2})
    assert again["amount"]["amount"] == "50.00"


async def test_when_everything_is_missing_nothing_is_paid_and_a_late_parcel_is_inspected_anew(
    returns: Returns,
) -> None:
    """T22, T26, T28: nothing payable; the goods come after all, and what was given up has to be approved again."""
    await returns.refunds.order()
    refund = await returns.waiting()
    await returns.ship(refund)
    shown = await returns.inspect(refund, {1: {"missing": 2}}, note="空包裹")
    assert (shown["status"], shown["amount"]["amount"]) == ("inspected", "0.00")
    assert await returns.refunds.book() == (4000, 4000, 0, 0)
    assert await taken_back(returns) == [0]
    assert (await last(returns, "refund.inspected"))["payment_key"] is None
    assert await returns.desk.rows("SELECT 1 FROM payment") == []
    shown = await returns.receive(refund, {1: 2})
    assert shown["status"] == "goods_received"
    shown = await returns.inspect(refund, {1: {"sound": 2}})
    assert (shown["status"], shown["amount"]["amount"], shown["inspection"]["round"]) == ("inspected", "40.00", 2)
    assert await taken_back(returns) == [2]
    paying = await returns.refunds.done(refund, "approve", CHIEF)
    assert (paying["status"], await returns.refunds.book()) == ("paying", (4000, 0, 4000, 0))


async def test_a_return_of_nothing_payable_is_refused_or_closed(returns: Returns) -> None:
    """T22: whoever decides sees that it can be."""
    await returns.refunds.order()
    refund = await returns.waiting()
    await returns.receive(refund, {1: 2})
    shown = await returns.inspect(refund, {1: {"not_ours": 2}})
    assert (shown["status"], shown["amount"]["amount"]) == ("inspected", "0.00")
    refused = await returns.refunds.done(refund, "refuse", LEAD, grounds="goods_not_ours", unfounded=True)
    assert (refused["status"], refused["ticket"]["status"]) == ("refused", "closed")
    assert (await returns.refunds.book(), await taken_back(returns)) == ((4000, 4000, 0, 0), [0])


async def test_a_fault_found_to_be_ours_gives_the_freight_back_and_is_approved_anew(returns: Returns) -> None:
    """T21, T25, T28: no reason becomes quality at the inspection; whoever found that can't approve it."""
    await returns.refunds.order("A-1", (2, "40.00"), freight="8.00")
    refund = await returns.waiting(reason="no_reason")
    assert refund["amount"]["amount"] == "40.00"
    await returns.ship(refund, freight="12.00")
    await returns.receive(refund, {1: 2})
    shown = await returns.inspect(refund, {1: {"damaged": 2}}, fault="merchant", fault_reason="釉面开裂")
    assert (shown["status"], shown["amount"]["amount"]) == ("inspected", "48.00")
    assert (shown["inspection"]["fault"], shown["inspection"]["fault_before"]) == ("merchant", "customer")
    now = await returns.refunds.get(refund)
    assert (now["fault"], now["approved_at"], now["ways"]["back"]) == ("merchant", None, "merchant")
    inspected = await last(returns, "refund.inspected")
    assert (inspected["fault"], inspected["fault_before"], inspected["amount"]) == ("merchant", "customer", None)
    assert problem(await returns.refunds.verb(refund, "approve", AGENT), 403) == "own-request"
    paying = await returns.refunds.done(refund, "approve", CHIEF)
    assert (paying["status"], await returns.refunds.book()) == ("paying", (4800, 0, 4800, 0))
    costs = await returns.desk.rows("SELECT kind, amount_minor, fault FROM case_cost WHERE amount_minor > 0")
    assert [tuple(row) for row in costs] == [("freight", 1200, "merchant")]


async def test_a_fault_found_to_be_the_customers_is_approved_anew(returns: Returns) -> None:
    """T21, T28: less is given, but on other grounds than were approved."""
    await returns.refunds.order("A-1", (2, "40.00"), freight="8.00")
    refund = await returns.waiting()
    await returns.receive(refund, {1: 2})
    shown = await returns.inspect(
        refund, {1: {"damaged": 2, "deducted": "10.00"}}, fault="customer", fault_reason="人为摔坏"
    )
    assert (shown["status"], shown["amount"]["amount"]) == ("inspected", "30.00")
    assert await returns.desk.rows("SELECT 1 FROM payment") == []
    assert (await returns.refunds.done(refund, "approve", CHIEF))["status"] == "paying"
    assert await returns.refunds.book() == (4800, 1800, 3000, 0)


async def test_the_same_fault_named_once_more_changes_nothing(returns: Returns) -> None:
    """T21."""
    await returns.refunds.order()
    refund = await returns.waiting()
    await returns.receive(refund, {1: 2})
    shown = await returns.inspect(refund, {1: {"sound": 2}}, fault="merchant", fault_reason="确认")
    assert (shown["status"], shown["inspection"]["fault_before"]) == ("paying", None)


@pytest.mark.parametrize(("late", "leg"), [(30, "ship_back"), (10, "inspect")])
async def test_a_late_leg_says_by_whom(returns: Returns, late: int, leg: str) -> None:
    """T47: met late by the customer or by the warehouse, and by nobody of the desk."""
    await returns.refunds.order()
    refund = await returns.waiting()
    if leg == "inspect":
        await returns.receive(refund, {1: 2})
    returns.desk.clock.advance(timedelta(days=late))
    if leg == "inspect":
        await returns.inspect(refund, {1: {"sound": 2}})
    else:
        await returns.ship(refund)
    met = [one for one in await _clocks(returns) if one["kind"] == leg]
    party = {"ship_back": "customer", "inspect": "warehouse"}[leg]
    assert [(one["late"], one["party"], one["owner_staff_id"]) for one in met] == [(True, party, None)]
    assert await returns.legs(refund) | {leg: "met"} == await returns.legs(refund)


async def _clocks(returns: Returns) -> list[Json]:
    rows = await returns.desk.rows("SELECT body FROM outbox WHERE subject = 'clock.met' ORDER BY id")
    return [orjson.loads(bytes(row.body)) for row in rows]


async def test_the_last_piece_is_received_once(returns: Returns) -> None:
    """T22: two people count it at the same moment."""
    await returns.refunds.order("A-1", (1, "40.00"))
    refund = await returns.waiting(pieces={1: 1})
    path = f"/v1/refunds/{refund['refund_id']}/receipts"
    body = {"lines": [{"line_no": 1, "quantity": 1}]}
    answers = await asyncio.gather(*(returns.refunds.call("POST", path, AGENT, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert [line["received"] for line in (await returns.get(refund))["lines"]] == [1]


async def test_a_receipt_sent_twice_under_one_key_is_one(returns: Returns) -> None:
    """Conventions: an Idempotency-Key on whatever creates."""
    await returns.refunds.order()
    refund = await returns.waiting()
    path, body = f"/v1/refunds/{refund['refund_id']}/receipts", {"lines": [{"line_no": 1, "quantity": 1}]}
    answers = [await returns.desk.call("POST", path, json=body, headers={"Idempotency-Key": "r-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert (await returns.get(refund))["lines"][0]["received"] == 1
