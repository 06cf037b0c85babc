"""Use cases of goodwill: offered on a line, approved as a refund is, paid under one number (T27, T28, T56)."""

from typing import Any
from uuid import UUID

from contracts.ticket.refund import CostKind, Fault
from kit import outbox
from kit.ids import new_id
from kit.money import Money
from kit.policies import in_force
from kit.policy import InForce
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.book import service as books
from services.ticket.book.service import Book, Settled
from services.ticket.copies import service as copies
from services.ticket.goodwill import case, lifecycle, store
from services.ticket.goodwill.case import Seen
from services.ticket.goodwill.lifecycle import LIFE
from services.ticket.goodwill.models import Goodwill
from services.ticket.goodwill.policy import GOODWILL, GoodwillRule
from services.ticket.goodwill.schemas import GoodwillOffer
from services.ticket.liability import service as liability
from services.ticket.liability.service import Cost
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.payment import service as payments
from services.ticket.payment.service import PayCause, Payment
from services.ticket.refund.amount import PaidLine, PaidOrder, net_of_discount
from services.ticket.refund.reckoning import worths
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Ticket

__all__ = [
    "Seen",
    "approve",
    "failed",
    "get_goodwill",
    "list_goodwill",
    "offer",
    "paid",
    "refuse",
    "retry",
    "withdraw",
]


async def offer(work: Work, ticket_id: UUID, asked: GoodwillOffer) -> Seen:
    """提出补偿 (T27).

    Raises Problem `not-found`, `transition-refused` for a ticket that has ended, `invalid-request` for one without an
    order, a line that the order doesn't have and an amount of nothing, `order-unpaid`, and `goodwill-refused` for a
    bad customer or more than the line's share.
    """
    ticket = await tickets.locked(work, ticket_id)
    _expect_open(ticket)
    order, _ = await _held(work, ticket)
    amount = _amount(asked, order)
    worth = _worth(order, asked.line_no)
    rules = await in_force(work.session, GOODWILL, ticket.shop, work.now)
    await _expect_good(work, ticket, order, rules.document)
    most = rules.document.most(worth, None)
    left = most - await store.of_line(work.session, order.order_id, asked.line_no)
    if amount.minor > left:
        raise _refused("share", Money(max(left, 0), order.currency))
    goodwill = _offered(work, ticket, order, asked, amount, most, rules)
    await store.add(work.session, goodwill)
    content = await case.content_of(work, ticket, goodwill)
    await approvals.open_case(work, goodwill.goodwill_id, content, work.actor)
    await case.write_down(work, goodwill, "offer", {}, asked.defect)
    return await case.seen(work, ticket, goodwill)


async def get_goodwill(work: Work, ticket_id: UUID, goodwill_id: UUID) -> Seen:
    """One. Raises Problem `not-found`, also for one of a ticket out of sight (X1, T40)."""
    return await case.seen(work, *await case.found(work, ticket_id, goodwill_id))


async def list_goodwill(
    work: Work, ticket_id: UUID, after: UUID | None, limit: int
) -> tuple[list[Goodwill], UUID | None]:
    """A ticket's, newest first, and the last one when there are more. Raises Problem `not-found`."""
    await tickets.get_ticket(work, ticket_id)
    found = await store.page(work.session, ticket_id, after, limit + 1)
    return found[:limit], found[limit - 1].goodwill_id if len(found) > limit else None


async def approve(work: Work, ticket_id: UUID, goodwill_id: UUID) -> Seen:
    """批准: one person's approval; the one that completes it reserves the money and orders the payment (T28, T56).

    Raises Problem `precondition-required`, `stale-version` (also when the order has another payer by now: it is
    withdrawn and offered anew), `transition-refused`, `own-request`, `beyond-authority`, `goodwill-refused` for a
    customer who has become bad, `more-than-kept` when the line has no more to give.
    """
    ticket, goodwill = await case.locked(work, ticket_id, goodwill_id, "approve", decides=True)
    rules = await in_force(work.session, GOODWILL, ticket.shop, work.now)
    order, book = await _held(work, ticket)
    await _expect_good(work, ticket, order, rules.document)
    granted = await approvals.approve(work, goodwill_id, await case.content_of(work, ticket, goodwill))
    before = case.audited(goodwill)
    lifecycle.approve(goodwill, granted.by, work.now, complete=granted.complete)
    if granted.complete:
        await _pay(work, ticket, goodwill, book)
    await case.moved(work, goodwill, "approve", before)
    return await case.seen(work, ticket, goodwill)


async def refuse(work: Work, ticket_id: UUID, goodwill_id: UUID, reason: str) -> Seen:
    """拒绝. Raises Problem `precondition-required`, `stale-version`, `transition-refused`."""
    ticket, goodwill = await case.locked(work, ticket_id, goodwill_id, "refuse", decides=True)
    return await _end(work, ticket, goodwill, "refuse", reason)


async def withdraw(work: Work, ticket_id: UUID, goodwill_id: UUID, reason: str) -> Seen:
    """撤回: before it is approved, or after it couldn't be paid. Raises Problem `stale-version`,
    `transition-refused`."""
    ticket, goodwill = await case.locked(work, ticket_id, goodwill_id, "withdraw")
    return await _end(work, ticket, goodwill, "withdraw", reason)


async def retry(work: Work, ticket_id: UUID, goodwill_id: UUID) -> Seen:
    """再试: what couldn't be paid is tried again under the same number (T22), and told again. Raises Problem
    `stale-version`, `transition-refused`, also where the payment side says that it never will work."""
    ticket, goodwill = await case.locked(work, ticket_id, goodwill_id, "retry")
    before = case.audited(goodwill)
    lifecycle.retry(goodwill)
    await books.lock(work, goodwill.order_id)
    await payments.retry(work, goodwill_id)
    await _tell(work, ticket, goodwill)
    await case.moved(work, goodwill, "retry", before)
    return await case.seen(work, ticket, goodwill)


async def paid(work: Work, payment: Payment, settled: Settled, /) -> None:
    """到账: told by the payment side; what it cost is booked (T57). Ticket, book and payment are locked by then."""
    goodwill = await _of(work, payment)
    before = case.audited(goodwill)
    paid_at = payment.paid_at or work.now
    lifecycle.pay(goodwill, payment.reference, paid_at)
    ticket = await tickets.get_ticket(work, goodwill.ticket_id)
    cost = Cost(CostKind.GOODWILL, payments.money_of(payment))
    order = await _order_of(work, ticket)
    fault, of_order = Fault(goodwill.fault), Money(settled.order_refunded_minor, payment.currency)
    costs = await liability.book_costs(work, ticket, order, fault, [cost], cause_id=goodwill.goodwill_id)
    told = lifecycle.was_paid(goodwill, ticket, of_order, costs, fully=settled.fully, at=paid_at)
    await outbox.record(work, goodwill, told)
    await case.moved(work, goodwill, "pay", before)


async def failed(work: Work, payment: Payment, /) -> None:
    """失败: told by the payment side."""
    goodwill = await _of(work, payment)
    before = case.audited(goodwill)
    lifecycle.fail(goodwill, payment.failure)
    ticket = await tickets.get_ticket(work, goodwill.ticket_id)
    failed_at = payment.failed_at or work.now
    told = lifecycle.has_failed(goodwill, ticket, retryable=bool(payment.retryable), at=failed_at)
    await outbox.record(work, goodwill, told)
    await case.moved(work, goodwill, "fail", before)


async def _pay(work: Work, ticket: Ticket, goodwill: Goodwill, book: Book) -> None:
    """The money is reserved on the line, the payment ordered under its number, and the payment side told."""
    amount = Money(goodwill.amount_minor, goodwill.currency)
    await books.reserve(work, book, goodwill.goodwill_id, {goodwill.line_no: amount.minor})
    await payments.order_payment(
        work,
        cause=PayCause.GOODWILL,
        cause_id=goodwill.goodwill_id,
        ticket_id=ticket.ticket_id,
        order_id=goodwill.order_id,
        shop=goodwill.shop,
        order_no=goodwill.order_no,
        amount=amount,
        payee_token=(await orders.party_of(work, goodwill.order_id)).payer_token,
        payment_key=goodwill.payment_key,
    )
    await _tell(work, ticket, goodwill)


async def _tell(work: Work, ticket: Ticket, goodwill: Goodwill) -> None:
    payee = (await orders.party_of(work, goodwill.order_id)).payer_token
    await outbox.record(work, goodwill, lifecycle.granted(goodwill, ticket, payee, work.now))


async def _end(work: Work, ticket: Ticket, goodwill: Goodwill, verb: str, reason: str) -> Seen:
    """Nothing is given: what was reserved stays with the order, and the case counts no more."""
    before = case.audited(goodwill)
    book = await books.lock(work, goodwill.order_id)
    lifecycle.end(goodwill, verb, work.actor, work.now, reason)
    await books.release(work, book, goodwill.goodwill_id)
    await approvals.void(work, goodwill.goodwill_id)
    await case.moved(work, goodwill, verb, before, reason)
    return await case.seen(work, ticket, goodwill)


async def _of(work: Work, payment: Payment) -> Goodwill:
    goodwill = await store.get(work.session, payment.cause_id)
    if goodwill is None:
        raise LookupError("a payment is for something")
    return goodwill


def _expect_open(ticket: Ticket) -> None:
    if not tickets.is_unfinished(ticket):
        facts: dict[str, Any] = {"noun": "ticket", "from": ticket.status, "verb": "offer-goodwill"}
        raise Problem("transition-refused", allowed=[], **facts)


async def _held(work: Work, ticket: Ticket) -> tuple[OrderLike, Book]:
    """The book of the ticket's order under its lock, and after that the order: what a line is worth is what a
    correction that was just made says. Raises Problem `invalid-request` without an order, `order-unpaid`."""
    book = None if ticket.order_id is None else await books.hold(work, ticket.order_id)
    order = await _order_of(work, ticket)
    if book is None:
        raise Problem("order-unpaid")
    await books.know(work, book, worths(order))
    return order, book


async def _order_of(work: Work, ticket: Ticket) -> OrderLike:
    order = None if ticket.order_id is None else await orders.find(work.session, ticket.order_id)
    if order is None:
        raise invalid("/path/ticket_id", "工单没有关联订单", "the ticket is about no order")
    return order


def _amount(asked: GoodwillOffer, order: OrderLike) -> Money:
    try:
        return Money.parse(asked.amount, order.currency)
    except ValueError:
        raise invalid("/amount", "小数位多于该货币", "has more decimals than the currency") from None


def _worth(order: OrderLike, line_no: int) -> int:
    """What was paid for the line, the order's discount taken off (T26)."""
    lines = tuple(PaidLine(line["line_no"], line["quantity"], line["paid_minor"]) for line in order.lines)
    worth = net_of_discount(PaidOrder(lines, order.discount_minor, order.freight_minor)).get(line_no)
    if worth is None:
        raise invalid("/line_no", "订单没有这一行", "is no line of the order")
    return worth


async def _expect_good(work: Work, ticket: Ticket, order: OrderLike, rule: GoodwillRule) -> None:
    """Neither the tier that the ticket keeps (T58) nor the one that the customer has by now is one that never gets
    any."""
    party = await copies.whom(work, ticket.shop, ticket.customer_id, order.account_id)
    if not rule.never_to.isdisjoint({ticket.tier, party.tier}):
        raise _refused("tier", Money(0, order.currency))


def _refused(because: str, left: Money) -> Problem:
    return Problem("goodwill-refused", because=because, left=left.amount, currency=left.currency)


def _offered(
    work: Work, ticket: Ticket, order: OrderLike, asked: GoodwillOffer, amount: Money, most: int,
    rules: InForce[GoodwillRule],
) -> Goodwill:  # fmt: skip
    return Goodwill(
        goodwill_id=new_id(),
        ticket_id=ticket.ticket_id,
        shop=order.shop,
        order_id=order.order_id,
        order_no=order.order_no,
        line_no=asked.line_no,
        account_id=order.account_id,
        status=LIFE.initial,
        currency=order.currency,
        amount_minor=amount.minor,
        most_minor=most,
        defect=asked.defect,
        fault=asked.fault,
        policy_version=rules.version,
        payment_key=new_id(),
        offered_by=work.actor.subject,
        offered_by_staff_id=work.actor.staff_id,
        offered_at=work.now,
    )
