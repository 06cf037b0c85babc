"""Use cases of single clocks: the ticket is locked and seen first, and says afterwards what is due first."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.clock.schemas import ClockPublic
from services.ticket.clock.showing import public
from services.ticket.clock.state import ClockLike
from services.ticket.ticket import service as tickets
from services.ticket.ticket.change import due_from_clocks

Change = Callable[[Work, UUID, UUID, str], Awaitable[tuple[ClockLike, datetime | None]]]


async def pause_clock(work: Work, ticket_id: UUID, clock_id: UUID, reason: str) -> ClockPublic:
    """暂停. Raises Problem `not-found`, `stale-version`; `transition-refused` for a clock that has ended, is paused
    by hand already, or never stands still."""
    return await _changed(work, ticket_id, clock_id, reason, clocks.hold)


async def resume_clock(work: Work, ticket_id: UUID, clock_id: UUID, reason: str) -> ClockPublic:
    """继续. Raises Problem `not-found`, `stale-version`; `transition-refused` for a clock nobody paused by hand."""
    return await _changed(work, ticket_id, clock_id, reason, clocks.release)


async def _changed(work: Work, ticket_id: UUID, clock_id: UUID, reason: str, change: Change) -> ClockPublic:
    ticket = await tickets.locked(work, ticket_id)
    clock, due_at = await change(work, ticket_id, clock_id, reason)
    before = ticket.due_at
    due_from_clocks(ticket, due_at)
    if ticket.due_at != before:
        ticket.version += 1
    return public(vars(clock))
