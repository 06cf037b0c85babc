"""Whether anything is left of a sale (A6). Pure, and the same for the same facts in whatever order they arrived."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Protocol


class RefundSeen(Protocol):
    """A paid refund of an order as its event told it."""

    order_refunded_minor: int
    order_fully_refunded: bool


def fully_refunded(refunds: Iterable[RefundSeen]) -> bool:
    """Whether an order gave back all that was paid for it, by these refunds of it.

    The sum given back only ever grows, so the refund that knows of the highest sum speaks last: where a correction of
    the order raised what was paid after an earlier one, something is left again.
    """
    last = max(refunds, key=attrgetter("order_refunded_minor", "order_fully_refunded"), default=None)
    return last is not None and last.order_fully_refunded
