"""What is paid back (T26, X4): exact to the cent, whatever the order of returns."""

import random
from dataclasses import replace

import pytest

from services.ticket.refund.amount import (
    AskedLine,
    PaidLine,
    PaidOrder,
    amount_of,
    cumulative,
    freight_by_line,
    net_of_discount,
)


def order(*paid: tuple[int, int], discount: int = 0, freight: int = 0, refunded: int = 0) -> PaidOrder:
    """An order of lines (pieces, minor units paid)."""
    lines = tuple(PaidLine(number, quantity, minor) for number, (quantity, minor) in enumerate(paid, start=1))
    return PaidOrder(lines, discount, freight, refunded)


def test_three_for_a_hundred_go_back_one_by_one() -> None:
    assert [cumulative(100_00, 3, before, 1) for before in range(3)] == [33_33, 33_34, 33_33]


def test_an_order_discount_goes_by_largest_remainder() -> None:
    assert list(net_of_discount(order((1, 1_00), (1, 1_00), (1, 1_00), discount=1_00)).values()) == [67, 67, 66]


def test_freight_follows_the_lines_value_and_adds_up() -> None:
    assert dict(freight_by_line(order((1, 30_00), (2, 10_00), (1, 60_00), freight=10_01))) == {
        1: 3_00,
        2: 1_00,
        3: 6_01,
    }


def test_freight_of_an_order_of_gifts_goes_by_pieces() -> None:
    assert dict(freight_by_line(order((1, 0), (3, 0), freight=8_00))) == {1: 2_00, 2: 6_00}


def test_a_partial_return_at_the_merchants_fault_takes_its_part_of_the_delivery_and_the_last_the_rest() -> None:
    paid = order((3, 100_00), freight=10_00)
    first = amount_of(paid, [AskedLine(1, 1, freight_refunded=True)])
    assert (first.goods, first.freight, first.total) == (33_33, 3_33, 36_66)
    after = replace(paid, lines=(replace(paid.lines[0], taken_back=1, refunded=33_33),), refunded=36_66)
    last = amount_of(after, [AskedLine(1, 2, freight_refunded=True)])
    assert (last.goods, last.freight) == (66_67, 6_67)
    assert first.total + last.total == paid.paid


def test_a_return_for_no_reason_leaves_its_delivery_with_who_paid_it() -> None:
    assert amount_of(order((2, 80_00), freight=10_00), [AskedLine(1, 2)]).total == 80_00


def test_a_deduction_never_eats_refunded_freight() -> None:
    found = amount_of(order((1, 20_00), freight=6_00), [AskedLine(1, 1, freight_refunded=True, deducted=50_00)])
    assert (found.goods, found.deducted, found.freight, found.total) == (0, 20_00, 6_00, 6_00)


def test_goodwill_counts_for_the_cap_of_the_line_and_is_no_earlier_piece() -> None:
    paid = order((3, 90_00))
    with_goodwill = replace(paid, lines=(replace(paid.lines[0], refunded=18_00),), refunded=18_00)
    assert amount_of(with_goodwill, [AskedLine(1, 1)]).total == 30_00
    assert amount_of(with_goodwill, [AskedLine(1, 3)]).total == 72_00


def test_the_cap_of_the_order_comes_last() -> None:
    found = amount_of(order((1, 50_00), (1, 50_00), freight=5_00, refunded=60_00), [AskedLine(1, 1), AskedLine(2, 1)])
    assert (found.total, found.capped) == (45_00, True)


@pytest.mark.parametrize(
    "asked",
    [[AskedLine(9, 1)], [AskedLine(1, 1), AskedLine(1, 1)], [AskedLine(1, 0)], [AskedLine(1, -1)], [AskedLine(1, 4)]],
    ids=["a line of another order", "a line twice", "no pieces", "fewer than none", "more than were bought"],
)
def test_what_cannot_go_back_is_refused(asked: list[AskedLine]) -> None:
    with pytest.raises(ValueError, match=r"each line|between"):
        amount_of(order((3, 30_00)), asked)


def test_pieces_already_on_their_way_back_cannot_go_back_again() -> None:
    paid = PaidOrder((PaidLine(1, 3, 30_00, taken_back=2),), 0, 0)
    with pytest.raises(ValueError, match="left"):
        amount_of(paid, [AskedLine(1, 2)])


def a_basket(dice: random.Random) -> tuple[PaidOrder, list[tuple[int, int]]]:
    """A paid order, and its pieces in the parcels in which they come back: line and pieces, in any order. Gifts, single
    pieces and round or nearly round sums come more often than by chance."""
    sums = [(dice.choice((1, 2, 3, dice.randint(1, 7))), a_sum(dice, 100_000)) for _ in range(dice.randint(1, 6))]
    discount = a_sum(dice, sum(minor for _, minor in sums))
    paid = order(*sums, discount=discount, freight=a_sum(dice, 5_000))
    pieces = [line.line_no for line in paid.lines for _ in range(line.quantity)]
    parcels: list[tuple[int, int]] = []
    for line_no in dice.sample(pieces, len(pieces)):
        if parcels and parcels[-1][0] == line_no and dice.random() < 0.5:
            parcels[-1] = (line_no, parcels[-1][1] + 1)
        else:
            parcels.append((line_no, 1))
    return paid, parcels


def a_sum(dice: random.Random, most: int) -> int:
    """Minor units, nothing and everything among them."""
    return min(dice.choice((0, 1, 99, 100_00, most, dice.randint(0, 300), *[dice.randint(0, most)] * 6)), most)


def after(paid: PaidOrder, line_no: int, quantity: int, goods: int, total: int) -> PaidOrder:
    """The order once that has been paid back."""
    lines = tuple(
        replace(line, taken_back=line.taken_back + quantity, refunded=line.refunded + goods)
        if line.line_no == line_no
        else line
        for line in paid.lines
    )
    return replace(paid, lines=lines, refunded=paid.refunded + total)


def test_all_pieces_in_any_order_give_exactly_what_was_paid() -> None:
    """10,000 baskets."""
    for seed in range(10_000):
        paid, parcels = a_basket(random.Random(seed))
        now, given_back = paid, 0
        for line_no, quantity in parcels:
            found = amount_of(now, [AskedLine(line_no, quantity, freight_refunded=True)])
            assert found.total >= 0, seed
            assert not found.capped, seed
            given_back += found.total
            now = after(now, line_no, quantity, found.goods, found.total)
        assert given_back == paid.paid, seed


def test_never_more_than_was_paid() -> None:
    """Whatever else was given back before, whatever is deducted."""
    for seed in range(1_000):
        dice = random.Random(seed)
        paid, parcels = a_basket(dice)
        now = replace(paid, refunded=a_sum(dice, paid.paid))
        for line_no, quantity in parcels:
            found = amount_of(now, [AskedLine(line_no, quantity, dice.random() < 0.5, a_sum(dice, 3_000))])
            assert all(line.goods >= 0 <= line.deducted for line in found.lines), seed
            now = after(now, line_no, quantity, found.goods, found.total)
        assert now.refunded <= paid.paid, seed
