"""小额补偿: how much goodwill may be offered, and to whom never (T27)."""

from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field

from contracts.customer.customer import Tier
from kit.policy import PolicyKind, Title


class GoodwillRule(BaseModel):
    """Up to which part of what was paid for the line, all that it was given before among it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: Decimal = Field(ge=0, le=1, max_digits=5, decimal_places=4)
    never_to: frozenset[Tier]

    def most(self, line_paid_minor: int, tier: Tier | None) -> int:
        """The most that a line may be given, in minor units: whole ones, never rounded up over the share."""
        if tier in self.never_to:
            return 0
        exact = Fraction(self.share) * line_paid_minor
        return exact.numerator // exact.denominator


GOODWILL = PolicyKind(
    "goodwill",
    GoodwillRule,
    GoodwillRule(share=Decimal("0.2"), never_to=frozenset({Tier.BAD})),
    Title("小额补偿", "Goodwill"),
)
