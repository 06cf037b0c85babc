"""What was really paid for an order whose price was changed after payment (T37, T55). Pure; minor units.

The storefront tells what an order costs now. What its buyer paid for it is another sum as soon as a difference was
given back (paid 100, 20 given back, told 80) or came in by an order of its own (paid 100, a top-up of 20, told 120):
the book keeps what was paid, or the same 20 would lower what is kept twice, or could be given back twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.ticket.book.ledger import Movement

_IN, _USED, _OUT = range(3)  # in which order what happens at one moment is taken


class MovedLike(Protocol):
    """A change as far as its money goes."""

    status: str
    difference_minor: int
    reflected_minor: int | None
    payment_key: UUID | None
    refunded_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Apart:
    """Money of an order that moved apart from its own payment.

    `reflected`: by how much what was paid differs from what is told, as confirmed changes explain it. The other two
    may be in what is told or not yet: `given_back` of changes nobody has confirmed, and what was `topped_up`.
    """

    reflected: int = 0
    given_back: int = 0
    topped_up: int = 0

    @property
    def anything(self) -> bool:
        """Whether there is any."""
        return bool(self.reflected or self.given_back or self.topped_up)


def apart_of(changes: Iterable[MovedLike], top_ups_minor: int) -> Apart:
    """What moved apart, by the order's changes and what its paid top-up orders come to."""
    reflected = given_back = explained = 0
    for change in changes:
        if change.reflected_minor is not None:
            reflected += change.reflected_minor
            explained += max(-change.reflected_minor, 0)
        elif gave_back(change):
            given_back -= change.difference_minor
    return Apart(reflected, given_back, max(top_ups_minor - explained, 0))


def unused(changes: Iterable[MovedLike], top_ups: Sequence[Sequence[Movement]]) -> int:
    """What top-ups have brought in that no confirmed change has used up and that nobody was given back.

    A change uses what is there when it is confirmed, of the oldest top-up first, and what comes in later when that is
    too little. What goes back of a top-up that was used up by then leaves the others alone.
    """
    steps = [
        (one.at, _IN if one.minor > 0 else _OUT, place, one.minor)
        for place, moved in enumerate(top_ups)
        for one in moved
    ]
    steps += [
        (change.confirmed_at, _USED, 0, -change.reflected_minor)
        for change in changes
        if change.confirmed_at is not None and change.reflected_minor is not None and change.reflected_minor < 0
    ]
    left, missing = [0] * len(top_ups), 0
    for _, kind, place, minor in sorted(steps):
        if kind == _USED:
            missing += minor
        else:
            left[place] += minor
        for each, there in enumerate(left):
            taken = min(max(there, 0), missing)
            left[each] -= taken
            missing -= taken
    return sum(max(there, 0) for there in left)


def gave_back(change: MovedLike) -> bool:
    """Whether its difference is with the buyer or on its way there: ordered, and not given up unpaid."""
    return change.payment_key is not None and (change.status != "refused" or change.refunded_at is not None)


def paid_for(told_minor: int, known_minor: int, apart: Apart) -> int:
    """What was paid: as known, as long as what moved apart explains that something else is told; else the nearest
    sum that it does explain."""
    base = told_minor + apart.reflected
    return max(min(max(known_minor, base - apart.topped_up), base + apart.given_back), 0)
