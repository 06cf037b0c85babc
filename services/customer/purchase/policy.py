"""Which orders count in figures of value, with what amount (C10), and what was given back of them (C13)."""

from datetime import datetime
from enum import StrEnum

from contracts.ticket.aftercare import GoodwillPaid
from contracts.ticket.order import OrderState
from contracts.ticket.payment import PaidFor, PaymentPaidLate
from contracts.ticket.refund import RefundPaid
from kit.money import Money

MoneyBackEvent = RefundPaid | GoodwillPaid | PaymentPaidLate


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
    """Why something was given back, how much and when (C13 "refunds deducted"): it counts once it is paid, also what
    had been given up and was paid after all."""
    amount = Money.parse(event.amount.amount, event.amount.currency)
    late_goodwill = isinstance(event, PaymentPaidLate) and event.cause is PaidFor.GOODWILL
    cause = Cause.GOODWILL if late_goodwill or isinstance(event, GoodwillPaid) else Cause.REFUND
    return cause, amount, event.paid_at


def _minor(amount: str, order: OrderState) -> int:
    return Money.parse(amount, order.currency).minor
