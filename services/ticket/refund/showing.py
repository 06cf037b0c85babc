"""Requests as their readers see them: what a case costs, who approved it and how it is paid is not for buyers and
storefronts (X6)."""

from typing import Any
from uuid import UUID

from contracts.price import Difference
from contracts.ticket.refund import Fault, RefundKind, RefundReason
from kit.money import Money
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.approval.service import Needed
from services.ticket.order.lifecycle import OrderLike
from services.ticket.refund import lifecycle, store
from services.ticket.refund.case import Case
from services.ticket.refund.freight import Payer, Ways
from services.ticket.refund.lifecycle import Stage
from services.ticket.refund.models import Refund, RefundLine
from services.ticket.refund.reckoning import Reckoned, Terms
from services.ticket.refund.schemas import (
    ApprovalPublic,
    FreightPublic,
    LinePublic,
    QuotePublic,
    RefundFilter,
    RefundPublic,
    RefundShown,
)
from services.ticket.refund.stopping import Parcel
from services.ticket.refund.telling import price
from services.ticket.refund.weighing import content_of
from services.ticket.sight import in_sight, sees_notes
from services.ticket.ticket import service as tickets

_UNDECIDED = (Stage.REQUESTED, Stage.UNDER_REVIEW, Stage.EVIDENCE_WANTED, Stage.INSPECTED)
# What a customer may ask for; the rest is the house's to do.
_CUSTOMERS = frozenset({"give-evidence", "withdraw", "ship-back"})


async def list_refunds(work: Work, query: RefundFilter, after: UUID | None) -> tuple[list[RefundShown], UUID | None]:
    """Requests in the caller's sight, newest first, and the last one when there are more."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await store.page(work.session, wanted, after, query.limit + 1)
    items = [RefundShown(**_short(work, refund)) for refund in found[: query.limit]]
    return items, items[-1].refund_id if len(found) > query.limit else None


async def public(work: Work, case: Case) -> RefundPublic:
    """The request with its ticket, as the caller may see it."""
    refund, inside = case.refund, sees_notes(work)
    difference = None
    if refund.difference_minor is not None:
        amount = Money(refund.difference_minor, refund.currency).amount
        difference = Difference(amount=amount, currency=refund.currency)
    verbs = lifecycle.allowed(refund)
    return RefundPublic(
        **_short(work, refund),
        lines=[_line(line, refund.currency) for line in case.lines],
        goods=price(refund.goods_minor, refund.currency),
        freight=price(refund.freight_minor, refund.currency),
        deducted=price(refund.deducted_minor, refund.currency),
        wanted=None if refund.wanted_minor is None else price(refund.wanted_minor, refund.currency),
        difference=difference,
        ways=FreightPublic(
            out=Payer(refund.out_payer),
            back=_payer(refund.back_payer),
            again=_payer(refund.again_payer),
            insured=refund.freight_insured,
        ),
        evidence=[UUID(one) for one in refund.evidence],
        grounds=refund.grounds,
        allowed=verbs if inside else [verb for verb in verbs if verb in _CUSTOMERS],
        **(await _inside(work, case) if inside else {}),
        ticket=await tickets.show(work, case.ticket),
    )


def quoted(work: Work, reckoned: Reckoned, order: OrderLike, terms: Terms, needed: Needed | None) -> QuotePublic:
    """A quote in the words of HTTP."""
    asked, amount, currency = reckoned.asked, reckoned.amount, order.currency
    until = terms.reasons.document.window_end(asked.reason, order.received_at)
    inside = sees_notes(work)
    lines = [
        LinePublic(
            line_no=line.line_no,
            quantity=asked.lines[line.line_no].quantity,
            unopened=asked.lines[line.line_no].unopened,
            counted=asked.lines[line.line_no].quantity,
            goods=price(line.goods, currency),
            freight=price(line.freight, currency),
            deducted=price(line.deducted, currency),
        )
        for line in amount.lines
    ]
    return QuotePublic(
        kind=asked.kind,
        reason=asked.reason,
        amount=price(amount.total, currency),
        goods=price(amount.goods, currency),
        freight=price(amount.freight, currency),
        lines=lines,
        ways=_ways(reckoned.ways, insured=order.freight_insured),
        capped=amount.capped,
        until=until,
        goods_come_back=asked.kind in (RefundKind.RETURN_AND_MONEY, RefundKind.EXCHANGE),
        fault=reckoned.fault if inside else None,
        fee=price(reckoned.fee_minor, currency) if inside else None,
        approvals=_approvals(needed, currency) if needed else None,
    )


async def _inside(work: Work, case: Case) -> dict[str, Any]:
    """What the house alone sees of it."""
    refund = case.refund
    needed = None
    if case.stage in _UNDECIDED and refund.approved_at is None:
        needed = await approvals.needed(work, content_of(work, case), refund.refund_id)
    return {
        "parcel": Parcel(refund.parcel) if refund.parcel else None,
        "shipped": refund.shipped,
        "fee": price(refund.fee_minor, refund.currency),
        "unfounded": refund.unfounded,
        "approved_by": refund.approved_by,
        "approved_at": refund.approved_at,
        "approvals": _approvals(needed, refund.currency) if needed else None,
        "payment_key": refund.payment_key,
        "payment_reference": refund.payment_reference,
        "attempt": refund.attempt,
        "failure": refund.failure,
    }


def _short(work: Work, refund: Refund) -> dict[str, Any]:
    return {
        "refund_id": refund.refund_id,
        "number": refund.number,
        "shop": refund.shop,
        "order_id": refund.order_id,
        "order_no": refund.order_no,
        "kind": RefundKind(refund.kind),
        "status": Stage(refund.status),
        "reason": RefundReason(refund.reason),
        "fault": Fault(refund.fault) if sees_notes(work) else None,
        "amount": price(refund.amount_minor, refund.currency),
        "requested_at": refund.requested_at,
        "paid_at": refund.paid_at,
        "ended_at": refund.ended_at,
    }


def _line(line: RefundLine, currency: str) -> LinePublic:
    return LinePublic(
        line_no=line.line_no,
        quantity=line.quantity,
        unopened=line.unopened,
        counted=line.counted,
        goods=price(line.goods_minor, currency),
        freight=price(line.freight_minor, currency),
        deducted=price(line.deducted_minor, currency),
    )


def _ways(ways: Ways, *, insured: bool) -> FreightPublic:
    return FreightPublic(out=ways.out, back=ways.back, again=ways.again, insured=insured)


def _payer(said: str | None) -> Payer | None:
    return Payer(said) if said else None


def _approvals(needed: Needed, currency: str) -> ApprovalPublic:
    return ApprovalPublic(
        steps=[sorted(step) for step in needed.steps],
        order_total=price(needed.order_total_minor, currency),
        customer_total=price(needed.customer_total_minor, currency),
        over_budget=needed.over_budget,
        policy_version=needed.policy_version,
    )
