"""What the events of a request say. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from contracts.price import Price
from contracts.ticket.refund import (
    CaseCost,
    Fault,
    RefundApproved,
    RefundFailed,
    RefundKind,
    RefundLine,
    RefundPaid,
    RefundReason,
    RefundRefused,
    RefundRequested,
    RefundWithdrawn,
)
from kit.money import Money


class RequestLike(Protocol):
    """A request as the table holds it."""

    refund_id: UUID
    number: str
    shop: str
    account_id: UUID | None
    order_id: UUID
    order_no: str
    currency: str
    kind: str
    reason: str
    fault: str
    wanted_minor: int | None
    goods_minor: int
    freight_minor: int
    deducted_minor: int
    amount_minor: int
    approved_by: list[str]
    authority_version: int | None
    payment_key: UUID | None
    attempt: int
    grounds: str | None
    unfounded: bool | None
    requested_by: str
    requested_at: datetime


class LineLike(Protocol):
    """One of its lines."""

    line_no: int
    quantity: int
    goods_minor: int
    freight_minor: int
    deducted_minor: int


class AboutLike(Protocol):
    """What a request needs of its ticket: whom it is about, and whose it is now."""

    customer_id: UUID | None
    assignee_staff_id: UUID | None


def common(refund: RequestLike, about: AboutLike, lines: Iterable[LineLike]) -> dict[str, Any]:
    """The fields that all events of a request share: what it asks for now."""
    return {
        "refund_id": refund.refund_id,
        "ticket_number": refund.number,
        "shop": refund.shop,
        "order_id": refund.order_id,
        "order_no": refund.order_no,
        "customer_id": about.customer_id,
        "account_id": refund.account_id,
        "assignee_staff_id": about.assignee_staff_id,
        "kind": RefundKind(refund.kind),
        "reason": RefundReason(refund.reason),
        "fault": Fault(refund.fault),
        "lines": tuple(_line(line, refund.currency) for line in lines),
    }


def requested(refund: RequestLike, shared: dict[str, Any]) -> RefundRequested:
    """申请退款 (T20)."""
    wanted = None if refund.wanted_minor is None else price(refund.wanted_minor, refund.currency)
    return RefundRequested(
        **shared, wanted=wanted, requested_by=refund.requested_by, requested_at=refund.requested_at
    )


def approved(
    refund: RequestLike, shared: dict[str, Any], payee_token: str | None, *, pay_now: bool, at: datetime
) -> RefundApproved:
    """同意退款, and each further attempt to pay it, under the same key (T22)."""
    assert refund.payment_key is not None  # noqa: S101 - fixed when it is approved for the first time
    assert refund.authority_version is not None  # noqa: S101 - as above
    return RefundApproved(
        **shared,
        amount=price(refund.amount_minor, refund.currency),
        goods=price(refund.goods_minor, refund.currency),
        freight=price(refund.freight_minor, refund.currency),
        deducted=price(refund.deducted_minor, refund.currency),
        pay_now=pay_now,
        payment_key=refund.payment_key,
        payee_token=payee_token,
        approved_by=tuple(refund.approved_by),
        policy_version=refund.authority_version,
        approved_at=at,
        attempt=max(refund.attempt, 1),
    )


def refused(refund: RequestLike, shared: dict[str, Any], by: str, at: datetime) -> RefundRefused:
    """拒绝退款."""
    return RefundRefused(
        **shared, grounds=refund.grounds or "", unfounded=bool(refund.unfounded), refused_by=by, refused_at=at
    )


def withdrawn(shared: dict[str, Any], by: str, at: datetime) -> RefundWithdrawn:
    """撤回申请 (T22)."""
    return RefundWithdrawn(**shared, withdrawn_by=by, withdrawn_at=at)


def paid(
    shared: dict[str, Any],
    amount: Money,
    reference: str,
    of_order: Money,
    costs: Sequence[CaseCost],
    *,
    fully: bool,
    at: datetime,
) -> RefundPaid:
    """退款到账 (T22, T57)."""
    return RefundPaid(
        **shared,
        amount=price(amount.minor, amount.currency),
        payment_reference=reference,
        order_refunded=price(of_order.minor, of_order.currency),
        order_fully_refunded=fully,
        costs=tuple(costs),
        paid_at=at,
    )


def failed(
    shared: dict[str, Any], amount: Money, failure: str, attempt: int, *, retryable: bool, at: datetime
) -> RefundFailed:
    """退款失败 (T22)."""
    return RefundFailed(
        **shared,
        amount=price(amount.minor, amount.currency),
        failure=failure,
        attempt=attempt,
        retryable=retryable,
        failed_at=at,
    )


def price(minor: int, currency: str) -> Price:
    """An amount in the words of events and answers (X4)."""
    return Price(amount=Money(minor, currency).amount, currency=currency)


def _line(line: LineLike, currency: str) -> RefundLine:
    amount = line.goods_minor - line.deducted_minor + line.freight_minor
    return RefundLine(line_no=line.line_no, quantity=line.quantity, amount=price(amount, currency))
