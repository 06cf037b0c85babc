"""Every query of messages."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.message.models import Message
from services.ticket.models import TicketServiceTable

_ADD = insert(TicketServiceTable.metadata.tables["ticket_message"])


async def add(session: AsyncSession, message: Message) -> None:
    """Insert a new message."""
    await session.execute(_ADD, message.model_dump())


async def page(
    session: AsyncSession, ticket_id: UUID, internal: bool | None, after: UUID | None, limit: int
) -> list[Message]:
    """Messages of a ticket, oldest first, after the given one: those of one kind, or all (None)."""
    statement = select(Message).where(col(Message.ticket_id) == ticket_id)
    if internal is not None:
        statement = statement.where(col(Message.internal).is_(internal))
    if after is not None:
        statement = statement.where(col(Message.message_id) > after)
    return list((await session.execute(statement.order_by(col(Message.message_id)).limit(limit))).scalars())


async def any_automatic(session: AsyncSession, ticket_id: UUID, since: datetime) -> bool:
    """Whether one of the ticket's messages since then was written by itself."""
    written = (col(Message.ticket_id) == ticket_id, col(Message.automatic), col(Message.sent_at) >= since)
    return bool((await session.execute(select(exists().where(*written)))).scalar_one())


async def of_ticket(session: AsyncSession, ticket_id: UUID, message_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these messages that stand in that ticket."""
    statement = select(col(Message.message_id)).where(
        col(Message.ticket_id) == ticket_id, col(Message.message_id).in_(message_ids)
    )
    return set((await session.execute(statement)).scalars())


async def move(session: AsyncSession, source: UUID, target: UUID, message_ids: Sequence[UUID] | None) -> int:
    """Messages of one ticket, these or all (None), stand in the other from now on; how many those are."""
    statement = update(Message).where(col(Message.ticket_id) == source)
    if message_ids is not None:
        statement = statement.where(col(Message.message_id).in_(message_ids))
    moved = statement.values(ticket_id=target, came_from=func.coalesce(col(Message.came_from), source)).returning(
        col(Message.message_id)
    )
    return len((await session.execute(moved)).all())
