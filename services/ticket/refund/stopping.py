"""拦截: an order that was cleared for shipping is stopped before its money goes back (T24). Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from contracts.ticket.order import FlagMeaning
from kit.problems import Problem

_CLEARED = (FlagMeaning.CLEARED, FlagMeaning.SOLVED)


class Parcel(StrEnum):
    """What became of the parcel of an order that was cleared for shipping before money was asked back (T24)."""

    STOPPED = "stopped"
    GONE = "gone"


class StoppedLike(Protocol):
    """What stopping asks of the request."""

    shipped: bool
    parcel: str | None
    parcel_at: datetime | None


class OrderLike(Protocol):
    """What stopping asks of the order."""

    flag_meaning: str | None
    shipped_at: datetime | None


def expect_parcel_stopped(refund: StoppedLike, order: OrderLike) -> None:
    """Money for an order that has not left goes back only when it will not leave: one that was cleared for shipping
    is stopped first (T24). Raises Problem `parcel-not-stopped`, also when it has left since."""
    stopped_at = refund.parcel_at if refund.parcel == Parcel.STOPPED else None
    left_since = order.shipped_at is not None and (stopped_at is None or order.shipped_at > stopped_at)
    may_leave = order.flag_meaning in _CLEARED and stopped_at is None
    if not refund.shipped and (left_since or may_leave):
        shipped_at = order.shipped_at.isoformat() if order.shipped_at else None
        raise Problem("parcel-not-stopped", flag_meaning=order.flag_meaning, shipped_at=shipped_at)
