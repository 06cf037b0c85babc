"""What somebody decides of a change: agreed, refused, taken back, confirmed by hand, its payment tried again (T37).

Rows are locked in one order: the order's, its book's, the change's.
"""

from typing import Any
from uuid import UUID

from kit import audit, outbox
from kit.ids import new_id
from kit.money import Money
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.book import service as books
from services.ticket.book.service import Book
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import state_of
from services.ticket.order.service import Order
from services.ticket.order_change import following, lifecycle, store
from services.ticket.order_change.content import content_of
from services.ticket.order_change.gross import apart_of
from services.ticket.order_change.lifecycle import ChangeStatus
from services.ticket.order_change.models import OrderChange
from services.ticket.order_change.reading import get_change
from services.ticket.order_change.terms import digest_of
from services.ticket.payment import service as payments
from services.ticket.payment.service import OPEN, PayCause, PaymentStatus
from services.ticket.ticket import service as tickets

Held = tuple[OrderChange, Order, Book | None]


async def agree_to_change(work: Work, change_id: UUID) -> OrderChange:
    """同意改单: what is dearer waits for its top-up, what is cheaper is approved and given back, and the storefront
    is told what to carry out.

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`; `order-closed` once it has shipped,
    `conflict` when the order costs or holds something else by now, `order-unpaid` when it is paid and nobody has said
    how much; of a cheaper one what approvals and the book refuse: `own-request`, `beyond-authority`,
    `more-than-kept`.
    """
    if work.expected_version is None:
        raise Problem("precondition-required")
    change, order, book = await _held(work, change_id)
    _expect_as_reckoned(change, order, book)
    before = _audited(change)
    verb = await _agreement(work, change, order, book)
    lifecycle.move(change, verb)
    change.version += 1
    if change.status in lifecycle.TOLD:
        change.agreed_at = work.now
        await outbox.record(work, order, lifecycle.requested(change, state_of(order)))
    await audit.record(work, verb, "order_change", change_id, before=before, after=_audited(change))
    return change


async def refuse_change(work: Work, change_id: UUID, grounds: str) -> OrderChange:
    """拒绝改单, also when the storefront can't carry it out any more. What is in flight and can't be paid is kept;
    what was paid is paid. Raises Problem `transition-refused`, also while a payment is under way."""
    change, _, book = await _held(work, change_id)
    payment = await payments.of_cause(work.session, change_id)
    if payment is not None and (payment.status in OPEN or payment.retryable):
        raise lifecycle.refusal(change, "refuse")
    before = _audited(change)
    lifecycle.move(change, "refuse")
    change.grounds = grounds
    change.version += 1
    if book is not None and payment is not None and payment.status == PaymentStatus.FAILED:
        await books.release(work, book, change_id)
    if change.difference_minor < 0 and (payment is None or payment.status != PaymentStatus.PAID):
        await approvals.void(work, change_id)
    await audit.record(
        work, "refuse", "order_change", change_id, before=before, after=_audited(change), reason=scrub(grounds)
    )
    return change


async def withdraw_change(work: Work, change_id: UUID) -> OrderChange:
    """撤回: the buyer wants it no more, as long as the storefront has not been told. Raises Problem
    `transition-refused`, `not-found`."""
    change, _, _ = await _held(work, change_id)
    before = _audited(change)
    lifecycle.move(change, "withdraw")
    change.version += 1
    if change.difference_minor < 0:
        await approvals.void(work, change_id)
    await audit.record(work, "withdraw", "order_change", change_id, before=before, after=_audited(change))
    return change


async def confirm_change(work: Work, change_id: UUID) -> OrderChange:
    """确认: somebody sees that the storefront's new version is what was asked for, though it says so otherwise.
    Raises Problem `transition-refused`, `conflict` when there is no new version."""
    change, order, book = await _held(work, change_id)
    if order.revision <= change.revision:
        raise Problem("conflict", revision=order.revision)
    if change.status not in lifecycle.TOLD:
        raise lifecycle.refusal(change, "confirm")
    changes = (await store.moving_money(work.session, [order.order_id])).get(order.order_id, [])
    top_ups = (await orders.topped_up(work.session, [order])).get(order.order_id, 0)
    paid = book.paid_minor if book is not None else order.paid_minor or 0
    await following.confirm(work, change, order, paid, apart_of(changes, top_ups))
    return change


async def retry_payment(work: Work, change_id: UUID) -> OrderChange:
    """重试: a difference that could not be given back is tried again, under the same number (T22). Raises Problem
    `transition-refused`, `not-found` where nothing is to be paid."""
    change, order, _ = await _held(work, change_id)
    before = _audited(change)
    lifecycle.move(change, "retry")
    await payments.retry(work, change_id)
    change.attempt += 1
    change.version += 1
    await outbox.record(work, order, lifecycle.requested(change, state_of(order)))
    await audit.record(work, "retry", "order_change", change_id, before=before, after=_audited(change))
    return change


async def _held(work: Work, change_id: UUID) -> Held:
    """The change with its order and book, each under its row lock. Raises Problem `not-found`, `stale-version`."""
    seen = await get_change(work, change_id)
    order = await orders.lock_by_id(work, seen.order_id)
    if order is None:
        raise Problem("not-found")
    has_book = await books.look(work.session, seen.order_id) is not None
    book = await books.lock(work, seen.order_id) if has_book else None
    change = await store.lock(work.session, change_id)
    if change is None:
        raise Problem("not-found")
    work.expect_version(change.version)
    return change, order, book


def _expect_as_reckoned(change: OrderChange, order: Order, book: Book | None) -> None:
    """What is agreed to is what was reckoned, of an order that can still be changed."""
    if change.status != ChangeStatus.REQUESTED:
        raise lifecycle.refusal(change, "agree")
    orders.expect_unshipped(order)
    if digest_of(order) != change.terms:
        raise Problem("conflict", revision=order.revision)
    if taken := following.going_back(book, change.lines):
        raise Problem("conflict", lines=taken, because="refunded")
    if book is None and order.paid_at is not None and change.difference_minor:
        raise Problem("order-unpaid")


async def _agreement(work: Work, change: OrderChange, order: Order, book: Book | None) -> str:
    """The verb that it takes: nothing moves for an unpaid order; what is dearer waits for its top-up, unless that has
    come already; what is cheaper is given back once enough people have approved."""
    if book is None or not change.difference_minor:
        return "agree"
    if change.difference_minor > 0:
        return "agree" if await following.topped_up(work, order) >= change.difference_minor else "ask-top-up"
    return "give-back" if await _give_back(work, change, book) else "approve"


async def _give_back(work: Work, change: OrderChange, book: Book) -> bool:
    """Approve the difference; once enough have, it is in flight and a payment of it is due. Whether it is."""
    ticket = await tickets.get_ticket(work, change.ticket_id)
    granted = await approvals.approve(work, change.change_id, content_of(change, ticket.tier))
    if not granted.complete:
        return False
    amount = Money(-change.difference_minor, change.currency)
    await books.reserve(work, book, change.change_id, {}, of_order=amount.minor)
    party = await orders.party_of(work, change.order_id)
    payment = await payments.order_payment(
        work,
        cause=PayCause.DIFFERENCE,
        cause_id=change.change_id,
        ticket_id=change.ticket_id,
        order_id=change.order_id,
        shop=change.shop,
        order_no=change.order_no,
        amount=amount,
        payee_token=party.payer_token,
        payment_key=new_id(),
    )
    change.payment_key = payment.payment_key
    return True


def _audited(change: OrderChange) -> dict[str, Any]:
    return {"status": change.status, "attempt": change.attempt}
