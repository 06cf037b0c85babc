"""确认清单: the steps before an order is *cleared*, and what of the order each of them is about (T34, X3)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Fact(StrEnum):
    """A part of an order. A tick holds as long as the parts that its step is about stay as they were."""

    AMOUNT = "amount"
    ARTICLES = "articles"
    OPTIONS = "options"
    ADDRESS = "address"
    CONTACT = "contact"
    COURIER = "courier"


class Step(BaseModel):
    """One thing to confirm; about nothing of the order, it holds whatever becomes of that."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    zh: Annotated[str, Field(min_length=1, max_length=200)]
    en: Annotated[str, Field(min_length=1, max_length=200)]
    facts: tuple[Fact, ...] = Field(default=(), max_length=len(Fact))
    required: bool = True


class OrderConfirmation(BaseModel):
    """A shop's checklist; a shop without steps clears orders as they are. Orders paid by one of `unpaid_methods` are
    confirmed before they are paid: cash on delivery."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[Step, ...] = Field(default=(), max_length=30)
    unpaid_methods: frozenset[str] = Field(default=frozenset(), max_length=20)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        codes = [step.code for step in self.steps]
        if len(set(codes)) != len(codes):
            raise InvalidValue("步骤代码不能重复", "each step has a code of its own")
        return self


def _step(code: str, zh: str, en: str, *facts: Fact) -> Step:
    return Step(code=code, zh=zh, en=en, facts=facts)


ORDER_CONFIRMATION = PolicyKind(
    "order-confirmation",
    OrderConfirmation,
    OrderConfirmation(
        steps=(
            _step("amount", "核对金额", "the amount", Fact.AMOUNT),
            _step("item_number", "核对货号", "the item numbers", Fact.ARTICLES),
            _step("colour", "核对颜色尺码", "colour and size", Fact.OPTIONS),
            _step("address", "核对收货地址", "the address", Fact.ADDRESS),
            _step("contact", "核对收货人与电话", "the contact", Fact.CONTACT),
            _step("courier_reaches", "快递可到达", "the courier reaches the address", Fact.COURIER, Fact.ADDRESS),
            _step("dispatch_told", "已告知发货时间", "the dispatch time was told"),
        ),
        unpaid_methods=frozenset({"cash_on_delivery"}),
    ),
    Title("发货前确认", "Confirmation before shipping"),
)
