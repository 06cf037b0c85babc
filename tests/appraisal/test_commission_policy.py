"""The commission pool, exact and rounded once (A6, X4)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.money import Money, round_half_up
from services.appraisal.commission.policy import COMMISSION_TIERS, CommissionTiers, Step, Variant, plain, quote

TIERS = COMMISSION_TIERS.default
ORDERS = st.integers(min_value=0, max_value=10**9)
PROGRESSIVE, TABLE, BASE = Variant.PROGRESSIVE, Variant.STAGE_TABLE, Variant.STAGE_BASE


@pytest.mark.parametrize(
    ("variant", "orders", "pool"),
    [
        (PROGRESSIVE, 0, "0.00"),
        (PROGRESSIVE, 1, "1.00"),
        (PROGRESSIVE, 800, "800.00"),
        (PROGRESSIVE, 1000, "1000.00"),
        (PROGRESSIVE, 1001, "1000.75"),
        (PROGRESSIVE, 2000, "1750.00"),
        (PROGRESSIVE, 3000, "2500.00"),
        (PROGRESSIVE, 3001, "2500.50"),
        (PROGRESSIVE, 3500, "2750.00"),
        (TABLE, 0, "0.00"),
        (TABLE, 800, "800.00"),
        (TABLE, 1000, "1000.00"),
        (TABLE, 1001, "3750.75"),
        (TABLE, 3000, "5250.00"),
        (TABLE, 3001, "6000.50"),
        (BASE, 0, "0.00"),
        (BASE, 800, "800.00"),
        (BASE, 1000, "1000.00"),
        (BASE, 1001, "3000.75"),
        (BASE, 3000, "4500.00"),
        (BASE, 3001, "4500.50"),
    ],
)
def test_the_examples_of_the_rule(variant: Variant, orders: int, pool: str) -> None:
    assert quote(TIERS, orders, variant).pool == Money.parse(pool, "CNY")


def test_without_another_wish_the_document_says_which_variant() -> None:
    assert quote(TIERS, 1001).variant is PROGRESSIVE
    assert quote(TIERS.model_copy(update={"variant": TABLE}), 1001).pool.amount == "3750.75"


def test_the_portions_say_why() -> None:
    shown = [
        (one.first, one.last, one.orders, one.rate, plain(one.amount, "CNY")) for one in quote(TIERS, 3500).portions
    ]
    assert shown == [
        (1, 1000, 1000, "1.00", "1000.00"),
        (1001, 3000, 2000, "0.75", "1500.00"),
        (3001, 3500, 500, "0.50", "250.00"),
    ]
    (staged,) = quote(TIERS, 1001, BASE).portions
    assert (staged.first, staged.last, staged.orders, staged.base) == (1001, 1001, 1, "3000.00")
    assert quote(TIERS, 0).portions == ()


@pytest.mark.parametrize(
    ("share", "orders", "pool"), [("0.50", 1001, "500.38"), ("0.3333", 1, "0.33"), ("0", 9, "0.00")]
)
def test_the_departments_share_is_taken_before_the_one_rounding(share: str, orders: int, pool: str) -> None:
    """500.375 is half a cent: it rounds away from zero (X4)."""
    assert quote(TIERS.model_copy(update={"pool_share": share}), orders).pool.amount == pool


def test_half_a_cent_is_rounded_once_and_not_per_step() -> None:
    thirds = CommissionTiers(steps=(Step(up_to=1, rate="0.005"), Step(up_to=2, rate="0.005"), Step(rate="0.005")))
    assert quote(thirds, 1).pool.amount == "0.01"
    assert quote(thirds, 2).pool.amount == "0.01"
    assert quote(thirds, 3).pool.amount == "0.02"
    assert [plain(one.amount, "CNY") for one in quote(thirds, 3).portions] == ["0.005", "0.005", "0.005"]


def test_a_currency_without_cents_has_none() -> None:
    yen = TIERS.model_copy(update={"currency": "JPY"})
    assert quote(yen, 1001).pool.amount == "1001"
    assert plain(Fraction(3, 4), "JPY") == "0.75"
    assert plain(Fraction(2), "JPY") == "2"


@given(ORDERS)
def test_the_pool_is_the_exact_sum_of_its_portions_rounded_once(orders: int) -> None:
    for variant in Variant:
        quoted = quote(TIERS, orders, variant)
        assert quoted.pool.minor == round_half_up(sum((one.amount for one in quoted.portions), Fraction(0)) * 100)


@given(ORDERS)
def test_progressive_portions_cover_every_order_once(orders: int) -> None:
    portions = quote(TIERS, orders).portions
    assert sum(one.orders for one in portions) == orders
    assert [one.first for one in portions[1:]] == [one.last + 1 for one in portions[:-1]]


@given(ORDERS)
def test_one_more_order_never_makes_a_pool_smaller(orders: int) -> None:
    for variant in Variant:
        assert quote(TIERS, orders, variant).pool.minor <= quote(TIERS, orders + 1, variant).pool.minor


@given(ORDERS)
def test_the_progressive_pool_never_jumps(orders: int) -> None:
    """One more order brings between the lowest and the highest rate."""
    step = quote(TIERS, orders + 1).pool.minor - quote(TIERS, orders).pool.minor
    assert 50 <= step <= 100


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"up_to": 10, "rate": "1.00"}],
        [{"rate": "1.00"}, {"rate": "0.50"}],
        [{"up_to": 10, "rate": "1.00"}, {"up_to": 10, "rate": "0.75"}, {"rate": "0.50"}],
        [{"up_to": 0, "rate": "1.00"}, {"rate": "0.50"}],
        [{"rate": "-1.00"}],
        [{"rate": "1.23456"}],
        [{"rate": 1.0}],
        [{"rate": "1.00", "rates": "1.00"}],
    ],
)
def test_a_document_whose_steps_dont_climb_is_refused(steps: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        CommissionTiers.model_validate({"steps": steps})
