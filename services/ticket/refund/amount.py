"""金额: what is paid back, exact to the cent whatever the order of returns (T25, T26). Amounts are minor units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kit.money import prorate, round_half_up


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One line of an order as it was paid, and what has gone of it already.

    `paid` is before the order's discount. `taken_back` are the pieces of earlier requests that were not refused or
    withdrawn; `refunded` is the money of the line that has gone or is on its way, goodwill among it.
    """

    line_no: int
    quantity: int
    paid: int
    taken_back: int = 0
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order as it was paid: its lines, the discount on all of them, the delivery, and what has been given back."""

    lines: tuple[PaidLine, ...]
    discount: int
    freight: int
    refunded: int = 0

    @property
    def paid(self) -> int:
        """All that the customer paid."""
        return sum(line.paid for line in self.lines) - self.discount + self.freight


@dataclass(frozen=True, slots=True)
class AskedLine:
    """So many pieces of a line, whether its delivery is refunded (T25), and what is deducted for damage (T26)."""

    line_no: int
    quantity: int
    freight_refunded: bool = False
    deducted: int = 0


@dataclass(frozen=True, slots=True)
class LineAmount:
    """What one line gives: goods after the deduction, and the part of the delivery that goes with it."""

    line_no: int
    goods: int
    freight: int
    deducted: int


@dataclass(frozen=True, slots=True)
class Amount:
    """What a request gives; `total` is the sum of goods and freight, unless the cap of the order holds it down."""

    lines: tuple[LineAmount, ...]
    total: int
    capped: bool

    @property
    def goods(self) -> int:
        """For the goods."""
        return sum(line.goods for line in self.lines)

    @property
    def freight(self) -> int:
        """For the delivery."""
        return sum(line.freight for line in self.lines)

    @property
    def deducted(self) -> int:
        """Held back for damage."""
        return sum(line.deducted for line in self.lines)


def amount_of(order: PaidOrder, asked: Iterable[AskedLine]) -> Amount:
    """The amount of T26.

    Raises ValueError for a line that the order doesn't have, one asked twice, no pieces, or more than are left.
    """
    worth, delivery = net_of_discount(order), freight_by_line(order)
    lines = {line.line_no: line for line in order.lines}
    found: dict[int, LineAmount] = {}
    for one in asked:
        line = lines.get(one.line_no)
        if line is None or one.line_no in found:
            raise ValueError("each line of the order at most once")
        if not 1 <= one.quantity <= line.quantity - line.taken_back:
            raise ValueError("between one piece and those that are left")
        found[one.line_no] = _line_amount(line, one, worth[one.line_no], delivery[one.line_no])
    wanted = sum(line.goods + line.freight for line in found.values())
    total = min(wanted, max(order.paid - order.refunded, 0))
    return Amount(tuple(found.values()), total, capped=total < wanted)


def net_of_discount(order: PaidOrder) -> Mapping[int, int]:
    """What was paid for each line after the order's discount: 3 × 1.00 less 1.00 → .67 .67 .66 (T26)."""
    sums = [line.paid for line in order.lines]
    return _by_line(order.lines, prorate(sum(sums) - order.discount, sums))


def freight_by_line(order: PaidOrder) -> Mapping[int, int]:
    """The delivery split by the lines' value; by pieces where nothing costs anything (T25)."""
    weights = [line.paid for line in order.lines]
    return _by_line(order.lines, prorate(order.freight, weights if any(weights) else _pieces(order.lines)))


def cumulative(whole: int, quantity: int, before: int, now: int) -> int:
    """The part of `whole` that `now` of `quantity` pieces take after `before`: 100.00 for 3, one by one, is 33.33,
    33.34, 33.33, and all pieces together always give the whole (T26)."""
    return _share(whole, before + now, quantity) - _share(whole, before, quantity)


def _line_amount(line: PaidLine, asked: AskedLine, worth: int, delivery: int) -> LineAmount:
    goods = cumulative(worth, line.quantity, line.taken_back, asked.quantity)
    freight = cumulative(delivery, line.quantity, line.taken_back, asked.quantity) if asked.freight_refunded else 0
    deducted = min(asked.deducted, goods)  # a deduction never eats refunded freight
    left = max(worth - line.refunded, 0)  # the cap comes last; goodwill counts for it
    return LineAmount(line.line_no, min(goods - deducted, left), freight, deducted)


def _share(whole: int, pieces: int, quantity: int) -> int:
    return round_half_up(Fraction(whole * pieces, quantity))


def _by_line(lines: Sequence[PaidLine], shares: Sequence[int]) -> Mapping[int, int]:
    return {line.line_no: share for line, share in zip(lines, shares, strict=True)}


def _pieces(lines: Sequence[PaidLine]) -> list[int]:
    return [line.quantity for line in lines]
