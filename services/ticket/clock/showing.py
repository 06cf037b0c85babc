"""Clocks as answers show them: of a ticket, what is late and by whom, and a clock's facts (T47)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.ticket.clock import ClockKind
from kit.problems import Problem
from kit.rows import row_of
from kit.session import Session
from kit.work import Work
from services.ticket.clock import store
from services.ticket.clock.models import Clock
from services.ticket.clock.policy import party_of
from services.ticket.clock.schemas import ClockFactPublic, ClockFilter, ClockPublic, Standing
from services.ticket.clock.state import UNFINISHED, ClockState
from services.ticket.sight import in_sight

_STANDINGS: dict[Standing | None, Sequence[ClockState]] = {
    None: UNFINISHED,
    Standing.RUNNING: (ClockState.RUNNING,),
    Standing.PAUSED: (ClockState.PAUSED, ClockState.BREACHED_PAUSED),
    Standing.BREACHED: (ClockState.BREACHED, ClockState.BREACHED_PAUSED),
}
_COLUMNS = {"kind": "kind", "owner": "owner_staff_id", "group": "group_code", "shop": "shop"}


async def clocks_of(session: Session, ticket_ids: Sequence[UUID]) -> dict[UUID, list[ClockPublic]]:
    """The latest clocks of each ticket, for answers; one query."""
    found: dict[UUID, list[ClockPublic]] = {ticket_id: [] for ticket_id in ticket_ids}
    for row in await store.of_tickets(session, ticket_ids):
        found[row["ticket_id"]].append(public(row))
    return found


def shown(clocks: Iterable[Clock]) -> list[ClockPublic]:
    """Clocks that are at hand, for answers."""
    return [public(row_of(clock)) for clock in clocks]


async def list_clocks(work: Work, query: ClockFilter, after: tuple[datetime, UUID] | None) -> Sequence[Any]:
    """Clocks that have not ended, of the shops of the caller's token (X1); one more than the page holds."""
    asked = {column: getattr(query, name) for name, column in _COLUMNS.items() if getattr(query, name) is not None}
    wanted = in_sight(work, asked)
    if any(not values for values in wanted.values()):
        return []
    states = _STANDINGS[query.state]
    return await store.page(work.session, states, wanted, query.before, after, query.limit + 1)


async def get_clock(work: Work, clock_id: UUID) -> Clock:
    """One clock. Raises Problem `not-found`, also for one of a shop out of sight (X1)."""
    clock = await store.get(work.session, clock_id)
    if clock is None or not work.actor.serves(clock.shop):
        raise Problem("not-found")
    return clock


async def list_facts(work: Work, clock_id: UUID, after: int, limit: int) -> Sequence[Any]:
    """What happened to a clock, in the order of its happening. Raises Problem `not-found`."""
    await get_clock(work, clock_id)
    return await store.facts(work.session, clock_id, after, limit)


def public(row: Mapping[str, Any]) -> ClockPublic:
    """A clock's row as an answer shows it."""
    shown = {
        **row,
        "group": row["group_code"],
        "party": party_of(ClockKind(row["kind"])),
        "late": row["breached_at"] is not None,
        "used_seconds": int(row["used"].total_seconds()),
        "due_at": row["due_at"] if row["running_since"] or row["ended_at"] else None,
        "business_hours": row["hours_version"] is not None,
    }
    return ClockPublic.model_validate(shown)


def public_fact(row: Mapping[str, Any]) -> ClockFactPublic:
    """A fact's row as an answer shows it."""
    shown = {**row, "group": row["group_code"], "used_seconds": int(row["used"].total_seconds())}
    return ClockFactPublic.model_validate(shown)
