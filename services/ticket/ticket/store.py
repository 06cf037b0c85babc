"""Every query of tickets."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.ids import people_number
from kit.work import Work
from services.ticket.models import TicketServiceTable
from services.ticket.sight import Wanted
from services.ticket.ticket.lifecycle import UNFINISHED
from services.ticket.ticket.models import Ticket

_NEXT = text("SELECT nextval('ticket_number')")
# One statement object, so that it is compiled once; and the table, not the model: the ORM's way costs twice as much.
_ADD = insert(TicketServiceTable.metadata.tables["ticket"])


async def next_number(work: Work) -> str:
    """The next number that people read and say: business date and a sequence that never starts anew."""
    return people_number("T", work.now, (await work.session.execute(_NEXT)).scalar_one())


async def add(session: AsyncSession, ticket: Ticket) -> None:
    """Insert a new ticket."""
    await session.execute(_ADD, ticket.model_dump())


async def get(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    """One ticket."""
    return await session.get(Ticket, ticket_id)


async def get_for_update(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    """One ticket under its row lock."""
    statement = select(Ticket).where(col(Ticket.ticket_id) == ticket_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def unfinished_of_order(session: AsyncSession, order_id: UUID) -> UUID | None:
    """A ticket of that order which somebody is to work on, if there is one."""
    statement = (
        select(col(Ticket.ticket_id))
        .where(col(Ticket.order_id) == order_id, col(Ticket.status).in_(UNFINISHED))
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Ticket]:
    """Tickets with these values in their columns, newest first, after the given one."""
    statement = select(Ticket)
    for name, values in wanted.items():
        statement = statement.where(getattr(Ticket, name).in_(values))
    if after is not None:
        statement = statement.where(col(Ticket.ticket_id) < after)
    statement = statement.order_by(col(Ticket.ticket_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


def place(key: Sequence[Any] | None) -> UUID | None:
    """A cursor's key as the place in the list."""
    return None if key is None else UUID(key[0])
