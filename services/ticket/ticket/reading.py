"""Tickets as their readers see them: what the house notes for itself is not for buyers and storefronts (T1, X6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from contracts.ticket.ticket import TicketSource
from kit import audit
from kit.problems import Problem
from kit.tables import audit as trail
from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.clock.schemas import ClockPublic
from services.ticket.copies import service as copies
from services.ticket.sight import Wanted, in_sight, sees_notes
from services.ticket.ticket import store
from services.ticket.ticket.change import seen
from services.ticket.ticket.lifecycle import allowed, state_of
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.opening import Opened
from services.ticket.ticket.schemas import ClockShort, TicketFilter, TicketPublic
from services.ticket.ticket.store import Span

# What nobody outside the house may ask by: else the answer would tell what it leaves out.
_OF_THE_HOUSE = frozenset(
    {"assignee_staff_id", "group", "unit_id", "tag", "category", "watcher_staff_id", "unassigned", "priority", "sort"}
)
_HIDDEN: dict[str, Any] = {
    "tier": None, "assignee_staff_id": None, "group": None, "unit_id": None, "watcher_staff_ids": (), "tags": (),
    "details": {}, "category": None, "opened_by_staff_id": None, "deadline_at": None, "version_stamp": None,
    "due_at": None, "clocks": (),
}  # fmt: skip
_COLUMNS = {"tag": "tag", "group": "group_code", "watcher_staff_id": "watcher_staff_id"}
_NO_COLUMNS = {"limit", "cursor", "sort", "unassigned", "opened_from", "opened_to"}
_SOMEBODY = "staff"


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of tickets, and the place to go on from when there are more."""

    tickets: Sequence[TicketPublic]
    next_after: list[str] | None


async def get_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """The ticket. Raises Problem `not-found`, also for another buyer's or another shop's (T40)."""
    return seen(work, await store.get(work.session, ticket_id))


async def surviving(work: Work, ticket: Ticket) -> Ticket:
    """Where a ticket's matter is dealt with: itself, of a merged one the one it came into in the end (T3)."""
    if ticket.merged_into is None:
        return ticket
    return await get_ticket(work, await store.surviving(work.session, ticket.ticket_id))


async def list_tickets(work: Work, query: TicketFilter, after: Sequence[Any] | None) -> Listed:
    """Tickets of the shops of the caller's token, of a buyer's token that buyer's own (X1, X6). Raises Problem
    `forbidden` for a question about what the caller isn't shown."""
    wanted = await _wanted(work, query)
    span = Span(query.opened_from, query.opened_to)
    found = await store.page(work.session, wanted, span, query.sort, after, query.limit + 1)
    shown = found[: query.limit]
    last = store.place_of(shown[-1], query.sort) if len(found) > query.limit else None
    return Listed(await show_all(work, shown), last)


async def count_tickets(work: Work, query: TicketFilter, most: int) -> int:
    """How many such tickets there are, counted no further than `most`. Raises as `list_tickets` does."""
    wanted = await _wanted(work, query)
    return await store.count(work.session, wanted, Span(query.opened_from, query.opened_to), query.sort, most)


async def history(work: Work, ticket_id: UUID, before_id: int | None, limit: int) -> Sequence[RowMapping]:
    """What was done to a ticket, by whom and when, newest first (X7); `limit` rows from below that one on."""
    ticket = await get_ticket(work, ticket_id)
    nouns = trail.c.noun.in_({"ticket", ticket.kind})
    return await audit.page(work.session, [nouns, trail.c.aggregate_id == ticket_id], before_id, limit)


async def clocks_of(work: Work, ticket_id: UUID) -> Sequence[ClockPublic]:
    """The clocks of a ticket, with what they measured (T43, T47)."""
    ticket = await get_ticket(work, ticket_id)
    return (await clocks.clocks_of(work.session, [ticket.ticket_id]))[ticket.ticket_id]


async def show(work: Work, ticket: Ticket) -> TicketPublic:
    """The ticket with its clocks, as the caller may see it."""
    return (await show_all(work, [ticket]))[0]


def show_new(work: Work, opened: Opened) -> TicketPublic:
    """The same for one that was opened just now: its clocks are at hand."""
    if not sees_notes(work):
        return _outside(work, opened.ticket)
    return describe(opened.ticket, clocks.shown(opened.clocks))


async def show_all(work: Work, tickets: Sequence[Ticket]) -> list[TicketPublic]:
    """Tickets with their clocks, as the caller may see them; one question for all clocks."""
    if not sees_notes(work):
        return [_outside(work, ticket) for ticket in tickets]
    await work.session.flush()  # what has just been done to them shows, too
    running = await clocks.clocks_of(work.session, [ticket.ticket_id for ticket in tickets])
    return [describe(ticket, running[ticket.ticket_id]) for ticket in tickets]


def describe(ticket: Ticket, running: Sequence[ClockPublic] = ()) -> TicketPublic:
    """The ticket as an answer for the house shows it."""
    return TicketPublic(
        **dict(state_of(ticket)),
        version=ticket.version,
        subject=ticket.subject,
        description=ticket.description,
        details=ticket.details,
        tags=tuple(ticket.tags),
        solution=ticket.solution,
        outcome=ticket.outcome,
        merged_into=ticket.merged_into,
        deadline_at=ticket.deadline_at,
        version_stamp=ticket.version_stamp,
        due_at=ticket.due_at,
        times_reopened=ticket.times_reopened,
        allowed=allowed(ticket),
        clocks=tuple(ClockShort.model_validate(clock, from_attributes=True) for clock in running),
    )


async def _wanted(work: Work, query: TicketFilter) -> Wanted:
    """What each column may say: what is asked for, as far as the caller may see it."""
    asked = query.model_dump(exclude=_NO_COLUMNS, exclude_none=True)
    if not sees_notes(work) and _OF_THE_HOUSE & query.model_fields_set:
        raise Problem("forbidden")
    wanted = dict(in_sight(work, {_COLUMNS.get(name, name): value for name, value in asked.items()}))
    if query.customer_id is not None:
        wanted["customer_id"] = await copies.files_of(work.session, query.customer_id)
    if query.unassigned:
        wanted["assignee_staff_id"] = [None]
    return wanted


def _outside(work: Work, ticket: Ticket) -> TicketPublic:
    """The ticket for its customer: without what the house notes for itself."""
    own = ticket.source == TicketSource.STOREFRONT
    hidden = {
        **_HIDDEN,
        "description": ticket.description if own else None,
        "opened_by": ticket.opened_by if ticket.opened_by == work.actor.subject else _SOMEBODY,
    }
    return describe(ticket).model_copy(update=hidden)
