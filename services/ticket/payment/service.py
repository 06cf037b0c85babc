"""Use cases of payments: ordered once, called under one number, answered at most once as paid (T22, T55).

A payment's row lock comes last: after its ticket's and its book's. What is called or asked holds payments alone, and
never waits for one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.ids import new_id
from kit.money import Money
from kit.privacy import scrub
from kit.problems import Problem
from kit.vault import Place, Vault
from kit.work import Work
from services.ticket.book import service as books
from services.ticket.payment import lifecycle, store
from services.ticket.payment.lifecycle import LIFE, OPEN, PayCause, PaymentStatus
from services.ticket.payment.models import Payment, PaymentAnswer
from services.ticket.payment.port import Answer, Order, Result, Way
from services.ticket.sight import Wanted

__all__ = [
    "OPEN", "PayCause", "Payment", "PaymentAnswer", "PaymentStatus", "answers_of", "begin_asks", "begin_calls",
    "doubt", "doubt_abandoned", "expect_given_up", "get", "keep_answer", "known_before", "lock_many", "money_of",
    "named", "of_cause", "order_payment", "page", "paid_between", "paid_of_orders", "reference_taken",
    "refused_answer", "renew", "retry", "settle_failed", "settle_late", "settle_paid", "totals", "unresolved",
]  # fmt: skip
Moved = Sequence[tuple[Payment, Mapping[str, Any]]]


async def order_payment(
    work: Work,
    *,
    cause: PayCause,
    cause_id: UUID,
    ticket_id: UUID | None,
    order_id: UUID,
    shop: str,
    order_no: str,
    amount: Money,
    payee_token: str | None,
    payment_key: UUID | None = None,
) -> Payment:
    """Order that `amount` be paid for a case, once: exactly what is in flight of it, under a number that is fixed
    now. Its caller holds the book's row lock. The database refuses a case that isn't approved for as much.

    Raises ValueError where something else is in flight of the case.
    """
    if amount.minor <= 0 or await books.in_flight_of(work.session, cause_id) != amount.minor:
        raise ValueError("what is paid is what is in flight of the case, and more than nothing")
    key = payment_key or new_id()
    payment = Payment(
        payment_key=key,
        cause=cause.value,
        cause_id=cause_id,
        ticket_id=ticket_id,
        order_id=order_id,
        shop=shop,
        order_no=order_no,
        currency=amount.currency,
        amount_minor=amount.minor,
        sealed_payee=None if payee_token is None else work.vault.seal(payee_token, payee_place(key)),
        status=LIFE.initial.value,
        ordered_at=work.now,
        due_since=work.now,
        next_try_at=work.now,
    )
    await store.add(work.session, payment)
    said = {"status": payment.status, "cause": payment.cause, "cause_id": str(cause_id), "amount_minor": amount.minor}
    await audit.record(work, "order", "payment", key, after=said)
    return payment


async def retry(work: Work, cause_id: UUID) -> Payment:
    """Try a failed payment of a case again, under the same number (T22). Raises Problem `not-found`,
    `transition-refused` for one that didn't fail, or of which the payment side says that it never will work."""
    found = await store.of_cause(work.session, cause_id)
    payment = (await lock_many(work, [found.payment_key] if found else [])).get(
        found.payment_key if found else cause_id
    )
    if payment is None:
        raise Problem("not-found")
    before = _audited(payment)
    lifecycle.retry(payment, work.now)
    await _moved(work, "retry", [(payment, before)])
    return payment


async def of_cause(session: AsyncSession, cause_id: UUID) -> Payment | None:
    """The payment of a case, if one was ordered."""
    return await store.of_cause(session, cause_id)


async def get(session: AsyncSession, payment_key: UUID) -> Payment | None:
    """One payment."""
    return await store.get(session, payment_key)


async def named(session: AsyncSession, numbers: Iterable[UUID]) -> dict[UUID, Payment]:
    """The payments under these numbers or for these cases, by the name that was given."""
    wanted = set(numbers)
    found = await store.named(session, wanted)
    return {name: one for one in found for name in (one.payment_key, one.cause_id) if name in wanted}


async def lock_many(work: Work, payment_keys: Iterable[UUID]) -> dict[UUID, Payment]:
    """The payments under their row locks."""
    return await store.lock_many(work.session, payment_keys)


async def begin_calls(work: Work, limit: int) -> list[Order]:
    """Take what is due: its row says `calling` before anybody is called, and that is committed first."""
    payments = await store.take(work.session, PaymentStatus.DUE, limit, tried_by=work.now)
    moved = []
    for payment in payments:
        moved.append((payment, _audited(payment)))
        lifecycle.call(payment, work.now)
    await _moved(work, "call", moved)
    return [_order(work.vault, payment) for payment in payments]


async def begin_asks(work: Work, limit: int) -> list[UUID]:
    """Take what is to be asked about; nobody else asks until the pause is over."""
    payments = await store.take(work.session, PaymentStatus.UNKNOWN, limit, tried_by=work.now)
    for payment in payments:
        lifecycle.asked(payment, work.now)
    return [payment.payment_key for payment in payments]


async def doubt(work: Work, payment_key: UUID, attempt: int) -> None:
    """The call ended without a word, unless an answer came another way meanwhile."""
    payment = (await store.lock_many(work.session, [payment_key])).get(payment_key)
    if payment is not None and (payment.status, payment.attempts) == (PaymentStatus.CALLING, attempt):
        await _doubt(work, [payment])


async def doubt_abandoned(work: Work, limit: int, longest_call: timedelta) -> int:
    """Calls that must have ended because their caller died; returns how many there were."""
    payments = await store.take_abandoned(work.session, limit, called_before=work.now - longest_call)
    await _doubt(work, payments)
    return len(payments)


async def renew(work: Work, payment_key: UUID) -> None:
    """The payment side has never heard of the number: it is called again, unless something is known meanwhile."""
    payment = (await store.lock_many(work.session, [payment_key])).get(payment_key)
    if payment is not None and payment.status == PaymentStatus.UNKNOWN:
        before = _audited(payment)
        lifecycle.renew(payment, work.now)
        await _moved(work, "renew", [(payment, before)])


async def settle_paid(work: Work, payment: Payment, answer: Answer) -> None:
    """The locked payment is paid."""
    before = _audited(payment)
    lifecycle.pay(payment, answer.reference, answer.at)
    await _moved(work, "pay", [(payment, before)])


async def expect_given_up(session: AsyncSession, payment: Payment) -> None:
    """Raises Problem `transition-refused` unless it failed and its money is no longer in flight."""
    if payment.status != PaymentStatus.FAILED or await books.in_flight_of(session, payment.cause_id):
        raise LIFE.refusal(PaymentStatus(payment.status), "book-late")


async def refused_answer(session: AsyncSession, payment: Payment, reference: str) -> PaymentAnswer | None:
    """What the payment side said and was not believed: that it paid all of this under that reference."""
    return await store.refused_answer(session, payment, reference)


async def settle_late(work: Work, payment: Payment, said: PaymentAnswer, note: str) -> None:
    """The locked payment was paid after all, as that answer said; it counts from now on, and the trail says why."""
    before = _audited(payment)
    lifecycle.pay(payment, said.reference, said.told_at)
    await store.believe(work.session, said)
    await _moved(work, "book-late", [(payment, before)], scrub(note))


async def settle_failed(work: Work, payment: Payment, answer: Answer) -> None:
    """The locked payment could not be paid."""
    before = _audited(payment)
    lifecycle.fail(payment, answer.failure or "unknown", answer.at, retryable=answer.retryable)
    await _moved(work, "fail", [(payment, before)])


async def known_before(work: Work, payment: Payment, answer: Answer) -> bool:
    """Whether the payment side has said the very same before. Asked under the payment's row lock."""
    return await store.knows_answer(work.session, _kept(work, payment.payment_key, answer, Way.CALL, ""))


async def keep_answer(work: Work, payment: Payment | None, answer: Answer, way: Way, verdict: str) -> None:
    """Keep an answer as it came."""
    number = payment.payment_key if payment else answer.number
    await store.keep_answer(work.session, _kept(work, number, answer, way, verdict))


async def reference_taken(session: AsyncSession, reference: str) -> bool:
    """Whether a payment was paid under that reference already."""
    return await store.reference_taken(session, reference)


async def answers_of(session: AsyncSession, payment_key: UUID) -> Sequence[PaymentAnswer]:
    """What the payment side has said of a payment, the first hundred."""
    return await store.answers_of(session, payment_key, 100)


async def unresolved(session: AsyncSession, *, due_before: datetime, limit: int) -> Sequence[Payment]:
    """Payments that were called and of which nobody has known since before then what became of them."""
    return await store.unresolved(session, due_before=due_before, limit=limit)


async def paid_between(
    session: AsyncSession, starts_at: datetime, ends_at: datetime, shops: Sequence[str] | None = None
) -> Sequence[Payment]:
    """What was paid from one instant up to another, by the payment side's own clock."""
    return await store.paid_between(session, starts_at, ends_at, shops)


async def paid_of_orders(session: AsyncSession, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What was paid back of each of these orders, as the payments say."""
    return await store.paid_of_orders(session, order_ids)


async def totals(session: AsyncSession) -> list[tuple[str, str, int, int]]:
    """Status, currency, how many, how much: of all payments."""
    return await store.totals(session)


async def page(work: Work, wanted: Wanted, after: UUID | None, limit: int) -> list[Payment]:
    """Payments with these values, newest number first."""
    return await store.page(work.session, wanted, after, limit)


def money_of(payment: Payment) -> Money:
    """What is paid."""
    return Money(payment.amount_minor, payment.currency)


def payee_place(payment_key: UUID) -> Place:
    """Where a payee's seal belongs."""
    return Place("payment", "payee_token", payment_key)


async def _doubt(work: Work, payments: Sequence[Payment]) -> None:
    moved = []
    for payment in payments:
        moved.append((payment, _audited(payment)))
        lifecycle.doubt(payment, work.now)
    await _moved(work, "doubt", moved)


async def _moved(work: Work, verb: str, moved: Moved, reason: str | None = None) -> None:
    """A version and a row of the trail for each. They are written at once: whoever reads one again in this
    transaction reads what it has become."""
    for payment, _ in moved:
        payment.version += 1
    await work.session.flush()
    entries = [
        audit.entry(work, verb, "payment", payment.payment_key, before=before, after=_audited(payment), reason=reason)
        for payment, before in moved
    ]
    await audit.record_many(work, entries)


def _audited(payment: Payment) -> dict[str, Any]:
    return {"status": payment.status, "attempts": payment.attempts, "failure": payment.failure}


def _order(vault: Vault, payment: Payment) -> Order:
    key = payment.payment_key
    return Order(
        payment_key=key,
        cause=PayCause(payment.cause),
        cause_id=payment.cause_id,
        shop=payment.shop,
        order_no=payment.order_no,
        amount=money_of(payment),
        payee_token=None if payment.sealed_payee is None else vault.open(payment.sealed_payee, payee_place(key)),
        attempt=payment.attempts,
    )


def _kept(work: Work, number: UUID, answer: Answer, way: Way, verdict: str) -> PaymentAnswer:
    return PaymentAnswer(
        number=number,
        reference=answer.reference,
        result=answer.result.value,
        told_at=answer.at,
        currency=answer.amount.currency,
        amount_minor=answer.amount.minor,
        failure=answer.failure if answer.result is Result.FAILED else None,
        retryable=answer.retryable,
        way=way.value,
        verdict=verdict,
        received_at=work.now,
    )
