"""Every query of clocks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.clock.lifecycle import UNFINISHED
from services.ticket.clock.models import Clock
from services.ticket.models import TicketServiceTable

# The tables, not the models: the ORM's way costs twice as much.
_CLOCK = TicketServiceTable.metadata.tables["clock"]
_FACT = TicketServiceTable.metadata.tables["clock_fact"]
_ADD = insert(_CLOCK)
_ADD_FACT = insert(_FACT)
Rows = Sequence[dict[str, Any]]
# However often a ticket was reopened, an answer shows its latest clocks.
SHOWN = 20
_OF_TICKETS = text("""
SELECT shown.* FROM unnest(CAST(:ticket_ids AS uuid[])) AS wanted (ticket_id)
CROSS JOIN LATERAL (
    SELECT * FROM clock WHERE clock.ticket_id = wanted.ticket_id ORDER BY clock_id DESC LIMIT :shown
) AS shown
ORDER BY shown.clock_id
""")


async def add(session: AsyncSession, clocks: Sequence[Clock]) -> None:
    """Insert new clocks."""
    if clocks:
        await session.execute(_ADD, [clock.model_dump() for clock in clocks])


async def add_facts(session: AsyncSession, facts: Rows) -> None:
    """Write facts down."""
    if facts:
        await session.execute(_ADD_FACT, list(facts))


async def lock_unfinished(session: AsyncSession, ticket_id: UUID) -> list[Clock]:
    """The ticket's clocks that have not ended, under their row locks."""
    statement = (
        select(Clock)
        .where(col(Clock.ticket_id) == ticket_id, col(Clock.ended_at).is_(None))
        .order_by(col(Clock.clock_id))
        .with_for_update()
    )
    # One that ended in this very transaction is still unfinished in the database.
    return [clock for clock in (await session.execute(statement)).scalars() if clock.status in UNFINISHED]


async def lock_due(session: AsyncSession, now: datetime, limit: int) -> list[Clock]:
    """Clocks to which time has done something, the longest due first; those that somebody is at are left to them."""
    statement = (
        select(Clock)
        .where(col(Clock.wake_at) <= now)
        .order_by(col(Clock.wake_at), col(Clock.clock_id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await session.execute(statement)).scalars())


async def of_tickets(session: AsyncSession, ticket_ids: Sequence[UUID]) -> Sequence[Any]:
    """The latest clocks of each ticket, in the order in which they started."""
    found = await session.execute(_OF_TICKETS, {"ticket_ids": list(ticket_ids), "shown": SHOWN})
    return found.mappings().all()
