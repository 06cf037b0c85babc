"""Payments go out and come to their end whatever the payment side does, each under its one number (T22, T55)."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from payment_desk import Payments
from payment_stand_in import TOKEN, StandIn, answer_of, standing_in
from pydantic import SecretStr
from refund_desk import Json, Refunds
from ticket_desk import Desk

from kit.testing.poll import eventually
from services.ticket.payment.http_side import HttpPaymentSide
from services.ticket.payout import checking, reconciling
from services.ticket.payout.paying import Payer


@pytest.fixture
async def payments(desk: Desk) -> Payments:
    return Payments(await Refunds(desk).settle_in())


@pytest.fixture
async def side(payments: Payments) -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(ways={"plain": 1}, hang_seconds=0.5, latest_seconds=0.2)) as standing:
        yield standing


@pytest.fixture
async def payer(payments: Payments, side: StandIn) -> AsyncIterator[Payer]:
    http = HttpPaymentSide(side.url, SecretStr(TOKEN), seconds=0.2)
    yield Payer(payments.desk.client.transactions, http)
    await http.close()


async def test_what_is_due_is_paid_once(payments: Payments, side: StandIn, payer: Payer) -> None:
    refunds = [await payments.due(f"A-{n}") for n in range(3)]
    assert await payer.pay_due() == 3
    assert await payer.pay_due() == 0
    assert set(side.left) == {refund["payment_key"] for refund in refunds}
    assert side.calls == {"plain": 3}, "each was asked for once"
    assert [(await payments.payment(refund))[0] for refund in refunds] == ["paid"] * 3
    assert side.asked[refunds[0]["payment_key"]] == ("40.00", "CNY", refunds[0]["refund_id"])


@pytest.mark.parametrize(
    ("way", "calls"), [("hang-after", 1), ("break-after", 1), ("hang-before", 2), ("break-before", 2), ("later", 2)]
)
async def test_what_became_of_a_call_is_asked_until_it_is_known(
    payments: Payments, side: StandIn, payer: Payer, way: str, calls: int
) -> None:
    """Done or not done before it hung or broke: unknown, asked about, never paid twice."""
    refund = await payments.due()
    side.ways = {way: 1}
    await payer.pay_due()
    assert (await payments.payment(refund))[0] == "unknown"
    side.ways = {"plain": 1}
    await through(payments, payer, refund)
    assert await payments.payment(refund) == ("paid", side.said[refund["payment_key"]]["reference"])
    assert side.left == {refund["payment_key"]: 1}
    (row,) = await payments.desk.rows("SELECT attempts FROM payment")
    assert row.attempts == calls
    assert await payments.desk.audits(refund["payment_key"]) == [
        "order", *(["call", "doubt", "renew"] if calls == 2 else []), *(["call", "doubt"] if calls == 1 else ["call"]), "pay"
    ]  # fmt: skip


async def test_nothing_is_paid_while_nobody_knows(payments: Payments, side: StandIn, payer: Payer) -> None:
    """The payment side breaks for an hour: one number, asked about less and less often, and an alarm."""
    refund = await payments.due()
    side.ways = {"break-before": 1}
    for _ in range(30):
        await payer.pay_due()
        payments.later(61)
    assert side.left == {}
    assert (await payments.payment(refund))[0] in ("unknown", "due")
    assert await payments.refunds.book() == (40_00, 0, 40_00, 0)
    if (await payments.payment(refund))[0] == "due":
        await payer.pay_due()
    await eventually(lambda: unresolved(payments))
    assert await payments.alarms() == ["unresolved"]


async def test_a_refused_payment_is_tried_again_under_the_same_number(
    payments: Payments, side: StandIn, payer: Payer
) -> None:
    refund = await payments.due()
    side.ways, side.most_refusals = {"refuse": 1}, 2
    for _ in range(2):
        await payer.pay_due()
        assert (await payments.refunds.get(refund))["status"] == "pay_failed"
        await payments.refunds.done(refund, "retry")
    await payer.pay_due()
    assert (await payments.refunds.get(refund))["status"] == "paid"
    assert side.left == {refund["payment_key"]: 1}
    assert await payments.told(refund, "refund.failed") == 2
    assert await payments.told(refund, "refund.paid") == 1


async def test_a_retry_that_got_lost_is_made_again(payments: Payments, side: StandIn, payer: Payer) -> None:
    """Asked, the payment side says again that the first call failed: of the second one it knows nothing."""
    refund = await payments.due()
    side.ways, side.most_refusals = {"refuse": 1}, 1
    await payer.pay_due()
    await payments.refunds.done(refund, "retry")
    side.ways = {"break-before": 1}
    await payer.pay_due()
    assert (await payments.payment(refund))[0] == "unknown"
    side.ways = {"plain": 1}
    await through(payments, payer, refund)
    assert side.left == {refund["payment_key"]: 1}


async def test_a_caller_that_died_leaves_a_row_that_is_asked_about(
    payments: Payments, side: StandIn, payer: Payer
) -> None:
    """Killed after the row was committed and before, or after, the call."""
    refund = await payments.due()
    await payments.call(refund)
    assert await payer.pay_due() == 0
    await payments.desk.change(
        "UPDATE payment SET called_at = :long_ago", long_ago=payments.desk.clock.now() - timedelta(minutes=1)
    )
    await through(payments, payer, refund)
    assert side.left == {refund["payment_key"]: 1}


async def test_another_amount_in_the_answer_moves_nothing(payments: Payments, side: StandIn, payer: Payer) -> None:
    refund = await payments.due()
    key = refund["payment_key"]
    side.asked[key] = ("39.99", "CNY", refund["refund_id"])
    side._keep(key, status="paid", reference="R-1")
    await payer.pay_due()
    payments.later(2)
    await payer.pay_due()
    assert (await payments.payment(refund))[0] == "unknown"
    assert await payments.refunds.book() == (40_00, 0, 40_00, 0)
    assert await payments.alarms() == ["answer_amount"]


async def test_what_the_case_cant_take_is_an_alarm(payments: Payments, payer: Payer) -> None:
    """Something is broken in the case: nothing is half applied, and somebody has to look."""
    refund = await payments.due()
    await payments.desk.change(
        "UPDATE refund SET status = 'approved' WHERE refund_id = :one", one=refund["refund_id"]
    )
    await payer.pay_due()
    assert (await payments.payment(refund))[0] == "calling"
    assert await payments.refunds.book() == (40_00, 0, 40_00, 0)
    assert await payments.alarms() == ["answer_unapplied"]


async def test_callbacks_and_answers_meet_in_one_payment(payments: Payments, side: StandIn, payer: Payer) -> None:
    refund = await payments.due()

    async def tell(said: Mapping[str, Any]) -> bool:
        answer = await payments.desk.call("POST", "/v1/payments/answers", "storefront", json=answer_of(said))
        return answer.status_code == 200

    side.tell = tell
    await payer.pay_due()
    await side.quiet()
    assert await payments.told(refund, "refund.paid") == 1
    assert await payments.alarms() == []


async def test_the_nights_list_is_compared_once(payments: Payments, side: StandIn, payer: Payer) -> None:
    """T55: matched to the cent; what nobody had told us is settled by it; a cent astray and a payment of which the
    list says nothing are alarms."""
    refunds = [await payments.due(f"A-{n}") for n in range(5)]
    await payer.pay_due()
    keys = [refund["payment_key"] for refund in refunds]
    yesterday = (payments.desk.clock.now() - timedelta(days=1)).isoformat()
    for key in keys:
        side.said[key]["at"] = yesterday
    await payments.desk.change("ALTER TABLE payment DISABLE TRIGGER USER")
    await payments.desk.change(
        "UPDATE payment SET paid_at = :at", at=datetime.fromisoformat(yesterday).astimezone(UTC)
    )
    await payments.desk.change("ALTER TABLE payment ENABLE TRIGGER USER")
    untold = await payments.due("A-9")
    side.asked[untold["payment_key"]] = ("40.00", "CNY", untold["refund_id"])
    side._keep(untold["payment_key"], status="paid", reference="R-9")["at"] = yesterday
    side.said[keys[0]]["amount"] = "39.99"
    del side.said[keys[1]]
    http = HttpPaymentSide(side.url, SecretStr(TOKEN), seconds=5)
    transactions = payments.desk.client.transactions
    assert await reconciling.reconcile_nights(transactions, http) == 7
    assert await reconciling.reconcile_nights(transactions, http) == 0
    await http.close()
    shown = await payments.desk.call("GET", "/v1/payments/reconciliations", "finance")
    (day,) = [one for one in shown.json()["items"] if one["listed"]]
    counts = {name: day[name] for name in ("listed", "matched", "settled", "drifted", "missing", "nightly")}
    assert counts == {"listed": 5, "matched": 3, "settled": 1, "drifted": 1, "missing": 1, "nightly": True}
    assert sorted(await payments.alarms()) == ["listed_differs", "listed_missing"]
    assert (await payments.payment(untold))[0] == "paid"
    assert len(await payments.desk.rows("SELECT 1 FROM payment_reconciliation WHERE nightly")) == 7


async def through(payments: Payments, payer: Payer, refund: Json) -> None:
    """Time goes by until the payment is paid."""

    async def paid() -> bool:
        payments.later(61)
        await payer.pay_due()
        return (await payments.payment(refund))[0] == "paid"

    await eventually(paid, within=20)


async def unresolved(payments: Payments) -> bool:
    """A look finds the payment of which nobody knows."""
    await checking.check(payments.desk.client.transactions)
    return "unresolved" in await payments.alarms()
