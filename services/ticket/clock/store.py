"""Every query of clocks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.rows import row_of
from kit.session import Session
from services.ticket.clock.models import Clock
from services.ticket.clock.state import UNFINISHED
from services.ticket.models import TicketServiceTable

_CLOCK = TicketServiceTable.metadata.tables["clock"]
_FACT = TicketServiceTable.metadata.tables["clock_fact"]
# However often a ticket was reopened, an answer shows its latest clocks.
SHOWN = 20
_WOKEN = ("clock_id", "status", "warned_at", "breached_at", "wake_at", "version", "event_seq")
_SAVE_WOKEN = text("""
UPDATE clock SET status = woken.status, warned_at = woken.warned_at, breached_at = woken.breached_at,
    wake_at = woken.wake_at, version = woken.version, event_seq = woken.event_seq
FROM jsonb_populate_recordset(NULL::clock, :rows) AS woken WHERE clock.clock_id = woken.clock_id
""")
_OF_TICKETS = """
SELECT shown.* FROM unnest($1::uuid[]) AS wanted (ticket_id)
CROSS JOIN LATERAL (
    SELECT * FROM clock WHERE clock.ticket_id = wanted.ticket_id ORDER BY clock_id DESC LIMIT $2
) AS shown
ORDER BY shown.clock_id
"""


def add(session: Session, clocks: Iterable[Clock]) -> None:
    """Insert new clocks."""
    for clock in clocks:
        session.gather(_CLOCK, row_of(clock))


def add_fact(session: Session, fact: Mapping[str, Any]) -> None:
    """Write a fact down."""
    session.gather(_FACT, fact)


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
    clocks = list((await session.execute(statement)).scalars())
    for clock in clocks:
        session.expunge(clock)  # `save_woken` writes many at a time, at a quarter of the cost of the session's way
    return clocks


async def save_woken(session: AsyncSession, clocks: Sequence[Clock]) -> None:
    """Write back what time has done to clocks from `lock_due`."""
    rows = [{name: getattr(clock, name) for name in _WOKEN} for clock in clocks]
    if rows:
        await session.execute(_SAVE_WOKEN, {"rows": orjson.dumps(rows, default=str).decode()})


async def get(session: AsyncSession, clock_id: UUID) -> Clock | None:
    """One clock."""
    return await session.get(Clock, clock_id)


async def page(
    session: AsyncSession, states: Sequence[str], wanted: Mapping[str, Sequence[Any]], before: datetime | None,
    after: tuple[datetime, UUID] | None, limit: int,
) -> Sequence[Any]:  # fmt: skip
    """Clocks in these states with these values in their columns, due until `before`, what is due first first, after
    the given place. Each state is walked along its own index and no further than the page."""
    place = tuple_(_CLOCK.c.due_at, _CLOCK.c.clock_id)
    walks = []
    for state in states:
        walk = select(_CLOCK).where(_CLOCK.c.ended_at.is_(None), _CLOCK.c.status == state)
        for name, values in wanted.items():
            column = _CLOCK.c[name]
            walk = walk.where(column == values[0] if len(values) == 1 else column.in_(values))
        if before is not None:
            walk = walk.where(_CLOCK.c.due_at <= before)
        if after is not None:
            walk = walk.where(place > after)
        walks.append(walk.order_by(_CLOCK.c.due_at, _CLOCK.c.clock_id).limit(limit))
    merged = union_all(*walks).subquery()
    statement = select(merged).order_by(merged.c.due_at, merged.c.clock_id).limit(limit)
    return (await session.execute(statement)).mappings().all()


async def facts(session: AsyncSession, clock_id: UUID, after: int, limit: int) -> Sequence[Any]:
    """What was written down of a clock, in the order of its happening, after the given place."""
    statement = select(_FACT).where(_FACT.c.clock_id == clock_id, _FACT.c.fact_id > after)
    return (await session.execute(statement.order_by(_FACT.c.fact_id).limit(limit))).mappings().all()


async def of_tickets(session: Session, ticket_ids: Sequence[UUID]) -> Sequence[Any]:
    """The latest clocks of each ticket, in the order in which they started."""
    return await session.fetch(_OF_TICKETS, list(ticket_ids), SHOWN)
