"""Every query of payments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.payment.lifecycle import PaymentStatus
from services.ticket.payment.models import Payment, PaymentAnswer
from services.ticket.sight import Wanted

_FRESH = {"populate_existing": True}
# What makes one answer the same as another.
ANSWER = ("number", "reference", "result", "told_at", "currency", "amount_minor")


async def add(session: AsyncSession, payment: Payment) -> None:
    """Insert a new payment."""
    await session.execute(insert(Payment).values(payment.model_dump()))


async def get(session: AsyncSession, payment_key: UUID) -> Payment | None:
    """One payment by its number."""
    return await _one(session, col(Payment.payment_key) == payment_key)


async def of_cause(session: AsyncSession, cause_id: UUID) -> Payment | None:
    """The payment of a case."""
    return await _one(session, col(Payment.cause_id) == cause_id)


async def named(session: AsyncSession, numbers: Iterable[UUID]) -> list[Payment]:
    """The payments that have one of these numbers, or are paid for one of these cases."""
    wanted = list(set(numbers))
    either = or_(col(Payment.payment_key).in_(wanted), col(Payment.cause_id).in_(wanted))
    return list((await session.execute(select(Payment).where(either))).scalars())


async def lock_many(session: AsyncSession, payment_keys: Iterable[UUID]) -> dict[UUID, Payment]:
    """The payments under their row locks, taken in one order."""
    wanted = select(Payment).where(col(Payment.payment_key).in_(set(payment_keys))).order_by(col(Payment.payment_key))
    found = await session.execute(wanted.with_for_update(), execution_options=_FRESH)
    return {payment.payment_key: payment for payment in found.scalars()}


async def take(session: AsyncSession, status: PaymentStatus, limit: int, *, tried_by: datetime) -> Sequence[Payment]:
    """The payments of a status that are to be tried by then, under row locks; those that somebody is at are left."""
    statement = (
        select(Payment)
        .where(col(Payment.status) == status.value, col(Payment.next_try_at) <= tried_by)
        .order_by(col(Payment.next_try_at), col(Payment.payment_key))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement, execution_options=_FRESH)).scalars().all()


async def take_abandoned(session: AsyncSession, limit: int, *, called_before: datetime) -> Sequence[Payment]:
    """Calls whose caller must have died, under row locks."""
    statement = (
        select(Payment)
        .where(col(Payment.status) == PaymentStatus.CALLING.value, col(Payment.called_at) < called_before)
        .order_by(col(Payment.called_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement, execution_options=_FRESH)).scalars().all()


async def unresolved(session: AsyncSession, *, due_before: datetime, limit: int) -> Sequence[Payment]:
    """Payments that were called and have had no answer since before then, oldest first."""
    statement = (
        select(Payment)
        .where(
            col(Payment.status).in_([status.value for status in (PaymentStatus.CALLING, PaymentStatus.UNKNOWN)]),
            col(Payment.due_since) < due_before,
        )
        .order_by(col(Payment.due_since))
        .limit(limit)
    )
    return (await session.execute(statement)).scalars().all()


async def reference_taken(session: AsyncSession, reference: str) -> bool:
    """Whether some payment was paid under that reference."""
    found = await session.execute(select(col(Payment.payment_key)).where(col(Payment.reference) == reference))
    return found.first() is not None


async def knows_answer(session: AsyncSession, answer: PaymentAnswer) -> bool:
    """Whether the very same has been said before, by somebody who was heard."""
    same = [col(getattr(PaymentAnswer, name)) == getattr(answer, name) for name in ANSWER]
    heard = select(col(PaymentAnswer.number)).where(*same, col(PaymentAnswer.verdict) != "refused")
    return (await session.execute(heard)).first() is not None


async def keep_answer(session: AsyncSession, answer: PaymentAnswer) -> None:
    """Keep an answer as it came, with what became of it. One that came before stays as it was judged then, unless it
    was refused."""
    statement = insert_or_not(PaymentAnswer).values(answer.model_dump())
    judged = {"verdict": statement.excluded.verdict, "received_at": statement.excluded.received_at}
    again = statement.on_conflict_do_update(
        index_elements=ANSWER, set_=judged, where=text("payment_answer.verdict = 'refused'")
    )
    await session.execute(again)


async def refused_answer(session: AsyncSession, payment: Payment, reference: str) -> PaymentAnswer | None:
    """The first refused answer that says that all of it was paid under that reference."""
    whole = (
        col(PaymentAnswer.number) == payment.payment_key,
        col(PaymentAnswer.reference) == reference,
        col(PaymentAnswer.result) == "paid",
        col(PaymentAnswer.verdict) == "refused",
        col(PaymentAnswer.currency) == payment.currency,
        col(PaymentAnswer.amount_minor) == payment.amount_minor,
    )
    first = select(PaymentAnswer).where(*whole).order_by(col(PaymentAnswer.told_at)).limit(1)
    found: PaymentAnswer | None = (await session.execute(first)).scalar_one_or_none()
    return found


async def believe(session: AsyncSession, answer: PaymentAnswer) -> None:
    """A refused answer was true after all."""
    same = [col(getattr(PaymentAnswer, name)) == getattr(answer, name) for name in ANSWER]
    await session.execute(update(PaymentAnswer).where(*same).values(verdict="applied"))


async def answers_of(session: AsyncSession, payment_key: UUID, limit: int) -> Sequence[PaymentAnswer]:
    """What the payment side has said of a payment, the first first."""
    statement = select(PaymentAnswer).where(col(PaymentAnswer.number) == payment_key)
    statement = statement.order_by(col(PaymentAnswer.received_at), col(PaymentAnswer.told_at)).limit(limit)
    return (await session.execute(statement)).scalars().all()


async def paid_between(
    session: AsyncSession, starts_at: datetime, ends_at: datetime, shops: Sequence[str] | None
) -> Sequence[Payment]:
    """What was paid from one instant up to another, of these shops or of all."""
    statement = select(Payment).where(col(Payment.paid_at) >= starts_at, col(Payment.paid_at) < ends_at)
    if shops is not None:
        statement = statement.where(col(Payment.shop).in_(shops))
    return (await session.execute(statement)).scalars().all()


async def paid_of_orders(session: AsyncSession, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What was paid back of each of these orders, as the payments say."""
    statement = (
        select(col(Payment.order_id), func.sum(col(Payment.amount_minor)))
        .where(col(Payment.order_id).in_(list(order_ids)), col(Payment.status) == PaymentStatus.PAID.value)
        .group_by(col(Payment.order_id))
    )
    return {order_id: int(total) for order_id, total in await session.execute(statement)}


async def totals(session: AsyncSession) -> list[tuple[str, str, int, int]]:
    """Status, currency, how many, how much: of all payments."""
    kinds = (col(Payment.status), col(Payment.currency))
    statement = select(*kinds, func.count(), func.sum(col(Payment.amount_minor))).group_by(*kinds).order_by(*kinds)
    return [
        (status, currency, count, int(total)) for status, currency, count, total in await session.execute(statement)
    ]


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Payment]:
    """Payments with these values in their columns, newest number first, after the given one."""
    statement = select(Payment)
    for name, values in wanted.items():
        statement = statement.where(getattr(Payment, name).in_(values))
    if after is not None:
        statement = statement.where(col(Payment.payment_key) < after)
    statement = statement.order_by(col(Payment.payment_key).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


async def after(session: AsyncSession, payment_key: UUID | None, limit: int) -> Sequence[Payment]:
    """The next payments with a payee by their number, under their row locks."""
    statement = select(Payment).where(col(Payment.sealed_payee).is_not(None))
    if payment_key is not None:
        statement = statement.where(col(Payment.payment_key) > payment_key)
    ordered = statement.order_by(col(Payment.payment_key)).limit(limit).with_for_update()
    return (await session.execute(ordered)).scalars().all()


async def _one(session: AsyncSession, wanted: ColumnElement[bool]) -> Payment | None:
    found = await session.execute(select(Payment).where(wanted), execution_options=_FRESH)
    payment: Payment | None = found.scalar_one_or_none()
    return payment
