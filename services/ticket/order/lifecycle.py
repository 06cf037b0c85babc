"""An order's milestones, as pure functions from what was known to what is told about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from contracts.price import Price
from contracts.ticket.order import (
    OrderCancelled,
    OrderCompleted,
    OrderCorrected,
    OrderEvent,
    OrderLine,
    OrderPaid,
    OrderReceived,
    OrderRecorded,
    OrderShipped,
    OrderState,
)  # fmt: skip
from kit.money import Money

_MILESTONES: tuple[tuple[str, type[OrderEvent]], ...] = (
    ("paid_at", OrderPaid),
    ("shipped_at", OrderShipped),
    ("received_at", OrderReceived),
    ("completed_at", OrderCompleted),
    ("cancelled_at", OrderCancelled),
)


class OrderLike(Protocol):
    """An order as the table holds it."""

    order_id: UUID
    shop: str
    order_no: str
    account_id: UUID
    revision: int
    currency: str
    goods_minor: int
    discount_minor: int
    freight_minor: int
    surcharge_minor: int
    paid_minor: int | None
    cost_minor: int | None
    lines: list[dict[str, Any]]
    region: str | None
    channel: str | None
    agent: str | None
    courier: str | None
    payment_method: str | None
    freight_insured: bool
    top_up_of: str | None
    historic: bool
    fake: bool
    flag_meaning: str | None
    flag_changed_at: datetime | None
    placed_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None


class MilestoneLike(Protocol):
    """A milestone that was told by itself, with what was said about it."""

    name: str
    at: datetime
    paid_minor: int | None
    payment_method: str | None
    courier: str | None
    reason: str | None


def state_of(order: OrderLike) -> OrderState:
    """All that others may know of the order; every order event carries it."""
    return OrderState.model_validate(
        {
            **{name: getattr(order, name) for name in _PLAIN},
            "goods_total": _price(order.goods_minor, order.currency),
            "discount": _price(order.discount_minor, order.currency),
            "freight": _price(order.freight_minor, order.currency),
            "surcharge": _price(order.surcharge_minor or None, order.currency),
            "paid": _price(order.paid_minor, order.currency),
            "cost": _price(order.cost_minor, order.currency),
            "lines": [_line(line, order.currency) for line in order.lines],
        }
    )


def for_buyer(state: OrderState) -> OrderState:
    """What of it the buyer may see: costs and flags are the shop's own business (X6)."""
    lines = tuple(line.model_copy(update={"cost": None}) for line in state.lines)
    return state.model_copy(update={"cost": None, "lines": lines, "fake": False, "flag_meaning": None})


def recorded(order: OrderLike) -> list[OrderEvent]:
    """What is told when an order becomes known: that, and how far it has come already.

    Imported history is one quiet fact: nobody is to act on milestones of years ago.
    """
    state = state_of(order)
    told: list[OrderEvent] = [OrderRecorded(order=state)]
    return (
        told if order.historic else told + _reached(state, [name for name, _ in _MILESTONES if getattr(order, name)])
    )


def corrected(order: OrderLike, *, revision_before: int, before: OrderState) -> list[OrderEvent]:
    """What is told when a higher revision has replaced the order (C10): that, and the milestones newly reached."""
    state = state_of(order)
    reached = [name for name, _ in _MILESTONES if getattr(order, name) and getattr(before, name) is None]
    told: list[OrderEvent] = [OrderCorrected(order=state, revision_before=revision_before)]
    return told if order.historic else told + _reached(state, reached)


def due(order: OrderLike) -> int:
    """What the order costs its buyer, in minor units (X4)."""
    return order.goods_minor - order.discount_minor + order.freight_minor


def is_unshipped(order: OrderLike) -> bool:
    """Whether it has neither left nor ended."""
    return not any((order.shipped_at, order.received_at, order.completed_at, order.cancelled_at))


def reach(order: OrderLike, milestone: MilestoneLike) -> bool:
    """Put on the order a milestone that its revision leaves open; whether there was something to put.

    A sum paid under an earlier revision that cost something else is not carried over: how much was paid is then open.
    """
    if getattr(order, f"{milestone.name}_at") is not None:
        return False
    setattr(order, f"{milestone.name}_at", milestone.at)
    order.payment_method = milestone.payment_method or order.payment_method
    order.courier = milestone.courier or order.courier
    if milestone.paid_minor == due(order):
        order.paid_minor = milestone.paid_minor
    return True


def reached(order: OrderLike, milestone: MilestoneLike) -> OrderEvent:
    """What is told when an order has reached a milestone. Imported history stays quiet: its copies are put right."""
    state = state_of(order)
    if order.historic:
        return OrderCorrected(order=state, revision_before=order.revision)
    if milestone.name == "cancelled":
        return OrderCancelled(order=state, reason=milestone.reason)
    return _reached(state, [f"{milestone.name}_at"])[0]


def _reached(state: OrderState, names: Sequence[str]) -> list[OrderEvent]:
    return [event(order=state) for name, event in _MILESTONES if name in names]


def _price(minor: int | None, currency: str) -> Price | None:
    return None if minor is None else Price(amount=Money(minor, currency).amount, currency=currency)


def _line(line: dict[str, Any], currency: str) -> OrderLine:
    return OrderLine(
        line_no=line["line_no"],
        sku=line["sku"],
        item_no=line.get("item_no"),
        product_name=line.get("product_name"),
        category=line.get("category"),
        quantity=line["quantity"],
        paid_total=Price(amount=Money(line["paid_minor"], currency).amount, currency=currency),
        cost=_price(line.get("cost_minor"), currency),
    )


_PLAIN = (
    "order_id", "shop", "order_no", "account_id", "revision", "currency", "region", "channel", "agent", "courier",
    "payment_method", "freight_insured", "top_up_of", "historic", "fake", "flag_meaning", "placed_at", "paid_at",
    "shipped_at", "received_at", "completed_at", "cancelled_at",
)  # fmt: skip
