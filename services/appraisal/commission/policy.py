"""The commission pool of a month's orders (A6): exact rationals, rounded once, half up, at the end (X4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kit.money import Money, exponent
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

Decimal4 = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$")]
"""A decimal string with at most four decimals."""
_PLACES = 4


class Variant(StrEnum):
    """How the steps are applied.

    progressive  each step's rate is for the orders inside it
    stage-table  the rate of the step that the total falls into is for all orders, on top of that step's base
    stage-base   the rate of that step is for the orders beyond the step before, on top of its base
    """

    PROGRESSIVE = "progressive"
    STAGE_TABLE = "stage-table"
    STAGE_BASE = "stage-base"


class Step(BaseModel):
    """Orders up to and with `up_to` (all further ones when empty) at `rate` each; `base` counts in stages only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    up_to: Annotated[int, Field(ge=1)] | None = None
    rate: Decimal4
    base: Decimal4 = "0.00"


class CommissionTiers(BaseModel):
    """The document: the variant in use, its steps, the department's share of the result, and the currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variant: Variant = Variant.PROGRESSIVE
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=20)]
    pool_share: Decimal4 = "1.00"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"

    @model_validator(mode="after")
    def _steps_climb(self) -> Self:
        *bounded, last = [step.up_to for step in self.steps]
        if last is not None or None in bounded:
            raise InvalidValue("只有最后一档没有上限", "the last step, and no other, has no end")
        if any(lower >= upper for lower, upper in pairwise(bound for bound in bounded if bound is not None)):
            raise InvalidValue("每一档的上限必须高于前一档", "each step ends above the one before")
        return self


COMMISSION_TIERS = PolicyKind(
    "commission-tiers",
    CommissionTiers,
    CommissionTiers(
        steps=(
            Step(up_to=1000, rate="1.00", base="0.00"),
            Step(up_to=3000, rate="0.75", base="3000.00"),
            Step(rate="0.50", base="4500.00"),
        )
    ),
    Title("提成阶梯", "Commission tiers"),
)


@dataclass(frozen=True)
class Portion:
    """A part of the pool: the orders from `first` to `last` (counted from 1) at `rate`, on top of `base`."""

    first: int
    last: int
    rate: str
    base: str
    amount: Fraction

    @property
    def orders(self) -> int:
        """How many orders the rate is for."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Quote:
    """The pool and the portions it is the sum of, before the department's share and the one rounding."""

    orders: int
    variant: Variant
    pool: Money
    portions: tuple[Portion, ...]


def quote(tiers: CommissionTiers, orders: int, variant: Variant | None = None) -> Quote:
    """The pool of so many orders under the document, or under another variant of it (A6). Raises nothing: every
    number of orders from 0 has a pool."""
    chosen = variant or tiers.variant
    portions = (
        tuple(_progressive(tiers, orders)) if chosen is Variant.PROGRESSIVE else (_stage(tiers, orders, chosen),)
    )
    exact = sum((portion.amount for portion in portions), Fraction(0)) * Fraction(tiers.pool_share)
    pool = Money.rounded(exact * 10 ** exponent(tiers.currency), tiers.currency)
    return Quote(orders, chosen, pool, portions)


def plain(amount: Fraction, currency: str) -> str:
    """An exact amount of this policy as a decimal string, with at least the currency's decimals."""
    scaled = amount * 10**_PLACES
    whole, part = divmod(scaled.numerator, 10**_PLACES)
    least = exponent(currency)
    decimals = f"{part:0{_PLACES}d}".rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def _progressive(tiers: CommissionTiers, orders: int) -> Iterator[Portion]:
    done = 0
    for step in tiers.steps:
        last = orders if step.up_to is None else min(orders, step.up_to)
        if last > done:
            yield Portion(done + 1, last, step.rate, "0.00", (last - done) * Fraction(step.rate))
        done = max(done, last)


def _stage(tiers: CommissionTiers, orders: int, variant: Variant) -> Portion:
    before = 0
    for step in tiers.steps:
        if step.up_to is None or orders <= step.up_to:
            break
        before = step.up_to
    first = before + 1 if variant is Variant.STAGE_BASE else 1
    amount = Fraction(step.base) + (orders - first + 1) * Fraction(step.rate)
    return Portion(first, orders, step.rate, step.base, amount)
