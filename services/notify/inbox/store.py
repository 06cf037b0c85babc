"""Every query of inboxes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notify.inbox.lifecycle import InboxStatus
from services.notify.inbox.models import Notification

_ROWS_AT_ONCE = 1000  # a statement takes 32,767 parameters


async def add_new(session: AsyncSession, messages: Sequence[Notification]) -> list[Notification]:
    """Insert the messages whose event, recipient and channel have none yet, and return those (N4)."""
    fresh: set[UUID] = set()
    for start in range(0, len(messages), _ROWS_AT_ONCE):
        rows = [message.model_dump() for message in messages[start : start + _ROWS_AT_ONCE]]
        statement = (
            insert(Notification)
            .values(rows)
            .on_conflict_do_nothing(index_elements=["event_id", "recipient_staff_id", "channel"])
        )
        fresh |= set((await session.execute(statement.returning(col(Notification.notification_id)))).scalars())
    return [message for message in messages if message.notification_id in fresh]


async def get_for_update(session: AsyncSession, notification_id: UUID, recipient: UUID) -> Notification | None:
    """That person's message under its row lock; nobody else's."""
    query = select(Notification).where(
        col(Notification.notification_id) == notification_id, col(Notification.recipient_staff_id) == recipient
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


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
        col(Notification.recipient_staff_id) == recipient, col(Notification.status) == InboxStatus.UNREAD
    )
    return (await session.execute(query)).scalar_one()
