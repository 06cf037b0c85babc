"""The types of service requests: what each asks for, who takes it, which way it goes and how it ends (T60, X3)."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.price import Price
from kit.money import Money
from kit.policy import PolicyKind, Title
from kit.problems import Fault
from services.ticket.procedure.policy import Named
from services.ticket.service_request import form_language
from services.ticket.service_request.shipped import SHIPPED

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
GroupCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
Form = Annotated[dict[str, JsonValue], Field(description="JSON Schema 2020-12 of what is filled in.")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Phase(StrEnum):
    """When a step is recorded: while the request is reviewed, or once it is with the unit."""

    REVIEW = "review"
    WORK = "work"


class StepBy(StrEnum):
    """Whose step it is: the department's, or the customer's, for whom the request then waits."""

    DESK = "desk"
    CUSTOMER = "customer"


class Postage(StrEnum):
    """Who pays for sending something."""

    OURS = "ours"
    CUSTOMER = "customer"


class RequestStep(_Part):
    """One step, recorded in the order of its type. One that `repeats` is recorded as often as there is something to,
    until the next is; one that `picks` names one of that earlier step's records. What isn't `shown` is for the house
    alone."""

    code: Code
    name: Named
    phase: Phase = Phase.WORK
    by: StepBy = StepBy.DESK
    form: Form | None = None
    repeats: bool = False
    picks: Code | None = None
    shown: bool = True


class DocumentWanted(_Part):
    """A document that belongs to the request; without a required one it isn't approved."""

    code: Code
    name: Named
    required: bool = True


class Outcome(_Part):
    """How a request of the type can end. One that may come `early` needs no further steps."""

    code: Code
    name: Named
    early: bool = False


class Cause(_Part):
    """Why a customer asked for it."""

    code: Code
    name: Named


class Coupon(_Part):
    """What a customer earns when the request ends so (a correction that was confirmed: 3.00)."""

    outcome: Code
    price: Price


class RequestType(_Part):
    """受理类型: the `group` that reviews it, the `unit` that it is dispatched to (by its code; with `at_once` by the
    approval itself), whether customers hand it in themselves, whether goods are weighed on it (T61)."""

    code: Code
    name: Named
    form: Form
    group: GroupCode | None = None
    unit: GroupCode | None = None
    at_once: bool = False
    from_customers: bool = True
    documents: tuple[DocumentWanted, ...] = Field(default=(), max_length=20)
    steps: tuple[RequestStep, ...] = Field(default=(), max_length=20)
    outcomes: tuple[Outcome, ...] = Field(default=(), max_length=20)
    causes: tuple[Cause, ...] = Field(default=(), max_length=50)
    coupon: Coupon | None = None
    postage: Postage | None = None
    over_short: bool = False

    def step(self, code: str) -> RequestStep | None:
        """The step of that code."""
        return next((one for one in self.steps if one.code == code), None)

    def outcome(self, code: str | None) -> Outcome | None:
        """The outcome of that code."""
        return next((one for one in self.outcomes if one.code == code), None)

    def may_be_missing(self) -> frozenset[str]:
        """What a returned request can lack: its documents, the fields of its form."""
        fields = self.form["properties"]
        assert isinstance(fields, Mapping)  # noqa: S101 - the check of the policy saw to it
        return frozenset((*(one.code for one in self.documents), *fields))


class RequestTypes(_Part):
    """The types of requests that a shop takes."""

    types: tuple[RequestType, ...] = Field(max_length=100)

    def named(self, code: str) -> RequestType | None:
        """The type of that code."""
        return next((one for one in self.types if one.code == code), None)


def check_types(policy: RequestTypes) -> Iterator[Fault]:
    """Forms that are none, codes that stand twice, and what refers to nothing."""
    yield from _twice(policy.types, "/types")
    for place, one in enumerate(policy.types):
        yield from _of_type(one, f"/types/{place}")


def _of_type(one: RequestType, at: str) -> Iterator[Fault]:
    yield from form_language.check(one.form, f"{at}/form")
    for name in ("documents", "steps", "outcomes", "causes"):
        yield from _twice(getattr(one, name), f"{at}/{name}")
    fields = one.form.get("properties")
    for place, document in enumerate(one.documents):
        if isinstance(fields, Mapping) and document.code in fields:
            yield Fault(f"{at}/documents/{place}/code", "与表单字段同名", "is the name of a field of the form")
    for place, step in enumerate(one.steps):
        yield from _of_step(step, one.steps[:place], f"{at}/steps/{place}")
    if one.at_once and one.unit is None:
        yield Fault(f"{at}/unit", "自动派发须指定单位", "must be named when the approval dispatches")
    if one.coupon is not None:
        yield from _of_coupon(one, one.coupon, f"{at}/coupon")


def _of_step(step: RequestStep, earlier: Sequence[RequestStep], at: str) -> Iterator[Fault]:
    if step.form is not None:
        yield from form_language.check(step.form, f"{at}/form")
    if step.picks is not None and step.picks not in {one.code for one in earlier}:
        yield Fault(f"{at}/picks", "须是前面的步骤", "must be a step before it")
    if step.phase is Phase.REVIEW and any(one.phase is Phase.WORK for one in earlier):
        yield Fault(
            f"{at}/phase", "审核步骤须在办理步骤之前", "is of the review, and stands behind a step of the work"
        )
    if step.by is StepBy.CUSTOMER and not step.shown:
        yield Fault(f"{at}/shown", "客户的步骤必须对客户可见", "must be shown to whoever takes it")


def _of_coupon(one: RequestType, coupon: Coupon, at: str) -> Iterator[Fault]:
    if one.outcome(coupon.outcome) is None:
        yield Fault(f"{at}/outcome", "没有这个结果", "is no outcome of the type")
    try:
        Money.parse(coupon.price.amount, coupon.price.currency)
    except ValueError:
        yield Fault(f"{at}/price/amount", "小数位数超过该币种", "has more decimals than its currency")


def _twice(things: Sequence[Any], at: str) -> Iterator[Fault]:
    codes = [one.code for one in things]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            yield Fault(f"{at}/{place}/code", f"代码 {code} 重复", f"the code {code} is there already")


REQUEST_TYPES = PolicyKind(
    "request-types",
    RequestTypes,
    RequestTypes.model_validate({"types": SHIPPED}),
    Title("业务受理类型", "Types of service requests"),
    check_types,
)
