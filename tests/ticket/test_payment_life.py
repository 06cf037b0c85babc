"""The life of a payment without a database: every verb in every state (T22)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import pytest
from stage import NOON

from kit.problems import Problem
from services.ticket.payment import lifecycle
from services.ticket.payment.lifecycle import LIFE, LONGEST_PAUSE, OPEN, PaymentStatus, pause

DRAWN = {
    ("due", "call"): "calling", ("due", "pay"): "paid", ("due", "fail"): "failed",
    ("calling", "doubt"): "unknown", ("calling", "pay"): "paid", ("calling", "fail"): "failed",
    ("unknown", "renew"): "due", ("unknown", "pay"): "paid", ("unknown", "fail"): "failed",
    ("failed", "pay"): "paid", ("failed", "retry"): "due",
}  # fmt: skip


@dataclass
class Paper:
    """A payment as far as its life is concerned."""

    status: str = "due"
    attempts: int = 1
    asks: int = 0
    due_since: datetime = NOON
    next_try_at: datetime | None = None
    called_at: datetime | None = None
    reference: str | None = None
    failure: str | None = None
    retryable: bool | None = None
    paid_at: datetime | None = None
    failed_at: datetime | None = None


def a_failure(*, retryable: bool = True) -> Paper:
    return Paper("failed", failure="closed", retryable=retryable, failed_at=NOON)


@pytest.mark.parametrize(("state", "verb"), list(product(PaymentStatus, LIFE.table)))
def test_only_what_is_drawn_moves(state: PaymentStatus, verb: str) -> None:
    payment = Paper(state.value)
    wanted = DRAWN.get((state.value, verb))
    if wanted is not None:
        LIFE.move(payment, verb)
        assert payment.status == wanted
        return
    with pytest.raises(Problem, match="transition-refused"):
        LIFE.move(payment, verb)
    assert payment.status == state.value


def test_what_was_paid_stays_paid() -> None:
    assert LIFE.allowed(PaymentStatus.PAID) == []


def test_every_open_state_can_be_paid_and_can_fail() -> None:
    """An answer may come at any time, whatever we were at."""
    assert {start for start, verb, _ in LIFE.transitions() if verb == "fail"} == OPEN
    assert {start for start, verb, _ in LIFE.transitions() if verb == "pay"} == OPEN | {PaymentStatus.FAILED}


def test_a_call_counts_and_a_doubt_is_asked_about_soon_then_less_often() -> None:
    payment = Paper(attempts=0)
    lifecycle.call(payment, NOON)
    assert (payment.attempts, payment.called_at, payment.next_try_at) == (1, NOON, None)
    lifecycle.doubt(payment, NOON)
    waits = []
    for _ in range(8):
        assert payment.next_try_at is not None
        waits.append((payment.next_try_at - NOON).total_seconds())
        lifecycle.asked(payment, NOON)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert payment.status == "unknown"


def test_a_number_never_heard_of_is_called_again_less_and_less_often() -> None:
    payment = Paper("unknown", attempts=5)
    lifecycle.renew(payment, NOON)
    assert (payment.status, payment.next_try_at) == ("due", NOON + timedelta(seconds=16))


def test_no_pause_is_longer_than_a_minute() -> None:
    assert max(pause(times) for times in range(-3, 5000)) == LONGEST_PAUSE


def test_paid_after_failed_forgets_the_failure() -> None:
    payment = a_failure()
    lifecycle.pay(payment, "R-1", NOON)
    assert (payment.status, payment.reference, payment.paid_at) == ("paid", "R-1", NOON)
    assert (payment.failure, payment.retryable, payment.failed_at) == (None, None, None)


def test_a_failure_can_be_tried_again_unless_it_makes_no_sense() -> None:
    payment = a_failure()
    lifecycle.retry(payment, NOON)
    assert (payment.status, payment.failure, payment.next_try_at, payment.attempts) == ("due", None, NOON, 1)
    hopeless = a_failure(retryable=False)
    with pytest.raises(Problem) as refused:
        lifecycle.retry(hopeless, NOON)
    assert (refused.value.slug, refused.value.facts["allowed"]) == ("transition-refused", [])
    assert hopeless.status == "failed"
