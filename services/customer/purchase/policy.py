"""Which orders count in figures of value, and with what amount (C10)."""

from contracts.ticket.order import OrderState
from kit.money import Money


def counts(order: OrderState) -> bool:
    """Paid, not cancelled, not fake (C10, T32), and no top-up of another order (T36)."""
    return order.paid_at is not None and order.cancelled_at is None and not order.fake and order.top_up_of is None


def paid_minor(order: OrderState) -> int | None:
    """What was paid, in minor units of the order's currency; None as long as nothing was.

    A paid order whose storefront names no amount was paid what its goods less discount plus freight make (C10).
    """
    if order.paid is not None:
        return _minor(order.paid.amount, order)
    if order.paid_at is None:
        return None
    goods, discount, freight = order.goods_total, order.discount, order.freight
    return _minor(goods.amount, order) - _minor(discount.amount, order) + _minor(freight.amount, order)


def _minor(amount: str, order: OrderState) -> int:
    return Money.parse(amount, order.currency).minor
