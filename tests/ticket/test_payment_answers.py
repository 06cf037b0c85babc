"""One function applies what the payment side says, whichever way and in whichever order it comes (T22, T55)."""

from datetime import timedelta
from itertools import permutations

import pytest
from payment_desk import Payments
from refund_desk import Refunds
from sqlalchemy.exc import DBAPIError
from stage import NOON
from ticket_desk import Desk

from kit.ids import new_id
from kit.problems import Problem
from services.ticket.payment.port import Way
from services.ticket.payout.applying import Verdict

FAILED, PAID = ("failed", "F-1"), ("paid", "R-1")
ANOTHER = """
INSERT INTO payment SELECT gen_random_uuid(), cause, gen_random_uuid(), ticket_id, order_id, shop, order_no, currency,
    amount_minor, sealed_payee, status, attempts, asks, ordered_at, due_since, next_try_at, called_at, reference, failure,
    retryable, paid_at, failed_at, version FROM payment
"""
LATER = NOON + timedelta(minutes=3)


@pytest.fixture
async def payments(desk: Desk) -> Payments:
    return Payments(await Refunds(desk).settle_in())


async def test_a_payment_is_paid_by_whichever_way_it_is_told(payments: Payments) -> None:
    for way in Way:
        refund = await payments.due(way)
        assert await payments.say(refund, "paid", way, reference=f"R-{way}") is Verdict.APPLIED
        assert await payments.payment(refund) == ("paid", f"R-{way}")
        assert await payments.refunds.book(way) == (40_00, 0, 0, 40_00)
        assert (await payments.refunds.get(refund))["status"] == "paid"
        assert await payments.told(refund, "refund.paid") == 1


async def test_a_payment_is_paid_from_every_state_it_may_be_in(payments: Payments) -> None:
    for state in ("due", "calling", "unknown", "failed"):
        refund = await payments.due(state)
        if state != "due":
            await payments.call(refund)
        if state == "unknown":
            await payments.desk.change(
                "UPDATE payment SET status = 'unknown', next_try_at = now() WHERE payment_key = :key",
                key=refund["payment_key"],
            )
        if state == "failed":
            await payments.say(refund, "failed", reference="F-1")
            assert (await payments.refunds.get(refund))["status"] == "pay_failed"
        assert (await payments.payment(refund))[0] == state
        assert await payments.say(refund, "paid", Way.EVENT, reference=f"R-{state}") is Verdict.APPLIED
        assert await payments.refunds.book(state) == (40_00, 0, 0, 40_00)


SAID = [(FAILED, Way.SENT), (FAILED, Way.EVENT), (PAID, Way.SENT), (PAID, Way.EVENT)]


async def test_late_doubled_and_reordered_answers_have_one_effect(payments: Payments) -> None:
    """Paid after failed, failed after paid, each twice and by two ways, in all 24 orders: it is paid, once."""
    for turn, order in enumerate(permutations(SAID)):
        number = f"A-{turn}"
        refund = await payments.due(number)
        await payments.call(refund)
        for (result, reference), way in order:
            await payments.say(refund, result, way, reference=f"{reference}-{turn}")
        assert await payments.payment(refund) == ("paid", f"R-1-{turn}"), order
        assert await payments.refunds.book(number) == (40_00, 0, 0, 40_00), order
        told = [await payments.told(refund, subject) for subject in ("refund.paid", "refund.failed")]
        assert told == [1, 0 if order[0][0] == PAID else 1], order
    assert await payments.alarms() == []
    (entries,) = await payments.desk.rows("SELECT count(*) AS found FROM book_entry WHERE kind = 'refunded'")
    assert entries.found == 24


async def test_all_of_a_batch_are_told_at_once(payments: Payments) -> None:
    """Doubles within one batch of events: the rows are locked together, each has its one effect."""
    refunds = [await payments.due(f"A-{n}") for n in range(3)]
    for refund in refunds:
        await payments.say(refund, "paid", Way.EVENT, reference=f"R-{refund['refund_id']}")
        await payments.say(refund, "paid", Way.LIST, reference=f"R-{refund['refund_id']}")
    assert [await payments.told(refund, "refund.paid") for refund in refunds] == [1, 1, 1]


async def test_a_failure_that_is_repeated_after_a_retry_doesnt_fail_it_again(payments: Payments) -> None:
    """The callback of the first attempt comes twice, the second time after the retry. A new failure counts."""
    refund = await payments.due()
    await payments.call(refund)
    assert await payments.say(refund, "failed", reference="F-1") is Verdict.APPLIED
    await payments.refunds.done(refund, "retry")
    assert (await payments.payment(refund))[0] == "due"
    await payments.call(refund)
    assert await payments.say(refund, "failed", reference="F-1") is Verdict.REPEATED
    assert (await payments.payment(refund))[0] == "calling"
    assert await payments.say(refund, "failed", reference="F-1", at=LATER) is Verdict.APPLIED
    assert await payments.told(refund, "refund.failed") == 2
    assert await payments.refunds.book() == (40_00, 0, 40_00, 0)


async def test_the_answer_of_the_present_call_counts_whatever_was_said_before(payments: Payments) -> None:
    """A payment side that says the same of the second call as of the first; what the first call brings late is not the
    second one's answer."""
    refund = await payments.due()
    await payments.call(refund)
    assert await payments.say(refund, "failed", Way.CALL, reference="F-1", attempt=1) is Verdict.APPLIED
    await payments.refunds.done(refund, "retry")
    await payments.call(refund)
    assert await payments.say(refund, "failed", Way.CALL, reference="F-1", attempt=1) is Verdict.REPEATED
    assert (await payments.payment(refund))[0] == "calling"
    assert await payments.say(refund, "failed", Way.CALL, reference="F-1", attempt=2) is Verdict.APPLIED
    assert (await payments.payment(refund))[0] == "failed"


async def test_what_cant_be_tried_again_says_so(payments: Payments) -> None:
    refund = await payments.due()
    await payments.send(
        payment_key=refund["payment_key"], amount="40.00", result="failed", failure="closed", retryable=False
    )
    refused = await payments.refunds.verb(refund, "retry")
    assert (refused.status_code, refused.json()["allowed"]) == (409, [])
    assert (await payments.payment(refund))[0] == "failed"


UNTRUE = (
    ({"amount": "39.99"}, 409, "amount", "answer_amount"),
    ({"amount": "40.01"}, 409, "amount", "answer_amount"),
    ({"amount": "40.00", "currency": "USD"}, 409, "amount", "answer_amount"),
    ({"amount": "39.99", "result": "failed", "failure": "closed"}, 409, "amount", "answer_amount"),
    ({"amount": "40.00", "payment_key": str(new_id())}, 404, None, "answer_unknown"),
)


async def test_what_cant_be_true_moves_nothing_and_is_an_alarm(payments: Payments) -> None:
    """Bad input: an unknown number, another amount or currency. Each is kept as it came and told once."""
    refund = await payments.due()
    before = await payments.all_rows()
    for said, status, because, alarm in UNTRUE:
        for _ in range(2):
            answer = await payments.send(**{"payment_key": refund["payment_key"], **said})
            assert (answer.status_code, answer.json().get("because")) == (status, because), said
            assert answer.headers["content-type"] == "application/problem+json"
        assert await payments.all_rows() == before, said
        assert (await payments.alarms())[-1] == alarm
    assert await payments.alarms() == ["answer_amount", "answer_unknown"]
    kept = await payments.desk.rows("SELECT verdict FROM payment_answer")
    assert [row.verdict for row in kept] == ["refused"] * len(UNTRUE)
    (told,) = await payments.desk.rows("SELECT count(*) AS found FROM outbox WHERE subject = 'payment.drifted'")
    assert told.found == 2


async def test_a_second_payment_under_one_number_is_an_alarm(payments: Payments) -> None:
    refund = await payments.due()
    await payments.say(refund, "paid", reference="R-1")
    before = await payments.all_rows()
    answer = await payments.send(payment_key=refund["payment_key"], amount="40.00", payment_reference="R-2")
    assert (answer.status_code, answer.json()["because"]) == (409, "twice")
    assert await payments.all_rows() == before
    assert await payments.alarms() == ["answer_twice"]


async def test_a_reference_stands_for_one_payment(payments: Payments) -> None:
    first, second = await payments.due("A-1"), await payments.due("A-2")
    await payments.say(first, "paid", reference="R-1")
    before = await payments.all_rows()
    answer = await payments.send(payment_key=second["payment_key"], amount="40.00", payment_reference="R-1")
    assert (answer.status_code, answer.json()["because"]) == (409, "reference")
    assert await payments.all_rows() == before
    assert await payments.alarms() == ["answer_reference"]
    assert await payments.say(second, "paid", reference="R-2") is Verdict.APPLIED


async def test_money_that_is_kept_by_now_is_an_alarm_and_settled_when_it_is_in_flight_again(
    payments: Payments,
) -> None:
    """The payment side paid after all what was given up."""
    refund = await payments.due()
    await payments.send(
        payment_key=refund["payment_key"], amount="40.00", result="failed", failure="closed", retryable=False
    )
    await payments.refunds.done(refund, "refuse", grounds="no_use", unfounded=False)
    assert await payments.refunds.book() == (40_00, 40_00, 0, 0)
    answer = await payments.send(payment_key=refund["payment_key"], amount="40.00", payment_reference="R-9")
    assert (answer.status_code, answer.json()["because"]) == (409, "unreserved")
    assert await payments.refunds.book() == (40_00, 40_00, 0, 0)
    assert await payments.alarms() == ["answer_unreserved"]


async def test_an_answer_is_for_the_shops_of_its_teller(payments: Payments) -> None:
    """X1: another shop's number is no number; a token narrowed to one buyer says nothing of payments (X6)."""
    refund = await payments.due()
    body = {
        "payment_key": refund["payment_key"], "result": "paid", "payment_reference": "R-1", "amount": "40.00",
        "currency": "CNY", "at": NOON.isoformat(),
    }  # fmt: skip
    path = "/v1/payments/answers"
    other = await payments.desk.call("POST", path, "storefront", json=body, shops=["other"])
    narrowed = await payments.desk.call("POST", path, "storefront", json=body, account_id=new_id())
    assert (other.status_code, narrowed.status_code) == (404, 403)
    assert (await payments.payment(refund))[0] == "due"


async def test_what_a_stranger_says_first_is_no_repetition(payments: Payments) -> None:
    """Another shop's token says it; then the very same comes from who may say it, and counts."""
    refund = await payments.due()
    said = {
        "payment_key": refund["payment_key"], "result": "failed", "payment_reference": "F-1", "amount": "40.00",
        "currency": "CNY", "at": NOON.isoformat(), "failure": "closed",
    }  # fmt: skip
    stranger = await payments.desk.call("POST", "/v1/payments/answers", "storefront", json=said, shops=["other"])
    ours = await payments.desk.call("POST", "/v1/payments/answers", "storefront", json=said)
    assert (stranger.status_code, ours.json()["verdict"]) == (404, "applied")
    assert (await payments.payment(refund))[0] == "failed"


async def test_the_refunds_own_address_takes_the_answer_too(payments: Payments) -> None:
    refund = await payments.due()
    body = {
        "result": "paid", "payment_reference": "R-1", "amount": "40.00", "currency": "CNY", "at": NOON.isoformat()
    }  # fmt: skip
    path = f"/v1/refunds/{refund['refund_id']}/payment-results"
    first = await payments.desk.call("POST", path, "storefront", json=body)
    again = await payments.desk.call("POST", path, "storefront", json=body)
    assert [one.json()["verdict"] for one in (first, again)] == ["applied", "repeated"]
    assert await payments.told(refund, "refund.paid") == 1


REFUSED = (
    "UPDATE payment SET amount_minor = amount_minor + 1",
    "UPDATE payment SET currency = 'USD'",
    "UPDATE payment SET payment_key = gen_random_uuid()",
    "UPDATE payment SET cause_id = gen_random_uuid()",
    "UPDATE payment SET status = 'paid', reference = 'X', paid_at = now(), next_try_at = NULL",
    "DELETE FROM payment",
    "TRUNCATE payment CASCADE",
    "DELETE FROM payment_answer",
    ANOTHER,
)


async def test_the_database_holds_it_too(payments: Payments) -> None:
    """Number, case and amount stay; nobody pays what the book doesn't say or nobody approved."""
    refund = await payments.due()
    await payments.send(payment_key=refund["payment_key"], amount="40.00", result="failed", failure="closed")
    await payments.refunds.done(refund, "retry")
    before = await payments.all_rows()
    for statement in REFUSED:
        with pytest.raises((DBAPIError, Problem)):
            await payments.desk.change(statement)
        assert await payments.all_rows() == before, statement


async def test_what_is_paid_stays_paid_in_the_database(payments: Payments) -> None:
    refund = await payments.due()
    await payments.say(refund, "paid")
    for change in ("status = 'due', reference = NULL, paid_at = NULL, next_try_at = now()", "reference = 'other'"):
        with pytest.raises((DBAPIError, Problem)):
            await payments.desk.change(f"UPDATE payment SET {change}")
    assert await payments.payment(refund) == ("paid", "R-1")
