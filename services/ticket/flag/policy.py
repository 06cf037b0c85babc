"""Which colour means what, per shop (T30, X3)."""

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from contracts.ticket.order import FlagColour, FlagMeaning
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

CLASSIC = {
    FlagColour.RED: FlagMeaning.CLEARED,
    FlagColour.GREEN: FlagMeaning.PROBLEM,
    FlagColour.PURPLE: FlagMeaning.SOLVED,
    FlagColour.YELLOW: FlagMeaning.FAKE,
}
SALES_MARK = {
    FlagColour.GREEN: FlagMeaning.SALE,
    FlagColour.RED: FlagMeaning.REFUND_OR_CHANGE,
    FlagColour.YELLOW: FlagMeaning.EXCHANGE,
}


class FlagScheme(BaseModel):
    """A shop's scheme: its name and the meaning of each colour it uses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: str
    meanings: dict[FlagColour, FlagMeaning]

    @model_validator(mode="after")
    def _one_colour_a_meaning(self) -> Self:
        if not self.meanings or len(set(self.meanings.values())) != len(self.meanings):
            raise InvalidValue(
                "至少一种颜色，且每种含义只能有一种颜色", "each meaning has one colour, and there is at least one"
            )
        return self

    def meaning_of(self, colour: FlagColour) -> FlagMeaning | None:
        """What the colour means here; None where the scheme doesn't use it."""
        return self.meanings.get(colour)


FLAG_SCHEME = PolicyKind(
    "flag-scheme", FlagScheme, FlagScheme(scheme="classic", meanings=CLASSIC), Title("旗子方案", "Flag scheme")
)
