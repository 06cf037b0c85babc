"""Which checklists there are, and on which tickets they stand by themselves (T53, X3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.ticket import TicketKind
from kit.policy import PolicyKind, Title
from kit.problems import Fault

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""A category or a way of paying, as tickets and orders spell it."""


class OrderStage(StrEnum):
    """How far the order of a ticket has come."""

    UNPAID = "unpaid"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Situation:
    """What of a ticket and of its order decides which checklists stand on it."""

    kind: TicketKind
    category: str | None
    payment_method: str | None = None
    order_stage: OrderStage | None = None


class Named(BaseModel):
    """What something is called, in both languages (X8)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)


class When(BaseModel):
    """On which tickets a checklist stands by itself: what is named has to fit, what is left empty fits everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[TicketKind, ...] = ()
    categories: tuple[Word, ...] = Field(default=(), max_length=50)
    payment_methods: tuple[Word, ...] = Field(default=(), max_length=50)
    order_stages: tuple[OrderStage, ...] = ()

    def fits(self, it: Situation) -> bool:
        """Whether it is about such a ticket."""
        return all(
            (
                not self.kinds or it.kind in self.kinds,
                not self.categories or it.category in self.categories,
                not self.payment_methods or it.payment_method in self.payment_methods,
                not self.order_stages or it.order_stage in self.order_stages,
            )
        )

    def is_about_everything(self) -> bool:
        """Whether it would stand on every ticket there is."""
        return not (self.kinds or self.categories or self.payment_methods or self.order_stages)


class Step(BaseModel):
    """One thing to tick off. Until a required one is, the ticket can't be solved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    name: Named
    required: bool = True


class Procedure(BaseModel):
    """流程: a checklist. One without `when` is put on tickets by hand alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    name: Named
    when: When | None = None
    steps: tuple[Step, ...] = Field(min_length=1, max_length=50)


class Procedures(BaseModel):
    """The checklists of a shop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    procedures: tuple[Procedure, ...] = Field(max_length=100)

    def fitting(self, it: Situation) -> list[Procedure]:
        """Those that stand on such a ticket by themselves, in the order of the policy."""
        return [one for one in self.procedures if one.when is not None and one.when.fits(it)]

    def named(self, code: str) -> Procedure | None:
        """The one of that code; None when there is none."""
        return next((one for one in self.procedures if one.code == code), None)


def check_procedures(policy: Procedures) -> Iterator[Fault]:
    """Codes that stand twice, and checklists that would stand on every ticket."""
    for place, code in _twice([one.code for one in policy.procedures]):
        yield Fault(f"/procedures/{place}/code", f"代码 {code} 重复", f"the code {code} is there already")
    for place, procedure in enumerate(policy.procedures):
        for step, code in _twice([one.code for one in procedure.steps]):
            at = f"/procedures/{place}/steps/{step}/code"
            yield Fault(at, f"代码 {code} 重复", f"the code {code} is there already")
        if procedure.when is not None and procedure.when.is_about_everything():
            yield Fault(f"/procedures/{place}/when", "至少填写一个条件", "must name something")


def _twice(codes: Sequence[str]) -> Iterator[tuple[int, str]]:
    for place, code in enumerate(codes):
        if code in codes[:place]:
            yield place, code


def _steps(*steps: tuple[str, str, str]) -> tuple[Step, ...]:
    return tuple(Step(code=code, name=Named(zh=zh, en=en)) for code, zh, en in steps)


_WORKED_HERE = (TicketKind.INQUIRY, TicketKind.SERVICE_REQUEST)
_DEFAULT = Procedures(
    procedures=(
        Procedure(
            code="cash-on-delivery",
            name=Named(zh="货到付款", en="Cash on delivery"),
            when=When(
                kinds=_WORKED_HERE,
                payment_methods=("cod", "cash_on_delivery"),
                order_stages=(OrderStage.UNPAID, OrderStage.PAID),
            ),
            steps=_steps(
                ("one-order", "同一顾客的订单已合并为一单", "The customer's orders are merged into one"),
                ("courier-supports", "快递支持该地址货到付款", "The courier takes cash on delivery at the address"),
                ("phoned", "已电话与顾客确认", "Confirmed with the customer by phone"),
                ("ship", "已通知仓库发货", "The warehouse was told to ship"),
            ),
        ),
        Procedure(
            code="change-after-payment",
            name=Named(zh="付款后更换颜色或尺码", en="Change of colour or size after payment"),
            when=When(kinds=_WORKED_HERE, categories=("change-colour-size",), order_stages=(OrderStage.PAID,)),
            steps=_steps(
                ("in-stock", "所换款式有货", "The wanted variant is in stock"),
                ("difference", "差价已结清", "The difference in price is settled"),
                ("order-changed", "订单已修改并备注", "The order is changed and remarked"),
                ("warehouse-told", "打单前已通知仓库", "The warehouse was told before the print run"),
                ("confirmed", "已与顾客核对新款式", "The new variant is confirmed with the customer"),
            ),
        ),
        Procedure(
            code="change-of-address",
            name=Named(zh="更改收货地址", en="Change of address"),
            when=When(kinds=_WORKED_HERE, categories=("change-address",)),
            steps=_steps(
                ("same-account", "由下单账号提出", "Asked for by the account that ordered"),
                ("not-shipped", "包裹尚未发出或已拦截", "The parcel has not left, or was stopped"),
                ("courier-reaches", "快递可送达新地址", "The courier reaches the new address"),
                ("freight", "运费差额已结清", "The difference in freight is settled"),
                ("confirmed", "已与顾客逐字核对新地址", "The new address is read back to the customer"),
            ),
        ),
        Procedure(
            code="courier-surcharge",
            name=Named(zh="指定快递补差价", en="Surcharge for another courier"),
            when=When(kinds=_WORKED_HERE, categories=("courier-surcharge",)),
            steps=_steps(
                ("courier-reaches", "所选快递可送达", "The chosen courier reaches the address"),
                ("surcharge-told", "已告知应补差价", "The customer knows the surcharge"),
                ("topped-up", "补差价订单已付款", "The top-up order is paid"),
                ("noted", "两张订单均已备注", "Both orders are remarked"),
                ("warehouse-told", "已通知仓库改用该快递", "The warehouse was told the courier"),
            ),
        ),
    )
)
PROCEDURES = PolicyKind("procedures", Procedures, _DEFAULT, Title("客服流程", "Procedures"), check_procedures)
