"""Whose sale it was (A6): for the agent of its last *sale* flag, else the signer of *cleared*, else nobody's.

Pure, and the same for the same facts in whatever order they arrived: order events and flags carry the order's
gap-free sequence, and the highest one counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Protocol
from uuid import UUID

from contracts.ticket.order import FlagMeaning


class Basis(StrEnum):
    """The mark that gives the credit (T30)."""

    SALE = "sale"
    CLEARED = "cleared"


class WhyNot(StrEnum):
    """Why an order doesn't count (A6). *Unmatched*: the mark names nobody known, it waits for its alias (A1)."""

    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    FAKE = "fake"
    TOP_UP = "top-up"
    UNMARKED = "unmarked"
    UNMATCHED = "unmatched"


class OrderSeen(Protocol):
    """An order as one event told it."""

    sequence: int
    cancelled: bool
    fake: bool
    top_up: bool


class FlagSeen(Protocol):
    """One flag as its event told it, its alias matched to staff where somebody bears it."""

    sequence: int
    meaning: str | None
    alias: str | None
    alias_staff_id: UUID | None
    signer_staff_id: UUID | None
    flagged_at: datetime


@dataclass(frozen=True)
class Credit:
    """Whose sale it was by which mark, and whether it counts."""

    staff_id: UUID | None
    alias: str | None
    basis: Basis | None
    credited_at: datetime | None
    why_not: WhyNot | None

    @property
    def counted(self) -> bool:
        """Whether the order is in the pool and somebody's."""
        return self.why_not is None


def credit_of(orders: Iterable[OrderSeen], flags: Iterable[FlagSeen], *, fully_refunded: bool = False) -> Credit:
    """The credit that follows from all that was seen of one order; at least one state of it must have been.

    One that was fully refunded doesn't count, but stays whose it was. A flag that is taken off takes the marks before
    it along: an unmarked order is nobody's sale.
    """
    order = max(orders, key=attrgetter("sequence"))
    mark, basis = _deciding(sorted(flags, key=attrgetter("sequence"), reverse=True))
    staff_id = _person(mark, basis) if mark else None
    excluded = _excluded(order, fully_refunded=fully_refunded)
    if mark is None or basis is None:
        return Credit(None, None, None, None, excluded or WhyNot.UNMARKED)
    why_not = excluded or (WhyNot.UNMATCHED if staff_id is None else None)
    return Credit(staff_id, mark.alias, basis, mark.flagged_at, why_not)


def _deciding(newest_first: Iterable[FlagSeen]) -> tuple[FlagSeen | None, Basis | None]:
    """The last *sale* flag since the flag was last taken off, else the last *cleared* one."""
    cleared: FlagSeen | None = None
    for flag in newest_first:
        if flag.meaning is None:
            break
        if flag.meaning == FlagMeaning.SALE:
            return flag, Basis.SALE
        if flag.meaning == FlagMeaning.CLEARED and cleared is None:
            cleared = flag
    return cleared, Basis.CLEARED if cleared else None


def _person(mark: FlagSeen, basis: Basis | None) -> UUID | None:
    """Who is named in the remark. Where nobody is, whoever put the flag signed it; a *sale* flag that names somebody
    unknown waits for that alias rather than going to whoever put it."""
    if mark.alias_staff_id is not None:
        return mark.alias_staff_id
    if basis is Basis.SALE and mark.alias is not None:
        return None
    return mark.signer_staff_id


def _excluded(order: OrderSeen, *, fully_refunded: bool) -> WhyNot | None:
    if order.cancelled:
        return WhyNot.CANCELLED
    if fully_refunded:
        return WhyNot.REFUNDED
    if order.fake:
        return WhyNot.FAKE
    return WhyNot.TOP_UP if order.top_up else None
