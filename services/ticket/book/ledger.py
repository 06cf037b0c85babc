"""The arithmetic of an order's book (T55): paid = kept + refunded + in flight, as a whole and line by line. Pure.

Amounts are minor units of the book's currency. A line has no `kept` of its own: what it is worth and neither refunded
nor in flight is left of it, and the order may have less left than its lines.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from kit.money import Money
from kit.problems import Problem


class EntryKind(StrEnum):
    """What an entry says happened to money of the order."""

    PAID = "paid"
    CORRECTED = "corrected"
    RESERVED = "reserved"
    RELEASED = "released"
    REFUNDED = "refunded"


class Effect(NamedTuple):
    """What one unit of an entry does to each counter."""

    paid: int = 0
    kept: int = 0
    in_flight: int = 0
    refunded: int = 0


EFFECTS: Mapping[EntryKind, Effect] = {
    EntryKind.PAID: Effect(paid=1, kept=1),
    EntryKind.CORRECTED: Effect(paid=1, kept=1),
    EntryKind.RESERVED: Effect(kept=-1, in_flight=1),
    EntryKind.RELEASED: Effect(kept=1, in_flight=-1),
    EntryKind.REFUNDED: Effect(in_flight=-1, refunded=1),
}


@dataclass(frozen=True, slots=True)
class Paid:
    """What the buyer paid for an order, as the storefront tells it now."""

    order_id: UUID
    currency: str
    paid_minor: int


@dataclass(frozen=True, slots=True)
class Movement:
    """By how much what is kept of an order became more or less, and when; minor units."""

    at: datetime
    minor: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What a line of an order was worth: its goods net of discount, and its share of the delivery (T25, T26)."""

    line_no: int
    quantity: int
    worth_minor: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What of an order has been given back by now."""

    order_refunded_minor: int
    fully: bool


@dataclass(slots=True)
class BookLine:
    """One line: the pieces that came or come back, the money that has gone or is on its way."""

    quantity: int
    worth_minor: int
    taken_back: int = 0
    refunded_minor: int = 0
    in_flight_minor: int = 0

    @property
    def left_minor(self) -> int:
        """What can still be given back of it."""
        return self.worth_minor - self.refunded_minor - self.in_flight_minor

    def bears(self, worth: Worth) -> bool:
        """Whether the line may become that without being less than has been given back of it already."""
        return worth.quantity >= self.taken_back and worth.worth_minor >= self.refunded_minor + self.in_flight_minor


@dataclass(slots=True)
class Book:
    """The book of one order, as its caller holds it under the row lock."""

    order_id: UUID
    currency: str
    paid_minor: int
    kept_minor: int
    refunded_minor: int
    in_flight_minor: int
    lines: dict[int, BookLine] = field(default_factory=dict)

    @property
    def settled(self) -> Settled:
        """What has been given back; everything, when nothing else was paid."""
        return Settled(self.refunded_minor, fully=self.refunded_minor == self.paid_minor > 0)

    def expect_left(self, by_line: Mapping[int, int], of_order: int) -> None:
        """Raises Problem `more-than-kept` where a line or the order has less left; ValueError for an amount below
        zero."""
        if of_order < 0 or any(amount < 0 for amount in by_line.values()):
            raise ValueError("what is reserved is never below zero")
        for line_no, amount in by_line.items():
            line = self.lines.get(line_no)
            left = min(line.left_minor, self.kept_minor) if line else 0
            if amount > left:
                raise Problem("more-than-kept", line_no=line_no, left=self._amount(left), currency=self.currency)
        if sum(by_line.values()) + of_order > self.kept_minor:
            raise Problem("more-than-kept", left=self._amount(self.kept_minor), currency=self.currency)

    def expect_pieces(self, pieces: Mapping[int, int]) -> None:
        """Raises Problem `more-than-bought` where fewer pieces are left, ValueError for less than one."""
        for line_no, count in pieces.items():
            if count < 1:
                raise ValueError("at least one piece comes back")
            line = self.lines.get(line_no)
            left = line.quantity - line.taken_back if line else 0
            if count > left:
                raise Problem("more-than-bought", line_no=line_no, left=left)

    def post(self, kind: EntryKind, by_line: Mapping[int, int], of_order: int) -> None:
        """Bring the counters to what they are after such an entry."""
        effect, whole = EFFECTS[kind], sum(by_line.values()) + of_order
        self.paid_minor += effect.paid * whole
        self.kept_minor += effect.kept * whole
        self.in_flight_minor += effect.in_flight * whole
        self.refunded_minor += effect.refunded * whole
        for line_no, amount in by_line.items():
            self.lines[line_no].in_flight_minor += effect.in_flight * amount
            self.lines[line_no].refunded_minor += effect.refunded * amount

    def _amount(self, minor: int) -> str:
        return Money(minor, self.currency).amount


class News(NamedTuple):
    """What told payments mean for the books there are: new ones, corrections by so much, what no book takes."""

    opened: list[Paid]
    corrected: list[tuple[Paid, int]]
    refused: list[tuple[Paid, Book]]


def news_of(paid: Iterable[Paid], books: Mapping[UUID, Book]) -> News:
    """Sort what the storefront tells: of an order told twice the last word counts, and what a book says already is no
    news. Less than has been given back, or another currency, is for somebody to look at (T55)."""
    news = News([], [], [])
    for told in {one.order_id: one for one in paid}.values():
        book = books.get(told.order_id)
        if book is None:
            news.opened.append(told)
        elif told.currency != book.currency or told.paid_minor - book.paid_minor + book.kept_minor < 0:
            news.refused.append((told, book))
        elif told.paid_minor != book.paid_minor:
            news.corrected.append((told, told.paid_minor - book.paid_minor))
    return news
