"""What the storefront says of an order, as the rows that mean it: amounts in minor units, people sealed (X4, X6)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit.ids import account_id
from kit.money import Money
from kit.work import Work
from services.ticket.order import sealing
from services.ticket.order.models import Milestone, Order
from services.ticket.order.schemas import OrderItem, OrderMilestone
from services.ticket.order.sealing import Recipient

_PLAIN = {
    "shop", "order_no", "revision", "currency", "region", "channel", "agent", "courier", "payment_method",
    "freight_insured", "top_up_of", "historic", "placed_at", "paid_at", "shipped_at", "received_at",
    "completed_at", "cancelled_at",
}  # fmt: skip


def order_row(work: Work, order_id: UUID, item: OrderItem) -> Order:
    """The row that the storefront's words mean; not in any session yet."""
    costs = [_minor(line.cost, item.currency) for line in item.lines]
    surcharge = _minor(item.surcharge, item.currency) or 0
    return Order(
        **item.model_dump(include=_PLAIN),
        order_id=order_id,
        account_id=account_id(work.key, item.shop, item.buyer_ref),
        goods_minor=sum(_minor(line.paid_total, item.currency) or 0 for line in item.lines),
        discount_minor=_minor(item.discount, item.currency) or 0,
        freight_minor=(_minor(item.freight, item.currency) or 0) + surcharge,
        surcharge_minor=surcharge,
        paid_minor=_minor(item.paid, item.currency),
        cost_minor=_minor(item.cost, item.currency) if item.cost is not None else _sum_of_known(costs),
        lines=[_line(line, item.currency) for line in item.lines],
        recorded_at=work.now,
    )


def milestone_row(work: Work, order_id: UUID, item: OrderMilestone) -> Milestone:
    """The row that a milestone's words mean; not in any session yet."""
    facts = item.model_dump(exclude={"shop", "order_no", "paid", "currency", "tracking_number", "payer_token"})
    paid = None if item.paid is None or item.currency is None else _minor(item.paid, item.currency)
    return Milestone(order_id=order_id, paid_minor=paid, **facts, **_sealed(work, order_id, item))


def _sum_of_known(costs: Sequence[int | None]) -> int | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _line(line: Any, currency: str) -> dict[str, Any]:
    kept = line.model_dump(include={"line_no", "sku", "item_no", "product_name", "category", "options", "quantity"})
    return {
        **kept,
        "unit_minor": _minor(line.unit_price, currency),
        "paid_minor": _minor(line.paid_total, currency),
        "cost_minor": _minor(line.cost, currency),
    }


def delivery_row(work: Work, order_id: UUID, item: OrderItem) -> dict[str, Any]:
    to = Recipient() if item.recipient is None else Recipient(**item.recipient.model_dump())
    recipient = sealing.seal_recipient(work.vault, order_id, to)
    return {"order_id": order_id, "sealed_recipient": recipient, **_sealed(work, order_id, item)}


def _sealed(work: Work, order_id: UUID, item: OrderItem | OrderMilestone) -> dict[str, Any]:
    return {
        "sealed_tracking": sealing.seal(work.vault, order_id, sealing.TRACKING, item.tracking_number),
        "sealed_payer": sealing.seal(work.vault, order_id, sealing.PAYER, item.payer_token),
    }


def _minor(amount: str | None, currency: str) -> int | None:
    return None if amount is None else Money.parse(amount, currency).minor
