"""The payment side as this service needs it: told what to pay, asked what became of it, and listing what it paid."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from kit.money import Money
from services.ticket.payment.lifecycle import PayCause


class Result(StrEnum):
    """What an answer says."""

    PAID = "paid"
    FAILED = "failed"


class Standing(StrEnum):
    """What the payment side says of a number without an answer: it is at it, or has never heard of it."""

    PENDING = "pending"
    NOT_KNOWN = "not_known"


class Way(StrEnum):
    """How an answer came: of a call, of a question, as an event, sent to us, or standing in a list."""

    CALL = "call"
    ASK = "ask"
    EVENT = "event"
    SENT = "sent"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the payment side says became of a payment.

    `number` is the payment's, or the id of what it is paid for. `at` is the payment side's own instant: the same
    answer told twice says the same. `attempt` is the call that it answers, where that is known.
    """

    number: UUID
    result: Result
    reference: str
    amount: Money
    at: datetime
    failure: str | None = None
    retryable: bool = True
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid, to whom, under which number."""

    payment_key: UUID
    cause: PayCause
    cause_id: UUID
    shop: str
    order_no: str
    amount: Money
    payee_token: str | None
    attempt: int


class PaymentsAwayError(Exception):
    """The payment side didn't say anything that can be understood: what became of it is unknown. The text names a
    status or an error, never a value."""


class PaymentSide(Protocol):
    """Pays. Everything it is told may be told again: one number is paid once. No call lasts longer than `seconds`."""

    seconds: float

    async def pay(self, order: Order) -> Answer | Standing:
        """Pay, or say what became of it before. Raises PaymentsAwayError: it may have been paid."""
        ...

    async def ask(self, payment_key: UUID) -> Answer | Standing:
        """What became of a number. Raises PaymentsAwayError."""
        ...

    def list_paid(self, starts_at: datetime, ends_at: datetime) -> AsyncIterator[Answer]:
        """What was paid from one instant up to another. Raises PaymentsAwayError."""
        ...

    async def close(self) -> None:
        """Give all connections back."""
        ...
