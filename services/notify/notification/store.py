"""Every query of messages and of the attempts at handing them over."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notify.notification.lifecycle import Status
from services.notify.notification.models import Attempt, Notification

_ROWS_AT_ONCE = 1000  # a statement takes 32,767 parameters
_ONCE = ["event_id", "recipient_staff_id", "recipient_customer_id", "channel"]


async def add_new(session: AsyncSession, messages: Sequence[Notification]) -> list[Notification]:
    """Insert the messages whose event, recipient and channel have none yet, and return those (N4)."""
    fresh: set[UUID] = set()
    for start in range(0, len(messages), _ROWS_AT_ONCE):
        rows = [message.model_dump() for message in messages[start : start + _ROWS_AT_ONCE]]
        statement = insert(Notification).values(rows).on_conflict_do_nothing(index_elements=_ONCE)
        fresh |= set((await session.execute(statement.returning(col(Notification.notification_id)))).scalars())
    return [message for message in messages if message.notification_id in fresh]


async def get(session: AsyncSession, notification_id: UUID) -> Notification | None:
    """One message."""
    return await session.get(Notification, notification_id)


async def get_for_update(session: AsyncSession, notification_id: UUID) -> Notification | None:
    """One message under its row lock."""
    return await session.get(Notification, notification_id, with_for_update=True, populate_existing=True)


async def due(session: AsyncSession, channels: Collection[str], now: datetime, limit: int) -> Sequence[Notification]:
    """Messages of these channels whose time has come and that nobody holds, under their row locks."""
    free = col(Notification.leased_until).is_(None) | (col(Notification.leased_until) <= now)
    query = (
        select(Notification)
        .where(
            col(Notification.status) == Status.PENDING,
            col(Notification.channel).in_(channels),
            col(Notification.next_attempt_at) <= now,
            free,
        )
        .order_by(col(Notification.next_attempt_at), col(Notification.notification_id))
        .limit(limit)
    )
    return (await session.execute(query.with_for_update(skip_locked=True))).scalars().all()


async def abandoned(session: AsyncSession, now: datetime, limit: int) -> Sequence[Notification]:
    """Messages handed to a provider by somebody who never came back, under their row locks."""
    query = select(Notification).where(
        col(Notification.status) == Status.SENDING, col(Notification.leased_until) <= now
    )
    return (await session.execute(query.limit(limit).with_for_update(skip_locked=True))).scalars().all()


async def attempts_of(session: AsyncSession, notification_id: UUID) -> Sequence[Attempt]:
    """All attempts at handing a message over, the first one first."""
    query = select(Attempt).where(col(Attempt.notification_id) == notification_id).order_by(col(Attempt.number))
    return (await session.execute(query)).scalars().all()


async def add_attempt(session: AsyncSession, attempt: Attempt) -> None:
    """Insert a new attempt."""
    await session.execute(insert(Attempt).values(attempt.model_dump()))


async def end_attempt(
    session: AsyncSession, notification_id: UUID, number: int, ended_at: datetime, outcome: str, answer: str | None
) -> None:
    """Write down how an attempt ended."""
    ended = {"ended_at": ended_at, "outcome": outcome, "answer": answer}
    which = (col(Attempt.notification_id) == notification_id, col(Attempt.number) == number)
    await session.execute(update(Attempt).where(*which).values(ended))


async def waiting_by_channel(session: AsyncSession) -> dict[str, int]:
    """How many messages wait to be sent, by channel."""
    query = (
        select(col(Notification.channel), func.count().label("waiting"))
        .where(col(Notification.status) == Status.PENDING)
        .group_by(col(Notification.channel))
    )
    return {row.channel: row.waiting for row in await session.execute(query)}


async def page(
    session: AsyncSession, filters: Mapping[str, Any], after: UUID | None, limit: int
) -> Sequence[Notification]:
    """Messages by these columns, newest first, after the given one."""
    query = select(Notification).order_by(col(Notification.notification_id).desc()).limit(limit)
    for name, value in filters.items():
        query = query.where(getattr(Notification, name) == value)
    if after is not None:
        query = query.where(col(Notification.notification_id) < after)
    return (await session.execute(query)).scalars().all()


async def unread_count(session: AsyncSession, recipient: UUID) -> int:
    """How many messages that person has not read."""
    query = select(func.count()).where(
        col(Notification.recipient_staff_id) == recipient, col(Notification.status) == Status.UNREAD
    )
    return (await session.execute(query)).scalar_one()
