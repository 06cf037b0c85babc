"""What a paid refund's event says, as the tables keep it."""

from contracts.price import Price
from contracts.ticket.refund import RefundPaid
from kit.envelope import Meta
from kit.money import Money
from services.appraisal.refund.models import RefundCostFact, RefundFact


def refund_fact(meta: Meta, paid: RefundPaid) -> RefundFact:
    """The refund as this event tells it."""
    return RefundFact(
        refund_id=paid.refund_id,
        sequence=meta.sequence,
        order_id=paid.order_id,
        shop=paid.shop,
        order_no=paid.order_no,
        ticket_number=paid.ticket_number,
        kind=paid.kind,
        reason=paid.reason,
        fault=paid.fault,
        assignee_staff_id=paid.assignee_staff_id,
        currency=paid.amount.currency,
        amount_minor=_minor(paid.amount),
        order_refunded_minor=_minor(paid.order_refunded),
        order_fully_refunded=paid.order_fully_refunded,
        paid_at=paid.paid_at,
    )


def cost_facts(paid: RefundPaid) -> list[RefundCostFact]:
    """Its costs, each with who bears it."""
    return [
        RefundCostFact(
            refund_id=paid.refund_id,
            place=place,
            kind=cost.kind,
            currency=cost.amount.currency,
            amount_minor=_minor(cost.amount),
            bearer=cost.bearer,
            bearer_code=cost.bearer_code,
            unit_id=cost.unit_id,
            staff_id=cost.staff_id,
        )
        for place, cost in enumerate(paid.costs, start=1)
    ]


def _minor(price: Price) -> int:
    return Money.parse(price.amount, price.currency).minor
