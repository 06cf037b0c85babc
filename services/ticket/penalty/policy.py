"""What a repeat and a malignant complaint cost a unit's lead (T14, X3)."""

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from contracts.price import Price
from contracts.ticket.complaint import Grade
from kit.money import Money
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue


class ComplaintPenalties(BaseModel):
    """The penalty of a founded complaint at each grade, in one currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repeat: Price
    malignant: Price

    @model_validator(mode="after")
    def _one_currency_and_rising(self) -> Self:
        if self.repeat.currency != self.malignant.currency:
            raise InvalidValue("两个金额的货币必须相同", "both amounts have one currency")
        if self.of(Grade.MALIGNANT) < self.of(Grade.REPEAT):
            raise InvalidValue("恶性的金额不能低于重复", "malignant costs no less than repeat")
        return self

    @property
    def currency(self) -> str:
        """In which currency the list is."""
        return self.repeat.currency

    def of(self, grade: Grade) -> Money:
        """The penalty of a grade; nothing for an ordinary complaint."""
        if grade is Grade.ORDINARY:
            return Money(0, self.currency)
        price = self.repeat if grade is Grade.REPEAT else self.malignant
        return Money.parse(price.amount, price.currency)


COMPLAINT_PENALTIES = PolicyKind(
    "complaint-penalties",
    ComplaintPenalties,
    ComplaintPenalties(
        repeat=Price(amount="50.00", currency="CNY"), malignant=Price(amount="200.00", currency="CNY")
    ),
    Title("投诉处罚", "Penalties of complaints"),
)
