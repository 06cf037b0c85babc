"""Money is exact (X4): integer minor units, one currency, rounded once, half away from zero, at the output."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    "CLF": 4,
}
# A negative nothing is no amount: what is equal has one spelling of its sign.
_AMOUNT = re.compile(r"(?!-[0.]+\Z)-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has. Raises ValueError when it is no currency code."""
    if not _CURRENCY.fullmatch(currency):
        raise ValueError("a currency is three capital letters (ISO 4217)")
    return _EXPONENTS.get(currency, 2)


def round_half_up(value: Fraction) -> int:
    """The nearest integer; half a unit goes away from zero (X4)."""
    doubled = 2 * abs(value)
    rounded = (doubled.numerator + doubled.denominator) // (2 * doubled.denominator)
    return rounded if value >= 0 else -rounded


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount in minor units (分) of one currency."""

    minor: int
    currency: str = "CNY"

    @classmethod
    def parse(cls, amount: str, currency: str = "CNY") -> "Money":
        """Read a decimal string such as "12.50".

        Raises ValueError for anything that is not a plain decimal with at most the currency's decimals.
        """
        if not _AMOUNT.fullmatch(amount):
            raise ValueError("an amount is a plain decimal such as 12.50")
        scaled = Decimal(amount).scaleb(exponent(currency))
        if scaled != scaled.to_integral_value():
            raise ValueError("an amount has no more decimals than its currency")
        return cls(int(scaled), currency)

    @classmethod
    def rounded(cls, minor: Fraction, currency: str = "CNY") -> "Money":
        """An exact figure in minor units, rounded once (X4)."""
        return cls(round_half_up(minor), currency)

    @property
    def amount(self) -> str:
        """The decimal string of JSON: "12.50"."""
        places = exponent(self.currency)
        digits = str(abs(self.minor)).rjust(places + 1, "0")
        whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError("amounts of two currencies don't mix")
        return other.minor


def allocate(pool: int, weights: Mapping[str, Fraction | int]) -> dict[str, int]:
    """Distribute `pool` minor units over the weights so that the shares add up to it (X4).

    Largest remainder; ties go to the lowest id, compared as text. Weights are not negative; when they are all
    zero nobody gets anything.
    """
    if any(weight < 0 for weight in weights.values()):
        raise ValueError("a weight is never negative")
    total = Fraction(sum(weights.values()))
    if total == 0:
        return dict.fromkeys(weights, 0)
    exact = {key: Fraction(pool) * weight / total for key, weight in weights.items()}
    shares = {key: value.numerator // value.denominator for key, value in exact.items()}
    left = pool - sum(shares.values())
    by_remainder = sorted(exact, key=lambda key: (shares[key] - exact[key], key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares


def prorate(total: int, weights: Sequence[int]) -> list[int]:
    """`allocate` over positions: equal remainders go to the earlier position."""
    width = len(str(len(weights)))
    keyed = {str(place).rjust(width, "0"): weight for place, weight in enumerate(weights)}
    shares = allocate(total, keyed)
    return [shares[key] for key in keyed]
