"""Which orders count in figures of value, with what amount (C10), and what was given back of them (C13)."""

from datetime import datetime
from enum import StrEnum

from contracts.ticket.aftercare import GoodwillGranted
from contracts.ticket.order import OrderState
from contracts.ticket.refund import RefundPaid
from kit.money import Money

MoneyBackEvent = RefundPaid | GoodwillGranted


class Cause(StrEnum):
    """Why money was given back."""

    REFUND = "refund"
    GOODWILL = "goodwill"


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


def money_back(event: MoneyBackEvent) -> tuple[Cause, Money, datetime]:
    """Why something was given back, how much and when (C13 "refunds deducted").

    A refund counts once it is paid. Goodwill counts once it is granted (T27): it is a small sum that the payment side
    is told to pay at that moment, and no event says that it has.
    """
    amount = Money.parse(event.amount.amount, event.amount.currency)
    if isinstance(event, RefundPaid):
        return Cause.REFUND, amount, event.paid_at
    return Cause.GOODWILL, amount, event.granted_at


def _minor(amount: str, order: OrderState) -> int:
    return Money.parse(amount, order.currency).minor
