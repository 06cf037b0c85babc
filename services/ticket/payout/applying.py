"""What the payment side says, applied: one function, whichever way an answer came (T22, T55).

An answer comes late, doubled, after its opposite, or for something nobody ordered. What was paid is applied once,
also after a failure; a failure counts only while nothing else is known of the call that it answers. An answer that
can't be true moves nothing: it is kept as it came, and somebody has to look.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from contracts.ticket.payment import DriftKind
from kit.work import Work
from services.ticket.book import service as books
from services.ticket.book.alarms import Drift, raise_alarms
from services.ticket.payment import service as payments
from services.ticket.payment.port import Answer, Result, Way
from services.ticket.payment.service import Payment, PaymentStatus, money_of
from services.ticket.payout.causes import case_of
from services.ticket.ticket import service as tickets


class Verdict(StrEnum):
    """What became of an answer. `repeated` and `late` ones say nothing new and change nothing."""

    APPLIED = "applied"
    REPEATED = "repeated"
    LATE = "late"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer's verdict, the payment that it is about if there is one, and why it was refused."""

    verdict: Verdict
    payment: Payment | None
    because: DriftKind | None = None


async def take_answers(work: Work, answers: Sequence[Answer], way: Way) -> list[Outcome]:
    """Apply what the payment side says. Nothing is raised for an answer that can't be true: its outcome is `refused`,
    and there is an alarm for it. What the case of a payment raises is raised."""
    known = await _locked(work, answers)
    outcomes = []
    for answer in answers:
        payment = known.get(answer.number)
        outcome = await _take(work, payment, answer)
        await payments.keep_answer(work, payment, answer, way, outcome.verdict)
        outcomes.append(outcome)
    drifts = [
        _drift(one, answer, way)
        for one, answer in zip(outcomes, answers, strict=True)
        if one.verdict is Verdict.REFUSED
    ]
    await raise_alarms(work, drifts)
    return outcomes


async def _locked(work: Work, answers: Iterable[Answer]) -> dict[UUID, Payment]:
    """The payments that the answers name, as far as the caller may know them, each with its ticket's, its book's and
    its own row lock; first all tickets, then all books, so that nobody waits for one another."""
    named = await payments.named(work.session, [answer.number for answer in answers])
    named = {number: payment for number, payment in named.items() if work.actor.serves(payment.shop)}
    await tickets.locked_all(work, {one.ticket_id for one in named.values() if one.ticket_id is not None})
    await books.lock_many(work, [one.order_id for one in named.values()])
    locked = await payments.lock_many(work, [one.payment_key for one in named.values()])
    return {number: locked[one.payment_key] for number, one in named.items()}


async def _take(work: Work, payment: Payment | None, answer: Answer) -> Outcome:
    if payment is None:
        return Outcome(Verdict.REFUSED, None, DriftKind.ANSWER_UNKNOWN)
    if answer.amount != money_of(payment):
        return Outcome(Verdict.REFUSED, payment, DriftKind.ANSWER_AMOUNT)
    if answer.result is Result.PAID:
        return await _take_paid(work, payment, answer)
    return Outcome(await _take_failed(work, payment, answer), payment)


async def _take_paid(work: Work, payment: Payment, answer: Answer) -> Outcome:
    if payment.status == PaymentStatus.PAID and payment.reference == answer.reference:
        return Outcome(Verdict.REPEATED, payment)
    if (why := await _why_not_paid(work, payment, answer)) is not None:
        return Outcome(Verdict.REFUSED, payment, why)
    settled = await books.settle(work, payment.cause_id)
    await payments.settle_paid(work, payment, answer)
    await case_of(payment).paid(work, payment, settled)
    return Outcome(Verdict.APPLIED, payment)


async def _why_not_paid(work: Work, payment: Payment, answer: Answer) -> DriftKind | None:
    """What speaks against it: it was paid before, under another reference; the reference stands for another payment;
    the money isn't in flight (any more)."""
    if payment.status == PaymentStatus.PAID:
        return DriftKind.ANSWER_TWICE
    if await payments.reference_taken(work.session, answer.reference):
        return DriftKind.ANSWER_REFERENCE
    if await books.in_flight_of(work.session, payment.cause_id) != payment.amount_minor:
        return DriftKind.ANSWER_UNRESERVED
    return None


async def _take_failed(work: Work, payment: Payment, answer: Answer) -> Verdict:
    if payment.status == PaymentStatus.PAID:
        return Verdict.LATE
    if payment.status == PaymentStatus.FAILED:
        return Verdict.REPEATED
    # The answer of the present call counts, even where it says what an earlier one said; any other only once.
    if answer.attempt != payment.attempts and await payments.known_before(work, payment, answer):
        return Verdict.REPEATED
    await payments.settle_failed(work, payment, answer)
    await case_of(payment).failed(work, payment)
    return Verdict.APPLIED


def _drift(outcome: Outcome, answer: Answer, way: Way) -> Drift:
    payment = outcome.payment
    kind = outcome.because or DriftKind.ANSWER_UNKNOWN
    if way is Way.LIST:
        kind = DriftKind.LISTED_UNKNOWN if payment is None else DriftKind.LISTED_DIFFERS
    return Drift(
        kind,
        subject=str(payment.payment_key if payment else answer.number),
        shop=payment.shop if payment else None,
        order_id=payment.order_id if payment else None,
        payment_key=payment.payment_key if payment else answer.number,
        expected=money_of(payment) if payment else None,
        found=answer.amount,
    )
