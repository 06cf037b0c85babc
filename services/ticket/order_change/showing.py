"""A change in the words of HTTP: amounts as prices, the recipient masked (X4, X6). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from contracts.price import Difference
from kit.money import Money
from kit.privacy import mask_address, mask_name, mask_phone
from services.ticket.order.schemas import RecipientPublic
from services.ticket.order.sealing import Recipient
from services.ticket.order_change.lifecycle import ChangeLike, allowed
from services.ticket.order_change.schemas import (
    DifferencePayment,
    LineShown,
    OrderChangePublic,
    OrderChangeShown,
)  # fmt: skip
from services.ticket.payment.service import Payment

Shown = TypeVar("Shown", bound=OrderChangeShown)


def public(
    change: ChangeLike,
    recipient: Recipient | None,
    payment: DifferencePayment | None,
    approvals: Sequence[Sequence[str]],
) -> OrderChangePublic:
    """All of a change that staff may see."""
    facts = dict(vars(change))
    masked = None
    if recipient is not None:
        masked = RecipientPublic(
            name=mask_name(recipient.name), phone=mask_phone(recipient.phone), address=mask_address(recipient.address)
        )
    return OrderChangePublic.model_validate(
        {
            **facts,
            "lines": [line_shown(line, change.currency) for line in change.lines],
            "difference": difference_of(change.difference_minor, change.currency),
            "recipient": masked,
            "payment": payment,
            "approvals": [list(step) for step in approvals],
            "allowed": allowed(change),
        },
        from_attributes=False,
    )


def shown_to(change: Shown) -> Shown:
    """The same for whoever is outside the house: who answers for it and who asked is the shop's own business."""
    hidden: dict[str, Any] = {"charged_to_staff_id": None, "requested_by": None, "requested_by_staff_id": None}
    if isinstance(change, OrderChangePublic):
        hidden |= {"grounds": None, "approvals": [], "payment_key": None}
    return change.model_copy(update=hidden)


def payment_shown(payment: Payment | None) -> DifferencePayment | None:
    """How far the difference is on its way to the buyer."""
    if payment is None:
        return None
    return DifferencePayment(status=payment.status, failure=payment.failure, retryable=payment.retryable)


def line_shown(line: Mapping[str, Any], currency: str) -> LineShown:
    """Old beside new."""
    return LineShown.model_validate(
        {
            "line_no": line["line_no"],
            "old": {**line["old"], "paid_total": Money(line["old"]["paid_minor"], currency).amount},
            "new": {**line["new"], "paid_total": Money(line["new"]["paid_minor"], currency).amount},
        }
    )


def difference_of(minor: int, currency: str) -> Difference:
    """An amount that may be below zero."""
    return Difference(amount=Money(minor, currency).amount, currency=currency)
