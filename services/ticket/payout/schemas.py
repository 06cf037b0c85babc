"""Payments, and what the payment side says of them, in the words of HTTP."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Price
from kit.clock import as_utc
from kit.http.fields import Amount, Code, Currency, Instant, Text
from kit.http.pages import Page
from kit.money import Money
from kit.problems import InvalidValue
from services.ticket.payment.lifecycle import PayCause, PaymentStatus
from services.ticket.payment.port import Answer, Result, Way
from services.ticket.payout.applying import Verdict

LONGEST_LIST = timedelta(days=31)


class PaymentResult(BaseModel):
    """What became of a payment, as the payment side says it. The same one sent again is the same answer."""

    model_config = ConfigDict(extra="forbid")

    result: Result
    payment_reference: Annotated[Code, Field(description="The payment side's own number for it.")]
    amount: Amount
    currency: Currency
    at: Annotated[Instant, Field(description="When it was paid or failed, by the payment side's clock.")]
    failure: Annotated[Code | None, Field(description="Why it failed.")] = None
    retryable: Annotated[bool, Field(strict=True, description="Whether trying again makes sense.")] = True

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.result is Result.FAILED) != (self.failure is not None):
            raise InvalidValue("失败须写明原因，成功则没有", "a failure has its reason, a payment none")
        try:
            Money.parse(self.amount, self.currency)
        except ValueError as error:
            raise InvalidValue("金额的小数位数超出币种", "an amount has more decimals than its currency") from error
        return self

    def about(self, number: UUID) -> Answer:
        """It, as an answer about that payment or case."""
        return Answer(
            number=number,
            result=self.result,
            reference=self.payment_reference,
            amount=Money.parse(self.amount, self.currency),
            at=as_utc(self.at),
            failure=self.failure,
            retryable=self.retryable,
        )


class PaymentAnswerPost(PaymentResult):
    """What became of the payment with that number."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "payment_key": "01a20200-fd55-77e6-aa7d-532794f7141f",
                    "result": "paid",
                    "payment_reference": "P-20261121-7",
                    "amount": "44.68",
                    "currency": "CNY",
                    "at": "2026-11-21T12:00:00+08:00",
                }
            ]
        },
    )

    payment_key: UUID


class ListedPayment(BaseModel):
    """One payment of the payment side's list."""

    model_config = ConfigDict(extra="forbid")

    payment_key: UUID
    payment_reference: Code
    amount: Amount
    currency: Currency
    at: Instant

    @model_validator(mode="after")
    def _whole(self) -> Self:
        try:
            Money.parse(self.amount, self.currency)
        except ValueError as error:
            raise InvalidValue("金额的小数位数超出币种", "an amount has more decimals than its currency") from error
        return self

    def answer(self) -> Answer:
        """What it says."""
        amount, at = Money.parse(self.amount, self.currency), as_utc(self.at)
        return Answer(self.payment_key, Result.PAID, self.payment_reference, amount, at)


class ReconciliationPost(BaseModel):
    """All that the payment side paid from one instant up to another, for the caller's shops."""

    model_config = ConfigDict(extra="forbid")

    starts_at: Instant
    ends_at: Instant
    payments: Annotated[list[ListedPayment], Field(max_length=5000)]

    @model_validator(mode="after")
    def _a_span(self) -> Self:
        if not timedelta() < self.ends_at - self.starts_at <= LONGEST_LIST:
            raise InvalidValue(
                "时段须为正，且不超过 31 天", "the span has to be longer than nothing, at most 31 days"
            )
        return self


class ReconciliationPublic(BaseModel):
    """What a list came to."""

    model_config = ConfigDict(from_attributes=True)

    reconciliation_id: UUID
    starts_at: datetime
    ends_at: datetime
    nightly: bool
    listed: int
    matched: int
    settled: Annotated[int, Field(description="Payments that we knew of as paid only by this list.")]
    drifted: Annotated[int, Field(description="Listed payments that can't be true; each is an alarm.")]
    missing: Annotated[int, Field(description="Payments of ours that aren't listed; each is an alarm.")]
    ran_at: datetime


class ReconciliationPage(BaseModel):
    """One page of reconciliations, newest first."""

    items: list[ReconciliationPublic]
    next_cursor: str | None = None


class PaymentPublic(BaseModel):
    """A payment; `payment_key` is its number for the payment side, the same however often it is tried."""

    payment_key: UUID
    cause: PayCause
    cause_id: UUID
    ticket_id: UUID | None
    order_id: UUID
    shop: str
    order_no: str
    amount: Price
    status: PaymentStatus
    attempts: int
    reference: str | None
    failure: str | None
    retryable: bool | None
    ordered_at: datetime
    paid_at: datetime | None
    failed_at: datetime | None


class AnswerPublic(BaseModel):
    """An answer as it came, and what became of it."""

    result: Result
    reference: str
    amount: Price
    failure: str | None
    retryable: bool
    told_at: datetime
    received_at: datetime
    way: Way
    verdict: Verdict


class PaymentWhole(PaymentPublic):
    """A payment with what has been said of it, the first first."""

    answers: list[AnswerPublic]


class PaymentTaken(BaseModel):
    """What became of an answer: `applied`, or `repeated` or `late`, which change nothing."""

    verdict: Verdict
    payment: PaymentPublic


class PaymentBookLate(BaseModel):
    """补记: it was paid although it had been given up; under which of their numbers, and what is known."""

    model_config = ConfigDict(extra="forbid")

    payment_reference: Code
    note: Text


class PaymentFilter(Page):
    """Which payments to list."""

    shop: Code | None = None
    status: PaymentStatus | None = None
    cause: PayCause | None = None
    order_id: UUID | None = None


class PaymentPage(BaseModel):
    """One page of payments, newest number first."""

    items: list[PaymentPublic]
    next_cursor: str | None = None
