"""迟到账: what had been given up was paid after all, and is put into the books by finance (T22, T55)."""

from uuid import UUID

from contracts.price import Price
from contracts.ticket.payment import DriftKind, PaidFor, PaymentPaidLate
from contracts.ticket.refund import CostBearer, CostKind, Fault
from kit import outbox
from kit.money import Money
from kit.problems import Problem
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.book import alarms
from services.ticket.book import service as books
from services.ticket.book.service import Settled
from services.ticket.liability import service as liability
from services.ticket.liability.service import Bearer, Cost
from services.ticket.order import service as orders
from services.ticket.order_change import service as order_change
from services.ticket.payment import service as payments
from services.ticket.payment.service import PayCause, Payment, money_of
from services.ticket.payout.paying import about
from services.ticket.ticket import service as tickets

_ALARMS = (DriftKind.ANSWER_UNRESERVED, DriftKind.LISTED_DIFFERS)


async def book_late(work: Work, payment_key: UUID, reference: str, note: str) -> Payment:
    """补记: the payment side said that it was paid, under this reference, after its case had been given up.

    What the order kept is with the customer: its book says so, the company bears it until somebody rebooks it, and
    the alarm is settled. The case stays as it ended. Raises Problem `precondition-required`, `stale-version`,
    `not-found`, `transition-refused` for a payment that isn't given up, `payment-mismatch` where the payment side
    said no such thing, `own-request` for who asked for the case or wrote it (T56), and `more-than-kept`.
    """
    if work.expected_version is None:
        raise Problem("precondition-required")
    payment = await _locked(work, payment_key)
    work.expect_version(payment.version)
    await payments.expect_given_up(work.session, payment)
    answer = await payments.refused_answer(work.session, payment, reference)
    if answer is None or await payments.reference_taken(work.session, reference):
        raise Problem("payment-mismatch", because="reference")
    await approvals.expect_not_own(work, payment.cause_id)
    settled = await books.give_after_all(work, payment.order_id, payment.cause_id, payment.amount_minor)
    await payments.settle_late(work, payment, answer, note)
    if payment.cause == PayCause.DIFFERENCE:
        await order_change.paid_late(work, payment)
    await outbox.record(work, payment, _told(work, payment, settled))
    await _book_cost(work, payment)
    await alarms.settle_those(work, [about(payment, kind) for kind in _ALARMS], note)
    return payment


async def _locked(work: Work, payment_key: UUID) -> Payment:
    payment = await payments.get(work.session, payment_key)
    if payment is None or not work.actor.serves(payment.shop):
        raise Problem("not-found")
    if payment.ticket_id is not None:
        await tickets.locked(work, payment.ticket_id)
    await books.lock_many(work, [payment.order_id])
    return (await payments.lock_many(work, [payment_key]))[payment_key]


async def _book_cost(work: Work, payment: Payment) -> None:
    """The company's, as long as nobody finds out whose fault it was (T57)."""
    if payment.ticket_id is None:
        return
    ticket = await tickets.get_ticket(work, payment.ticket_id)
    order, _ = await orders.get_order(work, payment.shop, payment.order_no)
    kind = CostKind.GOODWILL if payment.cause == PayCause.GOODWILL else CostKind.GOODS
    cost = Cost(kind, money_of(payment), Bearer(CostBearer.COMPANY))
    await liability.book_costs(work, ticket, order, Fault.MERCHANT, [cost], cause_id=payment.payment_key)


def _told(work: Work, payment: Payment, settled: Settled) -> PaymentPaidLate:
    amount, of_order = money_of(payment), Money(settled.order_refunded_minor, payment.currency)
    return PaymentPaidLate(
        payment_key=payment.payment_key,
        cause=PaidFor(payment.cause),
        cause_id=payment.cause_id,
        ticket_id=payment.ticket_id,
        shop=payment.shop,
        order_id=payment.order_id,
        order_no=payment.order_no,
        amount=Price(amount=amount.amount, currency=amount.currency),
        payment_reference=payment.reference or "",
        order_refunded=Price(amount=of_order.amount, currency=of_order.currency),
        order_fully_refunded=settled.fully,
        paid_at=payment.paid_at or work.now,
        booked_by=work.actor.subject,
        booked_at=work.now,
    )
