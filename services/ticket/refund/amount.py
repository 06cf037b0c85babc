"""金额: what is paid back, exact to the cent whatever the order of returns (T25, T26). Amounts are minor units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from kit.money import prorate, round_half_up


class Share(NamedTuple):
    """What so many pieces of a line are worth of it: of its goods, and of the delivery that was paid for it."""

    goods: int
    freight: int


@dataclass(frozen=True, slots=True)
class PaidLine:
    """One line of an order as it was paid, and what has gone of it already.

    `paid` is before the order's discount. `taken_back` are the pieces of other requests that were not refused or
    withdrawn, `share_taken` what they were worth (empty: what the first pieces are worth); `refunded` is the money
    for goods of the line that has gone or is on its way, goodwill among it.
    """

    line_no: int
    quantity: int
    paid: int
    taken_back: int = 0
    refunded: int = 0
    share_taken: Share | None = None


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
    """So many pieces of a line, whether its delivery is refunded (T25), and what is deducted for damage (T26).

    `kept` goods stay with the customer: they take no piece from anybody. `share` is what these pieces were found to
    be worth before; it stays as long as they are the same.
    """

    line_no: int
    quantity: int
    freight_refunded: bool = False
    deducted: int = 0
    kept: bool = False
    share: Share | None = None


@dataclass(frozen=True, slots=True)
class LineAmount:
    """What one line gives: goods after the deduction, and the part of the delivery that goes with it; `share` is what
    its pieces are worth, whether that is given or not."""

    line_no: int
    goods: int
    freight: int
    deducted: int
    share: Share

    @property
    def total(self) -> int:
        """All that it gives."""
        return self.goods + self.freight

    def held_to(self, most: int) -> "LineAmount":
        """The same, but no more than that; the delivery is given first."""
        freight = min(self.freight, most)
        return replace(self, freight=freight, goods=min(self.goods, most - freight))


@dataclass(frozen=True, slots=True)
class Amount:
    """What a request gives; `capped` when the order has less left than the lines would give."""

    lines: tuple[LineAmount, ...]
    capped: bool = False

    @property
    def total(self) -> int:
        """All of it."""
        return sum(line.total for line in self.lines)

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


def amount_of(order: PaidOrder, asked: Iterable[AskedLine], at_most: int | None = None) -> Amount:
    """The amount of T26, or `at_most` when less was asked for.

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
        found[one.line_no] = _line_amount(line, one, Share(worth[one.line_no], delivery[one.line_no]))
    full = Amount(tuple(found.values()))
    left = max(order.paid - order.refunded, 0)
    capped = left < full.total
    most = left if at_most is None else min(left, at_most)
    return Amount(_held_to(full.lines, most), capped) if most < full.total else full


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


def _line_amount(line: PaidLine, asked: AskedLine, worth: Share) -> LineAmount:
    share = asked.share or _share_of(line, asked, worth)
    deducted = min(asked.deducted, share.goods)  # a deduction never eats refunded freight
    left = max(worth.goods - line.refunded, 0)  # the cap comes last; goodwill counts for it
    goods = min(share.goods - deducted, left)
    return LineAmount(line.line_no, goods, share.freight if asked.freight_refunded else 0, deducted, share)


def _share_of(line: PaidLine, asked: AskedLine, worth: Share) -> Share:
    """What the pieces take after those that went before: what all of them are worth, less what those took. So the
    last ones take the remainder, whoever withdrew in between."""
    before = 0 if asked.kept else line.taken_back
    first = Share(_share(worth.goods, before, line.quantity), _share(worth.freight, before, line.quantity))
    taken = first if asked.kept or line.share_taken is None else line.share_taken
    together = before + asked.quantity
    return Share(
        goods=max(_share(worth.goods, together, line.quantity) - taken.goods, 0),
        freight=max(_share(worth.freight, together, line.quantity) - taken.freight, 0),
    )


def _held_to(lines: Sequence[LineAmount], most: int) -> tuple[LineAmount, ...]:
    """The lines, each given its part of less than all."""
    shares = prorate(most, [line.total for line in lines])
    return tuple(line.held_to(share) for line, share in zip(lines, shares, strict=True))


def _share(whole: int, pieces: int, quantity: int) -> int:
    return round_half_up(Fraction(whole * pieces, quantity))


def _by_line(lines: Sequence[PaidLine], shares: Sequence[int]) -> Mapping[int, int]:
    return {line.line_no: share for line, share in zip(lines, shares, strict=True)}


def _pieces(lines: Sequence[PaidLine]) -> list[int]:
    return [line.quantity for line in lines]
