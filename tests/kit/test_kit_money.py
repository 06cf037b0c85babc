"""Money: exact strings in and out, one rounding, shares that add up (I12, X4)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kit.money import Money, allocate, exponent, prorate, round_half_up

BY_EXPONENT = {0: "JPY", 2: "CNY", 3: "KWD", 4: "CLF"}
currencies = some.sampled_from(sorted(BY_EXPONENT.values()))
minors = some.integers(-(10**15), 10**15)
weights = some.dictionaries(some.text("0123456789ab", min_size=1, max_size=4), some.integers(0, 10**6), max_size=12)


@given(minors, currencies)
def test_an_amount_is_read_back_as_the_same_money(minor: int, currency: str) -> None:
    """I12"""
    money = Money(minor, currency)
    assert Money.parse(money.amount, currency) == money


@given(some.integers(0, 10**12), some.integers(0, 4))
def test_every_number_of_decimals_that_the_currency_has_is_read(whole: int, places: int) -> None:
    for decimals, currency in BY_EXPONENT.items():
        text = f"{whole}.{'7' * places}" if places else str(whole)
        if places <= decimals:
            assert Money.parse(text, currency).minor == int(f"{whole}{'7' * places}") * 10 ** (decimals - places)
        else:
            with pytest.raises(ValueError, match="no more decimals"):
                Money.parse(text, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "CNY", 1250),
        ("12.5", "CNY", 1250),
        ("12", "CNY", 1200),
        ("0", "CNY", 0),
        ("0.01", "CNY", 1),
        ("-0.01", "CNY", -1),
        ("12.5000", "CNY", 1250),
        ("500", "JPY", 500),
        ("500.0", "JPY", 500),
        ("1.005", "KWD", 1005),
        ("1.0005", "CLF", 10005),
        ("9999999999999999.99", "CNY", 999999999999999999),
    ],
)
def test_what_an_amount_means_in_minor_units(amount: str, currency: str, minor: int) -> None:
    assert Money.parse(amount, currency).minor == minor


@pytest.mark.parametrize(
    "amount",
    [
        "", " ", "NaN", "sNaN", "Infinity", "-Infinity", "1e2", "1E2", "+1.00", "-", ".5", "5.", "01.00", "00", "1,000.00",
        "1_000", " 1.00", "1.00 ", "1.00\n", "\n1.00", "0x10", "１２.50", "١٢", "1.0.0", "--1", "1.001", "12.3456", "12.34567",
        "10000000000000000", "1 000", "¥1.00", "1/3", "½", "1.00\x00",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="an amount"):
        Money.parse(amount, "CNY")


@pytest.mark.parametrize("amount", ["-0", "-0.0", "-0.00"])
def test_there_is_no_negative_nothing(amount: str) -> None:
    with pytest.raises(ValueError, match="an amount"):
        Money.parse(amount, "CNY")
    assert Money(0).amount == "0.00"
    assert Money(-1).amount == "-0.01"


@pytest.mark.parametrize("currency", ["", "cny", "CN", "CNYY", "CN1", "ＣＮＹ", "CNY\n", "¥"])
def test_what_is_no_currency_code_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="currency"):
        Money.parse("1", currency)
    with pytest.raises(ValueError, match="currency"):
        exponent(currency)


@given(minors, minors, currencies)
def test_sums_and_differences_are_exact(one: int, other: int, currency: str) -> None:
    assert (Money(one, currency) + Money(other, currency)).minor == one + other
    assert (Money(one, currency) - Money(other, currency)).minor == one - other
    assert (Money(one, currency) < Money(other, currency)) == (one < other)
    assert (Money(one, currency) >= Money(other, currency)) == (one >= other)


def test_two_currencies_never_mix() -> None:
    for mixed in (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b, lambda a, b: a <= b):
        with pytest.raises(ValueError, match="two currencies"):
            mixed(Money(1, "CNY"), Money(1, "USD"))
    assert Money(1, "CNY") != Money(1, "USD")


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("1/2", 1), ("-1/2", -1), ("3/2", 2), ("-3/2", -2), ("5/2", 3), ("-5/2", -3), ("1/3", 0), ("-1/3", 0),
     ("2/3", 1), ("-2/3", -1), ("0", 0), ("49999/100000", 0), ("50001/100000", 1)],
)  # fmt: skip
def test_half_a_unit_goes_away_from_zero(value: str, rounded: int) -> None:
    """X4"""
    assert round_half_up(Fraction(value)) == rounded
    assert Money.rounded(Fraction(value)).minor == rounded


@given(some.fractions(max_denominator=10**6))
def test_rounding_is_never_off_by_more_than_half_and_is_symmetric(value: Fraction) -> None:
    rounded = round_half_up(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert round_half_up(-value) == -rounded


@given(some.integers(-(10**9), 10**9), weights)
def test_shares_add_up_to_the_pool_and_are_fair(pool: int, given_weights: dict[str, int]) -> None:
    """X4: to the cent, and nobody is further than one unit from the exact share."""
    shares = allocate(pool, given_weights)
    total = sum(given_weights.values())
    assert shares.keys() == given_weights.keys()
    assert sum(shares.values()) == (pool if total else 0)
    for key, weight in given_weights.items():
        assert abs(shares[key] - Fraction(pool * weight, total or 1)) < 1 or not total


@given(some.integers(0, 10**6), weights)
def test_the_order_in_which_people_are_named_changes_nothing(pool: int, given_weights: dict[str, int]) -> None:
    backwards = dict(reversed(given_weights.items()))
    assert allocate(pool, given_weights) == allocate(pool, backwards)


def test_ties_go_to_the_lowest_id_compared_as_text() -> None:
    """X4: as text "10" is lower than "9"."""
    assert allocate(100, {"9": 1, "10": 1, "2": 1}) == {"10": 34, "2": 33, "9": 33}
    assert allocate(1, {"b": 1, "a": 1}) == {"b": 0, "a": 1}
    assert allocate(2, {"c": 1, "b": 1, "a": 1}) == {"c": 0, "b": 1, "a": 1}


def test_a_remainder_beats_the_id() -> None:
    assert allocate(10, {"a": 1, "b": 2}) == {"a": 3, "b": 7}


def test_without_weight_nobody_gets_anything_and_no_weight_is_negative() -> None:
    assert allocate(100, {"a": 0, "b": 0}) == {"a": 0, "b": 0}
    assert allocate(100, {}) == {}
    with pytest.raises(ValueError, match="never negative"):
        allocate(100, {"a": 2, "b": -1})


def test_positions_of_equal_remainder_are_served_from_the_first() -> None:
    """T26: an order discount of 1.00 over three lines of 1.00 leaves .67 .67 .66 of them, or .34 .33 .33 off."""
    assert prorate(100, [1, 1, 1]) == [34, 33, 33]
    assert prorate(5, [1] * 12) == [1] * 5 + [0] * 7
    assert prorate(0, []) == []
