"""What waits to be given out, and what somebody has in hand (T4, T44, T46); for the rooms that give out work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.customer.customer import Tier
from contracts.ticket.ticket import AssignmentCause, IntakeChannel, TicketKind, TicketStatus
from kit.work import Work
from services.ticket.routing.policy import CHATS, Sought
from services.ticket.routing.service import Routed
from services.ticket.ticket import store
from services.ticket.ticket.handing import assign_ticket
from services.ticket.ticket.lifecycle import UNFINISHED
from services.ticket.ticket.models import Ticket


@dataclass(frozen=True, slots=True)
class Pending:
    """A ticket that somebody has to work on, as far as others who give it out or take it over need to know."""

    ticket_id: UUID
    number: str
    status: TicketStatus
    channel: IntakeChannel
    due_at: datetime | None


async def queued(session: AsyncSession, group: str, limit: int, *, chats: bool) -> list[UUID]:
    """The chats, or the rest, that wait in a group's queue for somebody to have a hand free: what is due first first
    (T4)."""
    statement = _of_a_group(group, chats=chats).order_by(col(Ticket.due_at), col(Ticket.ticket_id)).limit(limit)
    return list((await session.execute(statement)).scalars())


async def count_queued(session: AsyncSession, group: str, shops: Sequence[str] | None, most: int) -> int:
    """How many tickets of these shops (None: of all) wait in a group's queue, counted up to `most`."""
    found = 0
    for chats in (True, False):
        statement = _of_a_group(group, chats=chats)
        if shops is not None:
            statement = statement.where(col(Ticket.shop).in_(shops))
        counted = select(func.count()).select_from(statement.limit(most).subquery())
        found += int((await session.execute(counted)).scalar_one())
    return min(found, most)


async def claim(session: AsyncSession, ticket_id: UUID) -> Sought | None:
    """Hold a queued ticket that nobody else is at, and say what is sought for it; None when it is gone."""
    statement = _of_the_queue(select(Ticket)).where(col(Ticket.ticket_id) == ticket_id)
    fresh = {"populate_existing": True}
    found = await session.execute(statement.with_for_update(skip_locked=True), execution_options=fresh)
    ticket = found.scalar_one_or_none()
    return None if ticket is None else sought_of(ticket)


async def assign_routed(work: Work, ticket_id: UUID, routed: Routed) -> None:
    """Give a queued ticket to whom routing found in its group, whose seat is taken already (T4)."""
    cause = AssignmentCause.ROUTED
    await assign_ticket(work, ticket_id, routed.staff_id, cause=cause, seated=True)


async def in_hand(session: AsyncSession, staff_id: UUID, limit: int) -> list[Pending]:
    """What somebody has to work on, what is due first first."""
    statement = (
        select(Ticket)
        .where(col(Ticket.assignee_staff_id) == staff_id, col(Ticket.status).in_(UNFINISHED))
        .order_by(col(Ticket.due_at), col(Ticket.ticket_id))
        .limit(limit)
    )
    return [_pending(ticket) for ticket in (await session.execute(statement)).scalars()]


async def hold_in_hand(session: AsyncSession, staff_id: UUID, limit: int) -> list[Pending]:
    """The same under the row locks of the tickets, taken in one order: before they change hands together."""
    return [_pending(ticket) for ticket in await store.lock_unfinished_of(session, staff_id, limit)]


async def chats_of(session: AsyncSession, staff_id: UUID, limit: int) -> list[Pending]:
    """Somebody's chats that are not finished."""
    statement = (
        select(Ticket)
        .where(
            col(Ticket.assignee_staff_id) == staff_id,
            col(Ticket.status).in_(UNFINISHED),
            col(Ticket.channel).in_(CHATS),
        )
        .limit(limit)
    )
    return [_pending(ticket) for ticket in (await session.execute(statement)).scalars()]


async def chats_queued(session: AsyncSession, groups: Sequence[str], before: datetime, limit: int) -> int:
    """How many chats of before that instant nobody has answered yet, in these groups' queues."""
    found = 0
    for group in groups:
        statement = _of_a_group(group, chats=True).where(col(Ticket.opened_at) < before).limit(limit)
        found += len((await session.execute(statement)).scalars().all())
    return found


def sought_of(ticket: Ticket) -> Sought:
    """What is sought for a ticket: the tier is the frozen one (T58)."""
    return Sought(
        kind=TicketKind(ticket.kind),
        category=ticket.category,
        shop=ticket.shop,
        tier=Tier(ticket.tier) if ticket.tier else None,
        channel=IntakeChannel(ticket.channel),
    )


def _of_a_group(group: str, *, chats: bool) -> Select[Any]:
    channel: ColumnElement[str] = literal_column(
        "'chat'"
    )  # as the indexes say it, so that they are found also when plans are kept
    of_the_channel = col(Ticket.channel) == channel if chats else col(Ticket.channel) != channel
    return _of_the_queue(select(col(Ticket.ticket_id))).where(col(Ticket.group_code) == group, of_the_channel)


def _of_the_queue(statement: Select[Any]) -> Select[Any]:
    return statement.where(col(Ticket.assignee_staff_id).is_(None), col(Ticket.status).in_(UNFINISHED))


def _pending(ticket: Ticket) -> Pending:
    status, channel = TicketStatus(ticket.status), IntakeChannel(ticket.channel)
    return Pending(ticket.ticket_id, ticket.number, status, channel, ticket.due_at)
