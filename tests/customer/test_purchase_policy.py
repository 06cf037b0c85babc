"""Which orders count, and with what amount (C10, T32, T36)."""

from datetime import timedelta
from typing import Any

import pytest
from customer_orders import PLACED, an_order
from hypothesis import given
from hypothesis import strategies as st

from contracts.price import Price
from contracts.ticket.order import FlagMeaning
from kit.money import Money
from services.customer.purchase.policy import counts, paid_minor

LATER = PLACED + timedelta(days=1)


def test_a_paid_order_counts() -> None:
    assert counts(an_order())


@pytest.mark.parametrize(
    "facts",
    [
        {"paid": None},
        {"cancelled_at": LATER},
        {"fake": True, "flag_meaning": FlagMeaning.FAKE},
        {"top_up_of": "A-0"},
    ],
)
def test_unpaid_cancelled_fake_and_top_up_orders_do_not_count(facts: dict[str, Any]) -> None:
    assert not counts(an_order(**facts))


@pytest.mark.parametrize("meaning", [None, *(one for one in FlagMeaning if one is not FlagMeaning.FAKE)])
def test_no_other_flag_takes_an_order_out_of_the_figures(meaning: FlagMeaning | None) -> None:
    assert counts(an_order(flag_meaning=meaning))


def test_historic_orders_count_like_any() -> None:
    assert counts(an_order(historic=True))


def test_an_order_for_nothing_counts_as_an_order() -> None:
    gift = an_order(paid="0.00")
    assert (counts(gift), paid_minor(gift)) == (True, 0)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.50", "CNY", 1250), ("12.5", "CNY", 1250), ("1200", "JPY", 1200), ("1.234", "KWD", 1234)],
)
def test_amounts_are_kept_in_minor_units_of_their_currency(amount: str, currency: str, minor: int) -> None:
    assert paid_minor(an_order(paid=amount, currency=currency)) == minor


def test_an_unpaid_order_has_no_amount() -> None:
    assert paid_minor(an_order(paid=None)) is None


def _cny(minor: int) -> Price:
    return Price(amount=Money(minor, "CNY").amount, currency="CNY")


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.data())
def test_a_paid_order_without_an_amount_was_paid_what_its_parts_make(goods: int, freight: int, data: Any) -> None:
    discount = data.draw(st.integers(0, goods + freight))
    goods_total, freight_paid, given_off = _cny(goods), _cny(freight), _cny(discount)
    order = an_order(paid=None, paid_at=LATER, goods_total=goods_total, freight=freight_paid, discount=given_off)
    assert counts(order)
    assert paid_minor(order) == goods + freight - discount
