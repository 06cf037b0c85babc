"""The numbers of the closed loop: grades, promises, callbacks and the letter (T12, T13, T16, T17, X3)."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.fields import Code
from contracts.price import Price
from contracts.ticket.complaint import ComplaintCategory, Grade, GradeCause
from kit.money import Money, round_half_up
from kit.policy import PolicyKind, Title
from kit.problems import Fault, InvalidValue, invalid

Factor = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$")]
RANK = {Grade.ORDINARY: 0, Grade.REPEAT: 1, Grade.MALIGNANT: 2}


class ComplaintGrades(BaseModel):
    """What makes a complaint repeat or malignant (T13)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repeat_after: int = Field(ge=1, le=100, description="Times reached and unsatisfied.")
    malignant_after: int = Field(ge=1, le=100, description="Times reached and unsatisfied.")
    again_within_days: int = Field(ge=0, le=3650, description="Since the last close, same order and category.")
    loss_limit: Price = Field(description="A loss above it is malignant.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.malignant_after <= self.repeat_after:
            raise InvalidValue("恶性的次数必须大于重复的次数", "malignant takes more times than repeat")
        return self

    def of_unsatisfied(self, times: int) -> tuple[Grade, GradeCause] | None:
        """What so many callbacks of an unsatisfied customer make of it."""
        if times >= self.malignant_after:
            return Grade.MALIGNANT, GradeCause.UNSATISFIED_FOUR_TIMES
        if times >= self.repeat_after:
            return Grade.REPEAT, GradeCause.UNSATISFIED_TWICE
        return None

    def is_again(self, closed_at: datetime, now: datetime) -> bool:
        """Whether a complaint of now comes soon after one that was closed then; the end is exclusive."""
        return now < closed_at + timedelta(days=self.again_within_days)

    def is_over_limit(self, loss: Money) -> bool:
        """Whether the loss makes it malignant. Raises Problem `invalid-request` for another currency."""
        limit = Money.parse(self.loss_limit.amount, self.loss_limit.currency)
        if loss.currency != limit.currency:
            raise invalid("/loss/currency", f"必须是 {limit.currency}", f"must be {limit.currency}")
        return limit < loss


class ComplaintPromise(BaseModel):
    """降低承诺,提高交付: how much longer than the estimate is promised (T16)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    buffer: Factor
    least: Factor
    most: Factor

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 1 <= Fraction(self.least) <= Fraction(self.buffer) <= Fraction(self.most) <= 10:
            raise InvalidValue("须满足 1 ≤ 下限 ≤ 默认 ≤ 上限 ≤ 10", "1 ≤ least ≤ buffer ≤ most ≤ 10 has to hold")
        return self

    def by_buffer(self, now: datetime, estimated_for: datetime, buffer: str | None) -> "Promised":
        """The estimate from now on, stretched by the buffer, to the full second above it.

        Raises Problem `invalid-request` for an estimate of the past and for a buffer that isn't allowed.
        """
        asked = Fraction(buffer or self.buffer)
        self._expect_allowed(asked, "/buffer")
        seconds = Fraction(_microseconds(_ahead(now, estimated_for, "/estimated_for")), 1_000_000) * asked
        promised_for = now + timedelta(seconds=-(-seconds.numerator // seconds.denominator))
        return Promised(promised_for, two_decimals(asked))

    def by_time(self, now: datetime, estimated_for: datetime, promised_for: datetime) -> "Promised":
        """A time that was named, with the buffer that it amounts to.

        Raises Problem `invalid-request` for an estimate or a promise of the past, and for a buffer not allowed.
        """
        promise = _microseconds(_ahead(now, promised_for, "/promised_for"))
        buffer = Fraction(promise, _microseconds(_ahead(now, estimated_for, "/estimated_for")))
        self._expect_allowed(buffer, "/promised_for")
        return Promised(promised_for, two_decimals(buffer))

    def _expect_allowed(self, buffer: Fraction, pointer: str) -> None:
        if not Fraction(self.least) <= buffer <= Fraction(self.most):
            raise invalid(
                pointer,
                f"承诺时间应为预计时间的 {self.least} 至 {self.most} 倍",
                f"a promise is {self.least} to {self.most} times the estimate",
            )


class Promised(NamedTuple):
    """A time to promise and its buffer over the estimate, with two decimals."""

    promised_for: datetime
    buffer: str


class ComplaintCallbacks(BaseModel):
    """When a customer counts as unreachable (T12)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    misses: int = Field(ge=1, le=100)
    over_business_days: int = Field(ge=1, le=100)

    def gives_up(self, times_missed: int, business_days: int) -> bool:
        """Whether so many misses, from the first to the last over so many business days, are the end."""
        return times_missed >= self.misses and business_days >= self.over_business_days


class ComplaintSubtypes(BaseModel):
    """投诉小类: the codes that a shop divides its categories into (T10)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quality: tuple[Code, ...] = Field(max_length=100)
    service: tuple[Code, ...] = Field(max_length=100)
    general: tuple[Code, ...] = Field(max_length=100)
    emergency: tuple[Code, ...] = Field(max_length=100)

    def expect(self, category: ComplaintCategory, subtype: str | None) -> None:
        """Raises Problem `invalid-request` for a sub-type that the shop doesn't have in that category."""
        known: tuple[str, ...] = getattr(self, category.value)
        if subtype is not None and subtype not in known:
            raise invalid("/subtype", "该店铺没有这个小类", "is no sub-type of the category in this shop")


class LetterTexts(BaseModel):
    """The seven parts of the letter in one language; an empty one has to be filled by the agent (T17)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    salutation: str = Field(max_length=5000)
    thanks: str = Field(max_length=5000)
    apology: str = Field(max_length=5000, description="`{cause}` is what happened.")
    report: str = Field(max_length=5000, description="`{solution}` is what was done.")
    hope: str = Field(max_length=5000)
    closing: str = Field(max_length=5000)
    signature: str = Field(max_length=5000, description="`{shop}`, `{agent}`, `{date}`, `{hour}`.")


class CallbackLetter(BaseModel):
    """回访信 in both languages (T17, X8)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: LetterTexts
    en: LetterTexts


def two_decimals(value: Fraction) -> str:
    """A factor as it is recorded."""
    return f"{Decimal(round_half_up(value * 100)).scaleb(-2):.2f}"


def _ahead(now: datetime, at: datetime, pointer: str) -> timedelta:
    if at <= now:
        raise invalid(pointer, "必须晚于现在", "must be later than now")
    return at - now


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _known_places(letter: CallbackLetter) -> Iterable[Fault]:
    for language in ("zh", "en"):
        texts: LetterTexts = getattr(letter, language)
        for part in LetterTexts.model_fields:
            unknown = set(re.findall(r"{([^{}]*)}", getattr(texts, part))) - PLACES
            if unknown:
                yield Fault(f"/{language}/{part}", "有不认识的占位符", "has a place that nothing fills")


PLACES = frozenset({"cause", "solution", "shop", "agent", "date", "hour"})
COMPLAINT_GRADES = PolicyKind(
    "complaint-grades",
    ComplaintGrades,
    ComplaintGrades(
        repeat_after=2, malignant_after=4, again_within_days=30, loss_limit=Price(amount="5000.00", currency="CNY")
    ),
    Title("投诉定级", "Grades of complaints"),
)
COMPLAINT_PROMISE = PolicyKind(
    "complaint-promise",
    ComplaintPromise,
    ComplaintPromise(buffer="1.50", least="1.00", most="3.00"),
    Title("承诺缓冲", "Buffer of promises"),
)
COMPLAINT_CALLBACKS = PolicyKind(
    "complaint-callbacks",
    ComplaintCallbacks,
    ComplaintCallbacks(misses=3, over_business_days=2),
    Title("投诉回访", "Callbacks of complaints"),
)
COMPLAINT_SUBTYPES = PolicyKind(
    "complaint-subtypes",
    ComplaintSubtypes,
    ComplaintSubtypes(quality=(), service=(), general=(), emergency=()),
    Title("投诉小类", "Sub-types of complaints"),
)
CALLBACK_LETTER = PolicyKind(
    "callback-letter",
    CallbackLetter,
    CallbackLetter(
        zh=LetterTexts(
            salutation="尊敬的客户：您好！",
            thanks="感谢您告诉我们这件事。每一次投诉都是送给我们的礼物，让我们看到自己的不足。",
            apology="对于给您带来的不便，我们深表歉意：{cause}",
            report="我们已经为您办理：{solution}",
            hope="",
            closing="再次感谢您的理解与支持！",
            signature="{shop} 客服 {agent}\n{date} {hour} 时",
        ),
        en=LetterTexts(
            salutation="Dear customer,",
            thanks="Thank you for telling us. A complaint is a gift: it shows us where we fall short.",
            apology="We are sorry for the trouble we have caused you: {cause}",
            report="This is what we have done for you: {solution}",
            hope="",
            closing="Thank you again for your patience and your trust.",
            signature="{agent}, {shop}\n{date}, {hour}:00",
        ),
    ),
    Title("回访信", "Callback letter"),
    _known_places,
)
