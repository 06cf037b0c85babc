"""What a change of an order comes to, what it costs more or less, and whether a new version is it (T37, X4)."""

from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ticket.order import ChangeKind
from kit.money import round_half_up
from kit.problems import Problem
from services.ticket.order_change.terms import (
    Terms,
    Wanted,
    WantedLine,
    digest_of,
    due_of,
    is_carried_out,
    parts,
    reckon,
)  # fmt: skip

K = ChangeKind


def line(
    number: int = 1, *, sku: str = "TEA", options: str | None = "红 / M", quantity: int = 2, paid: int = 20_00
) -> dict[str, Any]:
    return {"line_no": number, "sku": sku, "options": options, "quantity": quantity, "paid_minor": paid}


@dataclass
class Order:
    """An order as far as its terms go: 20.00 + 30.00 − 5.00 + 8.00 = 53.00."""

    currency: str = "CNY"
    discount_minor: int = 5_00
    freight_minor: int = 8_00
    surcharge_minor: int = 0
    lines: list[dict[str, Any]] = field(
        default_factory=lambda: [line(1), line(2, sku="CUP", options=None, quantity=3, paid=30_00)]
    )
    courier: str | None = "中通"


def one(number: int = 1, **wanted: Any) -> Wanted:
    return Wanted(lines=[WantedLine(number, **wanted)])


# What is wanted, the kinds that it is, and the difference in minor units.
CHANGES: list[tuple[str, Wanted, tuple[ChangeKind, ...], int]] = [
    ("another colour", one(colour="蓝"), (K.COLOUR,), 0),
    ("another size", one(size="L"), (K.SIZE,), 0),
    ("both", one(colour="蓝", size="L"), (K.COLOUR, K.SIZE), 0),
    ("a colour where none was told", one(2, colour="白"), (K.COLOUR,), 0),
    ("more pieces", one(quantity=3), (K.QUANTITY,), 10_00),
    ("fewer pieces", one(quantity=1), (K.QUANTITY,), -10_00),
    ("one of three", one(2, quantity=1), (K.QUANTITY,), -20_00),
    ("fewer pieces, another colour", one(quantity=1, colour="蓝"), (K.COLOUR, K.QUANTITY), -10_00),
    ("another article, the same price", one(sku="CHA", paid_minor=20_00), (K.ARTICLE,), 0),
    ("a dearer article", one(sku="CHA", paid_minor=25_50), (K.ARTICLE,), 5_50),
    ("a cheaper article", one(sku="CHA", paid_minor=12_00), (K.ARTICLE,), -8_00),
    ("another article, more of it", one(sku="CHA", quantity=5, paid_minor=60_00), (K.ARTICLE, K.QUANTITY), 40_00),
    ("a lower price", one(paid_minor=18_00), (K.PRICE,), -2_00),
    ("a higher price", one(paid_minor=20_01), (K.PRICE,), 1),
    ("nothing to pay", one(paid_minor=0), (K.PRICE,), -20_00),
    ("fewer pieces at a price of their own", one(quantity=1, paid_minor=11_00), (K.QUANTITY, K.PRICE), -9_00),
    ("fewer pieces at the usual price", one(quantity=1, paid_minor=10_00), (K.QUANTITY,), -10_00),
    ("another address", Wanted(address=True), (K.ADDRESS,), 0),
    ("a dearer courier", Wanted(courier="顺丰", surcharge_minor=8_00), (K.COURIER,), 8_00),
    ("a courier of the same price", Wanted(courier="圆通", surcharge_minor=0), (K.COURIER,), 0),
    (
        "all at once",
        Wanted(lines=[WantedLine(1, quantity=3), WantedLine(2, colour="白")], courier="顺丰", surcharge_minor=8_00, address=True),
        (K.COLOUR, K.QUANTITY, K.ADDRESS, K.COURIER),
        18_00,
    ),
    (
        "what one line costs more the other costs less",
        Wanted(lines=[WantedLine(1, quantity=3), WantedLine(2, quantity=2)]),
        (K.QUANTITY,),
        0,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wanted", "kinds", "difference"), CHANGES, ids=[change[0] for change in CHANGES])
def test_what_a_change_comes_to(name: str, wanted: Wanted, kinds: tuple[ChangeKind, ...], difference: int) -> None:
    order = Order()
    terms = reckon(order, wanted)
    assert (set(terms.kinds), terms.difference_minor) == (set(kinds), difference)
    assert list(terms.kinds) == [kind for kind in ChangeKind if kind in kinds]
    assert [one["line_no"] for one in terms.lines] == [one.line_no for one in wanted.lines]
    assert order == Order(), "nothing is changed by reckoning"


REFUSED: list[tuple[str, Wanted, list[str]]] = [
    ("nothing at all", Wanted(), [""]),
    ("no such line", one(3, quantity=1), ["/lines/0/line_no"]),
    ("a line twice", Wanted(lines=[WantedLine(1, quantity=1), WantedLine(1, colour="蓝")]), ["/lines/1/line_no"]),
    ("the colour it has", one(colour="红"), ["/lines/0"]),
    ("the quantity it has", one(quantity=2), ["/lines/0"]),
    ("the price it has", one(paid_minor=20_00), ["/lines/0"]),
    ("the article it is", one(sku="TEA"), ["/lines/0"]),
    ("a line without a wish", one(), ["/lines/0"]),
    ("another article without a price", one(sku="CHA"), ["/lines/0/paid_total"]),
    ("another article, more of it, without a price", one(sku="CHA", quantity=9), ["/lines/0/paid_total"]),
    ("the courier it has", Wanted(courier="中通", surcharge_minor=0), ["/courier"]),
    ("two faults at once", Wanted(lines=[WantedLine(9), WantedLine(1)], courier="中通"), ["/lines/0/line_no", "/lines/1", "/courier"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wanted", "pointers"), REFUSED, ids=[refusal[0] for refusal in REFUSED])
def test_what_can_not_be_reckoned_is_refused(name: str, wanted: Wanted, pointers: list[str]) -> None:
    with pytest.raises(Problem) as met:
        reckon(Order(), wanted)
    assert met.value.slug == "invalid-request"
    assert [fault.pointer for fault in met.value.faults] == pointers


def test_no_order_costs_less_than_nothing() -> None:
    """The discount is larger than what is left of the goods."""
    order = Order(discount_minor=45_00, freight_minor=0)
    assert due_of(order) == 5_00
    reckon(order, one(paid_minor=15_00))
    with pytest.raises(Problem) as met:
        reckon(order, one(paid_minor=14_99))
    assert [fault.pointer for fault in met.value.faults] == ["/lines"]


def test_the_old_surcharge_goes_with_the_old_courier() -> None:
    """T36: 顺丰 for 8.00 → 圆通 for nothing, and the other way about."""
    dear = Order(courier="顺丰", surcharge_minor=8_00, freight_minor=16_00)
    assert reckon(dear, Wanted(courier="圆通", surcharge_minor=0)).difference_minor == -8_00
    assert reckon(dear, Wanted(courier="EMS", surcharge_minor=12_00)).difference_minor == 4_00


@given(paid=st.integers(0, 10**8), quantity=st.integers(1, 500), wanted=st.integers(1, 500))
def test_pieces_cost_what_the_others_did_to_the_cent(paid: int, quantity: int, wanted: int) -> None:
    """X4: exact, rounded once, half up."""
    order = Order(lines=[line(quantity=quantity, paid=paid)], discount_minor=0)
    if quantity == wanted:
        with pytest.raises(Problem):
            reckon(order, one(quantity=wanted))
        return
    new = round_half_up(Fraction(paid * wanted, quantity))
    terms = reckon(order, one(quantity=wanted))
    assert terms.difference_minor == new - paid
    assert terms.lines[0]["new"]["paid_minor"] == new


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (None, set()), ("", set()), ("红", {"红"}), ("红 / M", {"红", "M"}), ("红/M", {"红", "M"}),
        ("500 g / 红罐 / ", {"500 g", "红罐"}),
    ],
)  # fmt: skip
def test_colour_and_size_as_orders_tell_them(options: str | None, shown: set[str]) -> None:
    assert parts(options) == shown


def test_other_terms_have_another_digest() -> None:
    """So that nobody agrees to a change of an order that costs or holds something else by now."""
    plain = digest_of(Order())
    assert plain == digest_of(Order())
    others = [
        Order(currency="USD"), Order(discount_minor=0), Order(freight_minor=0), Order(surcharge_minor=1),
        Order(courier=None), Order(lines=[line(1)]), Order(lines=[line(1, quantity=3), Order().lines[1]]),
        Order(lines=[line(1, options="蓝 / M"), Order().lines[1]]), Order(lines=[line(1, paid=1), Order().lines[1]]),
        Order(lines=[line(1, sku="CHA"), Order().lines[1]]),
    ]  # fmt: skip
    assert len({plain, *map(digest_of, others)}) == len(others) + 1


def carried_out(order: Order, terms: Terms, courier: str | None = None) -> Order:
    """The order as the storefront tells it after the change."""
    after = deepcopy(order)
    for change in terms.lines:
        (found,) = [one for one in after.lines if one["line_no"] == change["line_no"]]
        new = change["new"]
        found |= {name: new[name] for name in ("sku", "quantity", "paid_minor")}
        if new["colour"] or new["size"]:
            found["options"] = " / ".join(part for part in (new["colour"], new["size"]) if part)
    if courier is not None:
        after.courier = courier
        after.freight_minor += terms.difference_minor - sum(
            change["new"]["paid_minor"] - change["old"]["paid_minor"] for change in terms.lines
        )
    return after


@pytest.mark.parametrize(("name", "wanted", "kinds", "difference"), CHANGES, ids=[change[0] for change in CHANGES])
def test_the_new_version_is_recognised(name: str, wanted: Wanted, kinds: object, difference: int) -> None:
    order = Order()
    terms = reckon(order, wanted)
    after = carried_out(order, terms, wanted.courier)
    assert due_of(after) == due_of(order) + difference
    assert is_carried_out(after, terms.lines, wanted.courier, due_of(order), difference)
    if set(terms.kinds) != {K.ADDRESS}:  # an address alone is compared elsewhere
        assert not is_carried_out(order, terms.lines, wanted.courier, due_of(order), difference)


def test_a_version_that_leaves_something_out_is_another_matter() -> None:
    order = Order()
    terms = reckon(order, Wanted(lines=[WantedLine(1, quantity=1), WantedLine(2, colour="白")]))
    half = carried_out(order, terms)
    half.lines[1]["options"] = None
    assert not is_carried_out(half, terms.lines, None, due_of(order), terms.difference_minor)
    other_price = carried_out(order, terms)
    other_price.lines[0]["paid_minor"] += 1
    assert not is_carried_out(other_price, terms.lines, None, due_of(order), terms.difference_minor)
    gone = carried_out(order, terms)
    del gone.lines[1]
    gone.freight_minor += 30_00
    assert not is_carried_out(gone, terms.lines, None, due_of(order), terms.difference_minor)


def test_a_price_left_as_it_was_is_the_change_when_something_else_shows_it() -> None:
    """The top-up or the refund apart made the difference; a change of the price alone shows in nothing else."""
    order = Order()
    fewer = reckon(order, one(quantity=1))
    after = carried_out(order, fewer)
    after.lines[0]["paid_minor"] = 20_00
    assert is_carried_out(after, fewer.lines, None, due_of(order), fewer.difference_minor)
    cheaper = reckon(order, one(paid_minor=1))
    assert not is_carried_out(order, cheaper.lines, None, due_of(order), cheaper.difference_minor)
