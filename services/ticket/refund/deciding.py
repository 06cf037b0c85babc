"""Use cases of deciding: reviewed, shown, approved, refused, withdrawn (T22, T24, T28)."""

from collections.abc import Sequence
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import CostKind, Fault, RefundKind
from kit.ids import new_id
from kit.money import Money
from kit.problems import Fault as Wrong
from kit.problems import Problem
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.approval.service import Granted
from services.ticket.attachment import service as attachments
from services.ticket.book.service import Book
from services.ticket.liability import service as liability
from services.ticket.liability.service import Cost
from services.ticket.order.lifecycle import OrderLike
from services.ticket.payment import service as payments
from services.ticket.procedure import service as procedures
from services.ticket.refund import lifecycle, telling
from services.ticket.refund.case import Case, arrived, let_go, locked, move, told_of
from services.ticket.refund.editing import counts_as_shipped
from services.ticket.refund.lifecycle import Stage, expect_drawn
from services.ticket.refund.paying import order_payment, put_in_flight
from services.ticket.refund.schemas import Refusal
from services.ticket.refund.stopping import Parcel, expect_parcel_stopped
from services.ticket.refund.weighing import content_of, held, order_of, payee_of
from services.ticket.ticket.service import Leg

# Once it is decided: what is done next, and by whom.
_NEXT: dict[RefundKind, list[Leg]] = {
    RefundKind.MONEY_ONLY: [(ClockKind.PAY_OUT, "start")],
    RefundKind.RETURN_AND_MONEY: [(ClockKind.SHIP_BACK, "start")],
    RefundKind.EXCHANGE: [(ClockKind.SHIP_BACK, "start")],
    RefundKind.RESEND: [(ClockKind.RESEND, "start")],
}
_AGREED: Leg = (ClockKind.AGREE, "meet")


async def review(work: Work, refund_id: UUID) -> Case:
    """受理: somebody looks into it."""
    case = await locked(work, refund_id)
    await move(work, case, "review")
    return case


async def want_evidence(work: Work, refund_id: UUID, reason: str) -> Case:
    """要求举证: the customer is to show something; its clocks stand still meanwhile (T43)."""
    case = await locked(work, refund_id)
    await move(work, case, "want-evidence", reason=reason)
    return case


async def give_evidence(work: Work, refund_id: UUID, attachment_ids: Sequence[UUID]) -> Case:
    """举证: pictures that are attached to the ticket (T20). Raises Problem `transition-refused`, and for what is no
    picture of this ticket `invalid-request`."""
    case = await locked(work, refund_id)
    expect_drawn(case.refund, "give-evidence")
    wrong = [
        Wrong(f"/attachment_ids/{place}", "必须是本工单的图片附件", "must be a picture attached to this ticket")
        for place, attachment_id in enumerate(attachment_ids)
        if not await _is_picture(work, refund_id, attachment_id)
    ]
    if wrong:
        raise Problem("invalid-request", faults=wrong)
    shown = [str(one) for one in attachment_ids if str(one) not in case.refund.evidence]
    case.refund.evidence = [*case.refund.evidence, *dict.fromkeys(shown)]
    await move(work, case, "give-evidence", audit={"evidence": len(case.refund.evidence)})
    return case


async def stop_parcel(work: Work, refund_id: UUID, *, stopped: bool) -> Case:
    """拦截: the parcel of an order that was cleared is stopped, or has left after all: then the case counts as
    shipped (T24). Raises Problem `transition-refused`."""
    case = await locked(work, refund_id)
    lifecycle.move(case.refund, "stop-parcel")
    case.refund.parcel, case.refund.parcel_at = Parcel.STOPPED if stopped else Parcel.GONE, work.now
    if not stopped:
        await counts_as_shipped(work, case)
    await arrived(work, case, "stop-parcel")
    return case


async def approve(work: Work, refund_id: UUID) -> Case:
    """同意: one person's approval of what was read (T28). With the last one that is needed the money is put in flight
    in the order's book; where nothing is waited for it is paid, else the goods or their replacement are.

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`, `parcel-not-stopped` (T24),
    `steps-open` (T53), `own-request` and `beyond-authority`, which say who may (T56), and `more-than-kept`.
    """
    case = await locked(work, refund_id, decides=True)
    expect_drawn(case.refund, "approve")
    order, book = await held(work, case)
    expect_parcel_stopped(case.refund, order)
    await procedures.expect_done(work, refund_id)
    granted = await approvals.approve(work, refund_id, content_of(work, case))
    case.refund.approved_by = list(granted.by)
    if granted.complete:
        await _approved(work, case, order, book, granted)
    else:
        missing = [sorted(step) for step in granted.missing]
        await move(work, case, "approve/in_part", audit={"missing": missing})
    return case


async def refuse(work: Work, refund_id: UUID, asked: Refusal) -> Case:
    """拒绝: pieces and money are free again. One whose payment failed can be refused only when trying again is no
    use. Raises Problem `transition-refused`."""
    case = await locked(work, refund_id)
    expect_drawn(case.refund, "refuse")
    await _expect_not_payable(work, case)
    await _call_off(work, case)
    case.refund.grounds, case.refund.unfounded = asked.grounds, asked.unfounded
    told = telling.refused(case.refund, told_of(case), work.actor.subject, work.now)
    await move(work, case, "refuse", event=told, legs=[_AGREED])
    return case


async def withdraw(work: Work, refund_id: UUID) -> Case:
    """撤回: the customer no longer wants it; possible until paying (T22). Raises Problem `transition-refused`."""
    case = await locked(work, refund_id)
    expect_drawn(case.refund, "withdraw")
    await _call_off(work, case)
    await move(work, case, "withdraw", event=telling.withdrawn(told_of(case), work.actor.subject, work.now))
    return case


async def close(work: Work, refund_id: UUID) -> Case:
    """结案: paid, arrived, or inspected with nothing to give. Raises Problem `transition-refused`."""
    case = await locked(work, refund_id)
    await move(work, case, "close/nothing" if case.stage is Stage.INSPECTED else "close")
    return case


async def _approved(work: Work, case: Case, order: OrderLike, book: Book, granted: Granted) -> None:
    """Everybody who has to has approved it."""
    refund, before = case.refund, lifecycle.move(case.refund, "approve/complete")
    pays = case.kind is RefundKind.MONEY_ONLY or (
        case.kind is RefundKind.RETURN_AND_MONEY and before is Stage.INSPECTED
    )
    refund.approved_minor, refund.approved_at = refund.amount_minor, work.now
    refund.authority_version = granted.policy_version
    refund.payment_key = refund.payment_key or new_id()
    await put_in_flight(work, case, book)
    fees = [Cost(CostKind.FEE, Money(refund.fee_minor, refund.currency))] if refund.fee_minor else []
    await liability.book_costs(work, case.ticket, order, Fault(refund.fault), fees)
    if pays:
        await order_payment(work, case)
    told = telling.approved(refund, told_of(case), payee_of(work, refund), pay_now=pays, at=work.now)
    next_legs = _NEXT[RefundKind.MONEY_ONLY if pays else case.kind] if pays or before is Stage.UNDER_REVIEW else []
    await arrived(work, case, "approve/complete", event=told, legs=[_AGREED, *next_legs])


async def _call_off(work: Work, case: Case) -> None:
    """Nothing is given: pieces and money are free, out of sums and budgets, and the reason costs nothing (T29), also
    where an approval that booked its fee is void by now. The book is locked before the team's budget."""
    await let_go(work, case)
    await approvals.void(work, case.refund.refund_id)
    await liability.book_costs(work, case.ticket, await order_of(work, case), Fault(case.refund.fault), [])


async def _expect_not_payable(work: Work, case: Case) -> None:
    if case.stage is not Stage.PAY_FAILED:
        return
    payment = await payments.of_cause(work.session, case.refund.refund_id)
    if payment is None or payment.retryable:
        raise lifecycle.refusal(case.refund, "refuse")


async def _is_picture(work: Work, refund_id: UUID, attachment_id: UUID) -> bool:
    try:
        attachment = await attachments.get(work, refund_id, attachment_id)
    except Problem:
        return False
    return attachment.media_type.startswith("image/")
