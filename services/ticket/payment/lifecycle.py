"""The life of a payment (T22): asked under one number until it is answered, and paid at most once.

`calling` stands before the call goes out and `unknown` when nobody can tell what became of it; asking resolves it.
What the payment side paid after all stays paid, whatever it said before or says later.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from kit.lifecycle import Lifecycle
from kit.problems import Problem

LONGEST_PAUSE = timedelta(minutes=1)


class PaymentStatus(StrEnum):
    """How far a payment is."""

    DUE = "due"
    CALLING = "calling"
    UNKNOWN = "unknown"
    PAID = "paid"
    FAILED = "failed"


class PayCause(StrEnum):
    """What is paid for: a refund or what an exchange leaves (T22), goodwill (T27), a cheaper order (T37)."""

    REFUND = "refund"
    GOODWILL = "goodwill"
    DIFFERENCE = "difference"


class PaymentLike(Protocol):
    """A payment as the table holds it."""

    status: str
    attempts: int
    asks: int
    due_since: datetime
    next_try_at: datetime | None
    called_at: datetime | None
    reference: str | None
    failure: str | None
    retryable: bool | None
    paid_at: datetime | None
    failed_at: datetime | None


_S = PaymentStatus
LIFE = Lifecycle(
    noun="payment",
    states=PaymentStatus,
    initial=PaymentStatus.DUE,
    table={
        "call": {_S.DUE: _S.CALLING},
        "doubt": {_S.CALLING: _S.UNKNOWN},
        "renew": {_S.UNKNOWN: _S.DUE},
        "pay": dict.fromkeys((_S.DUE, _S.CALLING, _S.UNKNOWN, _S.FAILED), _S.PAID),
        "fail": dict.fromkeys((_S.DUE, _S.CALLING, _S.UNKNOWN), _S.FAILED),
        "retry": {_S.FAILED: _S.DUE},
    },
)
OPEN = frozenset({PaymentStatus.DUE, PaymentStatus.CALLING, PaymentStatus.UNKNOWN})


def call(payment: PaymentLike, now: datetime) -> None:
    """The call goes out as soon as this is committed."""
    LIFE.move(payment, "call")
    payment.attempts += 1
    payment.called_at, payment.next_try_at = now, None


def doubt(payment: PaymentLike, now: datetime) -> None:
    """Nobody can tell what became of the call: it is asked about, first soon, then less and less often."""
    LIFE.move(payment, "doubt")
    payment.asks = 0
    payment.next_try_at = now + pause(0)


def asked(payment: PaymentLike, now: datetime) -> None:
    """It is being asked about; until when nobody asks again. Nothing else changes."""
    payment.asks += 1
    payment.next_try_at = now + pause(payment.asks)


def renew(payment: PaymentLike, now: datetime) -> None:
    """The payment side doesn't know of the call: it is made again, under the same number."""
    LIFE.move(payment, "renew")
    payment.next_try_at = now + pause(payment.attempts - 1)


def pay(payment: PaymentLike, reference: str, at: datetime) -> None:
    """到账: the money is with the customer."""
    LIFE.move(payment, "pay")
    payment.reference, payment.paid_at = reference, at
    payment.next_try_at = payment.failure = payment.retryable = payment.failed_at = None


def fail(payment: PaymentLike, failure: str, at: datetime, *, retryable: bool) -> None:
    """失败: the payment side could not pay."""
    LIFE.move(payment, "fail")
    payment.failure, payment.retryable, payment.failed_at = failure, retryable, at
    payment.next_try_at = None


def retry(payment: PaymentLike, now: datetime) -> None:
    """Try once more, under the same number. Raises Problem `transition-refused`, also where it makes no sense."""
    if payment.status == PaymentStatus.FAILED and not payment.retryable:
        raise Problem("transition-refused", noun=LIFE.noun, verb="retry", allowed=[], retryable=False)
    LIFE.move(payment, "retry")
    payment.failure = payment.retryable = payment.failed_at = None
    payment.due_since = payment.next_try_at = now


def pause(times: int) -> timedelta:
    """How long to wait after so many tries: 1, 2, 4 … seconds, at most a minute."""
    return min(timedelta(seconds=2 ** min(max(times, 0), 10)), LONGEST_PAUSE)
