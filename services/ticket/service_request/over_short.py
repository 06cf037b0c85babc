"""溢短装: what is payable when another quantity was loaded than the contract says (T61). Exact, and pure.

Within the tolerance all that was loaded is paid. Beyond it the excess is paid only when the buyer consents to it, and
what is short of the lower bound is a claim.
"""

from dataclasses import dataclass
from fractions import Fraction

from kit.money import Money, exponent

_WHOLE = 100
_MOST_PLACES = 30


@dataclass(frozen=True, slots=True)
class Contract:
    """What was agreed: a quantity, how many percent it may be over or short, the price of one unit in its currency
    (a decimal may be finer than the currency's smallest coin)."""

    quantity: Fraction
    tolerance_percent: Fraction
    unit_price: Fraction
    currency: str

    @property
    def lowest(self) -> Fraction:
        """The least that is within the tolerance."""
        return self.quantity * (_WHOLE - self.tolerance_percent) / _WHOLE

    @property
    def highest(self) -> Fraction:
        """The most that is within the tolerance."""
        return self.quantity * (_WHOLE + self.tolerance_percent) / _WHOLE

    def price_of(self, quantity: Fraction) -> Money:
        """What so much comes to, rounded once (X4)."""
        return Money.rounded(quantity * self.unit_price * 10 ** exponent(self.currency), self.currency)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows: `payable` for `payable_quantity`; `excess` awaits consent (none when it was given), worth
    `excess_price`; `shortage` is claimed, worth `shortage_price`; `difference`, the over/short price, is of the whole
    difference to the contract and below zero when it is short."""

    payable_quantity: Fraction
    payable: Money
    excess: Fraction
    excess_price: Money
    shortage: Fraction
    shortage_price: Money
    difference: Money
    within_tolerance: bool


def settle(contract: Contract, loaded: Fraction, *, consented: bool = False) -> Settlement:
    """What is payable for the quantity that was loaded. `consented`: the buyer takes what is beyond the tolerance.

    ValueError for a contract about nothing or for nothing, less than nothing loaded, or a tolerance outside 0 to 100.
    """
    if contract.quantity <= 0 or contract.unit_price <= 0 or loaded < 0:
        raise ValueError("quantities and prices are above zero")
    if not 0 <= contract.tolerance_percent <= _WHOLE:
        raise ValueError("a tolerance is between 0 and 100 percent")
    excess = Fraction(0) if consented else max(loaded - contract.highest, Fraction(0))
    shortage = max(contract.lowest - loaded, Fraction(0))
    payable = loaded - excess
    return Settlement(
        payable_quantity=payable,
        payable=contract.price_of(payable),
        excess=excess,
        excess_price=contract.price_of(excess),
        shortage=shortage,
        shortage_price=contract.price_of(shortage),
        difference=contract.price_of(loaded - contract.quantity),
        within_tolerance=contract.lowest <= loaded <= contract.highest,
    )


def decimal(quantity: Fraction) -> str:
    """A quantity as JSON carries it: a plain decimal, exact; sums and percents of decimals are decimals. ValueError
    for what isn't one."""
    places, scaled = 0, quantity
    while scaled.denominator != 1:
        if places == _MOST_PLACES:
            raise ValueError("this is no decimal")
        places, scaled = places + 1, scaled * 10
    digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
