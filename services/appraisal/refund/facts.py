"""What the events of money that was paid back say, as the tables keep it."""

from typing import Any

from contracts.price import Price
from contracts.ticket.aftercare import CostRebooked, GoodwillPaid
from contracts.ticket.payment import PaymentPaidLate
from contracts.ticket.refund import CaseCost, RefundPaid
from kit.envelope import Meta
from kit.money import Money
from services.appraisal.refund.models import CostRebookingFact, RefundCostFact, RefundFact

MoneyBackEvent = RefundPaid | GoodwillPaid | PaymentPaidLate


def refund_fact(meta: Meta, paid: MoneyBackEvent) -> RefundFact:
    """What was paid back, as this event tells it."""
    return RefundFact(
        refund_id=meta.aggregate_id,
        sequence=meta.sequence,
        order_id=paid.order_id,
        shop=paid.shop,
        order_no=paid.order_no,
        currency=paid.amount.currency,
        amount_minor=_minor(paid.amount),
        order_refunded_minor=_minor(paid.order_refunded),
        order_fully_refunded=paid.order_fully_refunded,
        paid_at=paid.paid_at,
        **_why(paid),
    )


def cost_facts(meta: Meta, paid: MoneyBackEvent) -> list[RefundCostFact]:
    """Its costs, each with who bears it. Of a late payment none is told: it is the company's until it is rebooked."""
    costs: tuple[CaseCost, ...] = () if isinstance(paid, PaymentPaidLate) else paid.costs
    return [
        RefundCostFact(
            refund_id=meta.aggregate_id,
            place=place,
            kind=cost.kind,
            currency=cost.amount.currency,
            amount_minor=_minor(cost.amount),
            bearer=cost.bearer,
            bearer_code=cost.bearer_code,
            unit_id=cost.unit_id,
            staff_id=cost.staff_id,
        )
        for place, cost in enumerate(costs, start=1)
    ]


def rebooking_fact(meta: Meta, told: CostRebooked) -> CostRebookingFact:
    """Who bears a cost from now on, and who did."""
    who = ("bearer", "bearer_code", "unit_id", "staff_id")
    return CostRebookingFact(
        sequence=meta.sequence,
        **told.model_dump(include={"cost_id", "cause_id", "order_id", "shop", "month", "rebooked_at"}),
        kind=told.cost.kind,
        currency=told.cost.amount.currency,
        amount_minor=_minor(told.cost.amount),
        **{name: getattr(told.cost, name) for name in who},
        **{f"{name}_before": getattr(told.before, name) for name in who},
    )


def _why(paid: MoneyBackEvent) -> dict[str, Any]:
    if isinstance(paid, RefundPaid):
        return paid.model_dump(include={"ticket_number", "kind", "reason", "fault", "assignee_staff_id"})
    if isinstance(paid, GoodwillPaid):
        return {"kind": "goodwill", "ticket_number": paid.ticket_number}
    return {"kind": "late"}


def _minor(price: Price) -> int:
    return Money.parse(price.amount, price.currency).minor
