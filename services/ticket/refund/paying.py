"""Use cases of paying: what is paid in the end, ordered, tried again, and what the payment side's answer means (T22,
T26, T55)."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import CaseCost, CostKind, Fault, RefundKind
from kit.money import Money
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.book import service as books
from services.ticket.book.service import Book, Settled
from services.ticket.liability import service as liability
from services.ticket.liability.service import Cost
from services.ticket.order.lifecycle import OrderLike
from services.ticket.payment import service as payments
from services.ticket.payment.service import PayCause, Payment
from services.ticket.refund import lifecycle, telling
from services.ticket.refund.case import Case, arrived, locked, move, told_of
from services.ticket.refund.freight import Payer
from services.ticket.refund.lifecycle import expect_drawn
from services.ticket.refund.reckoning import Reckoned
from services.ticket.refund.weighing import (
    asked_of,
    content_of,
    held,
    order_of,
    payee_of,
    put_down,
    terms_in_force,
    weigh,
)


async def reckon(
    work: Work,
    case: Case,
    *,
    deducted: Mapping[int, int] | None = None,
    pieces: Mapping[int, int] | None = None,
    fault: Fault | None = None,
    difference: int | None = None,
) -> Reckoned:
    """核算: what a locked request gives now (T25, T26), with what was found at the inspection: deductions for damage,
    the pieces that count, whose fault it is; or with what a replacement costs more or less. No row is changed."""
    (order, book), terms = await held(work, case), await terms_in_force(work, case.refund.shop)
    wish = asked_of(case, pieces)
    wish = replace(
        wish,
        fault=wish.fault if fault is None else fault,
        difference_minor=wish.difference_minor if difference is None else difference,
    )
    held_back = {line.line_no: line.deducted_minor for line in case.lines} if deducted is None else deducted
    return await weigh(
        work, order, book, wish, terms,
        shipped=case.refund.shipped, refund_id=case.refund.refund_id, lines=case.lines, deducted=held_back,
    )  # fmt: skip


async def settle_amount(work: Work, case: Case, reckoned: Reckoned) -> bool:
    """定额: what is given in the end; whether it may be paid now.

    An approval covers up to its sum: less is given without another one, and the order keeps the rest. More, or at
    another party's fault, has to be approved again; nothing at all has not. Pieces that don't count are free for
    another request.
    """
    refund = case.refund
    approved = refund.approved_minor
    covered = approved is not None and approved >= reckoned.total and refund.fault == reckoned.fault
    nothing = reckoned.total == 0 and case.kind is RefundKind.RETURN_AND_MONEY
    (_, book), terms = await held(work, case), await terms_in_force(work, refund.shop)
    await put_down(work, case, book, reckoned, terms)
    if not covered and not nothing:
        refund.approved_minor = refund.approved_at = None
        refund.approved_by = []
        await approvals.revise(work, refund.refund_id, content_of(work, case))
        return False
    await put_in_flight(work, case, book)
    if approved is not None and refund.amount_minor < approved:
        await approvals.lower(work, refund.refund_id, refund.amount_minor)
        refund.approved_minor = refund.amount_minor
    return True


async def put_in_flight(work: Work, case: Case, book: Book) -> None:
    """The book holds what each line gives, whatever it held before. Raises Problem `more-than-kept`."""
    gives, held = case.gives, case.reserved
    less = {line_no: held[line_no] - gives[line_no] for line_no in held if held[line_no] > gives[line_no]}
    more = {line_no: gives[line_no] - held.get(line_no, 0) for line_no in gives}
    if less:
        await books.release(work, book, case.refund.refund_id, less)
    await books.reserve(
        work, book, case.refund.refund_id, {line_no: amount for line_no, amount in more.items() if amount > 0}
    )
    for line in case.lines:
        line.reserved_minor = gives[line.line_no]


async def pay(work: Work, case: Case) -> None:
    """打款: the money of a locked request may go; one that gives nothing ends here. Raises Problem
    `transition-refused`."""
    if case.refund.amount_minor == 0:
        if case.kind is RefundKind.RETURN_AND_MONEY:
            await move(work, case, "close/nothing")
        return
    await order_payment(work, case)
    await move(work, case, "pay", legs=[(ClockKind.PAY_OUT, "start")])


async def order_payment(work: Work, case: Case) -> None:
    """Order the payment, under the number that was fixed when it was approved."""
    refund = case.refund
    refund.attempt = 1
    await payments.order_payment(
        work,
        cause=PayCause.REFUND,
        cause_id=refund.refund_id,
        ticket_id=refund.refund_id,
        order_id=refund.order_id,
        shop=refund.shop,
        order_no=refund.order_no,
        amount=Money(refund.amount_minor, refund.currency),
        payee_token=payee_of(work, refund),
        payment_key=refund.payment_key,
    )


async def retry(work: Work, refund_id: UUID) -> Case:
    """重试: pay it again, under the same number: it is never paid twice (T22). Raises Problem `transition-refused`,
    also where the payment side said that it never will work."""
    case = await locked(work, refund_id)
    expect_drawn(case.refund, "retry")
    await payments.retry(work, refund_id)
    refund = case.refund
    lifecycle.move(refund, "retry")
    refund.attempt, refund.failure = refund.attempt + 1, None
    told = telling.approved(refund, told_of(case), payee_of(work, refund), pay_now=True, at=work.now)
    await arrived(work, case, "retry", event=told, legs=[(ClockKind.PAY_OUT, "start")])
    return case


async def paid(work: Work, payment: Payment, settled: Settled) -> None:
    """到账: the payment side has paid, and the order's book says so already (T22)."""
    case = await locked(work, payment.cause_id)
    refund, order = case.refund, await order_of(work, case)
    reference, paid_at = payment.reference or "", payment.paid_at or work.now
    refund.payment_reference, refund.paid_at, refund.failure = reference, paid_at, None
    told = telling.paid(
        told_of(case),
        Money(payment.amount_minor, payment.currency),
        reference,
        Money(settled.order_refunded_minor, payment.currency),
        await _costs(work, case, order),
        fully=settled.fully,
        at=paid_at,
    )
    await move(work, case, "paid", event=told, legs=[(ClockKind.PAY_OUT, "meet")])


async def failed(work: Work, payment: Payment) -> None:
    """打款失败: the money stays in flight; it can be tried again, unless the payment side says that that is no use
    (T22)."""
    case = await locked(work, payment.cause_id)
    failure, retryable = payment.failure or "unknown", bool(payment.retryable)
    case.refund.failure = failure
    told = telling.failed(
        told_of(case),
        Money(payment.amount_minor, payment.currency),
        failure,
        case.refund.attempt,
        retryable=retryable,
        at=payment.failed_at or work.now,
    )
    await move(work, case, "fail", event=told, audit={"failure": failure, "retryable": retryable})


async def _costs(work: Work, case: Case, order: OrderLike) -> list[CaseCost]:
    """What the case cost: goods that don't come back, a delivery for nothing, the marketplace's fee; and what was
    booked on its way (T29, T57)."""
    refund = case.refund
    lost = refund.goods_minor - refund.deducted_minor if case.kind is RefundKind.MONEY_ONLY and refund.shipped else 0
    in_vain = refund.freight_minor if refund.shipped and refund.out_payer == Payer.REFUNDED else 0
    sums = {CostKind.GOODS: lost, CostKind.FREIGHT: in_vain, CostKind.FEE: refund.fee_minor}
    costs = [Cost(kind, Money(minor, refund.currency)) for kind, minor in sums.items() if minor]
    await liability.book_costs(work, case.ticket, order, Fault(refund.fault), costs)
    return await liability.costs_of(work.session, case.ticket.ticket_id)
