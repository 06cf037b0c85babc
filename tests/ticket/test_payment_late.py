"""What had been given up and was paid after all is put into the books by finance, once (T22, T55, T56)."""

from uuid import UUID

import httpx
import pytest
from change_desk import Changes, lines
from payment_desk import Payments
from refund_desk import AGENT, CHIEF, FINANCE, LEAD, Json, Refunds, problem
from stage import NOON
from ticket_desk import Desk

from kit.ids import new_id
from services.ticket.payment.port import Way
from services.ticket.payout.applying import Verdict

NOTE = "渠道补付，已核对流水"


@pytest.fixture
async def payments(desk: Desk) -> Payments:
    return Payments(await Refunds(desk).settle_in())


async def given_up(payments: Payments, number: str = "A-1", *more: tuple[int, str]) -> Json:
    """A refund whose payment failed for good, refused for that; then the payment side says that it has paid."""
    refund = await payments.due(number, "40.00", *more)
    await payments.refunds.answered(refund, "failed", retryable=False)
    await payments.refunds.done(refund, "refuse", grounds="account_closed")
    assert (await payments.refunds.book(number))[2:] == (0, 0)
    assert await payments.say(refund, "paid", reference=f"R-{number}") is Verdict.REFUSED
    assert await payments.alarms() == ["answer_unreserved"]
    return refund


async def booked(
    payments: Payments, refund: Json, who: UUID = FINANCE, *, reference: str = "R-A-1", match: int | None = -1
) -> httpx.Response:
    """Ask for it to be put into the books, as it was read."""
    path = f"/v1/payments/{refund['payment_key']}"
    if match == -1:
        seen = await payments.refunds.call("GET", path, CHIEF)
        match = int(seen.headers["ETag"].strip('"'))
    body = {"payment_reference": reference, "note": NOTE}
    return await payments.refunds.call("POST", f"{path}/book-late", who, json=body, match=match)


async def test_what_was_paid_after_all_is_in_the_books_and_its_alarm_settled(payments: Payments) -> None:
    refund = await given_up(payments)
    answer = await booked(payments, refund)
    assert (answer.status_code, answer.json()["status"], answer.json()["reference"]) == (200, "paid", "R-A-1")
    assert await payments.refunds.book() == (40_00, 0, 0, 40_00)
    assert await payments.alarms() == []
    desk = payments.desk
    assert await desk.audits(refund["payment_key"]) == ["order", "fail", "book-late"]
    (why,) = await desk.rows("SELECT reason FROM audit WHERE action = 'book-late'")
    assert why.reason == NOTE
    (told,) = await desk.rows(
        "SELECT convert_from(body, 'utf8')::jsonb AS b FROM outbox WHERE subject = 'payment.paid_late'"
    )
    assert (told.b["cause"], told.b["amount"]["amount"], told.b["order_fully_refunded"]) == ("refund", "40.00", True)
    assert (told.b["payment_reference"], told.b["booked_by"]) == ("R-A-1", f"finance:{FINANCE}")
    (cost,) = await desk.rows("SELECT kind, amount_minor, bearer FROM case_cost WHERE amount_minor > 0")
    assert (cost.kind, cost.amount_minor, cost.bearer) == ("goods", 40_00, "company")
    assert (await payments.refunds.get(refund))["status"] == "refused"
    # Said once more it is known, and booked once more it isn't given up any more.
    assert await payments.say(refund, "paid", Way.EVENT, reference="R-A-1") is Verdict.REPEATED
    assert problem(await booked(payments, refund), 409) == "transition-refused"
    assert await payments.refunds.book() == (40_00, 0, 0, 40_00)


async def test_what_was_paid_late_counts_for_who_may_approve_the_next(payments: Payments) -> None:
    """T28: 40 were given, nobody's approval or not; with 480 more it is beyond a supervisor's 500. The database says so
    by itself."""
    refund = await given_up(payments, "A-1", (2, "480.00"))
    wanted = {"pieces": {2: 2}, "kind": "money_only", "reason": "lost_in_transit"}
    before = (await payments.refunds.quote(**wanted)).json()["approvals"]["order_total"]["amount"]
    assert (await booked(payments, refund)).status_code == 200
    asked = await payments.refunds.done(await payments.refunds.ask(**wanted), "review")
    assert asked["approvals"]["order_total"]["amount"] == "520.00"
    refused = await payments.refunds.verb(asked, "approve", LEAD)
    assert (problem(refused, 403), before) == ("beyond-authority", "480.00")
    assert (await payments.refunds.done(asked, "approve", CHIEF))["status"] == "paying"
    assert await payments.refunds.book() == (520_00, 0, 480_00, 40_00)
    (sums,) = await payments.desk.rows("SELECT order_total_minor FROM approval_case WHERE status = 'approved'")
    assert sums.order_total_minor == 520_00


async def test_finance_alone_books_it_and_only_what_was_said(payments: Payments) -> None:
    refund = await given_up(payments)
    before = await payments.all_rows()
    for who in (AGENT, LEAD, CHIEF):
        assert problem(await booked(payments, refund, who), 403) == "forbidden"
    assert problem(await booked(payments, refund, match=None), 428) == "precondition-required"
    assert problem(await booked(payments, refund, match=99), 412) == "stale-version"
    assert problem(await booked(payments, refund, reference="R-9"), 409) == "payment-mismatch"
    assert problem(await booked(payments, {"payment_key": str(new_id())}, match=1), 404) == "not-found"
    assert await payments.all_rows() == before
    assert await payments.alarms() == ["answer_unreserved"]


async def test_what_is_not_given_up_is_not_booked(payments: Payments) -> None:
    refund = await payments.due()
    assert problem(await booked(payments, refund, reference="R-1"), 409) == "transition-refused"
    await payments.refunds.answered(refund, "failed")
    assert problem(await booked(payments, refund, reference="R-1"), 409) == "transition-refused"
    assert await payments.refunds.book() == (40_00, 0, 40_00, 0)


async def test_whoever_asked_for_it_does_not_book_it(payments: Payments) -> None:
    """T56: nobody puts money into the books that they asked for."""
    refund = await given_up(payments)
    await payments.desk.change(
        "ALTER TABLE approval_case DISABLE TRIGGER USER",
    )
    await payments.desk.change(
        "UPDATE approval_case SET requested_by_person = :who WHERE case_id = :one",
        who=f"staff:{FINANCE}", one=refund["refund_id"],
    )  # fmt: skip
    assert problem(await booked(payments, refund), 403) == "own-request"
    assert await payments.refunds.book() == (40_00, 40_00, 0, 0)


async def test_more_than_the_order_still_keeps_is_not_booked(payments: Payments) -> None:
    """I12: another request was paid meanwhile; what was paid twice is no money of the order's, and the alarm stays."""
    refund = await given_up(payments)
    other = await payments.refunds.approved(kind="money_only", reason="lost_in_transit")
    await payments.say(other, "paid", reference="R-2", at=NOON)
    assert problem(await booked(payments, refund), 409) == "more-than-kept"
    assert await payments.refunds.book() == (40_00, 0, 0, 40_00)
    assert await payments.alarms() == ["answer_unreserved"]


async def test_a_refused_change_of_an_order_that_was_paid_after_all(desk: Desk) -> None:
    """T37, T55: what the storefront tells as paid from now on is less by what went back, and is no correction."""
    changes = Changes(desk)
    await changes.order()
    change = await changes.agreed(lines=[{"line_no": 1, "quantity": 3}])
    assert (await changes.pay(change, "failed", retryable=False)).status_code == 200
    await changes.done(change, "refuse", grounds="账户已注销")
    assert problem(await changes.pay(change), 409) == "payment-mismatch"
    path = f"/v1/payments/{change['payment_key']}"
    seen = await desk.call("GET", path, "finance")
    late = await desk.call(
        "POST", f"{path}/book-late", "finance", json={"payment_reference": "R-2", "note": NOTE},
        headers={"If-Match": seen.headers["ETag"], "Idempotency-Key": "late-1"}, staff_id=FINANCE,
    )  # fmt: skip
    assert late.status_code == 200, late.text
    assert await changes.book() == ("100", "80", "20", "0")
    shown = await changes.shown(change)
    assert (shown["status"], shown["payment"]["status"]) == ("refused", "paid")
    assert (await desk.audits(change["change_id"]))[-1] == "pay"
    await changes.revise(2, paid="80.00", lines=lines("60.00", quantity=3))
    assert await changes.book() == ("100", "80", "20", "0")
