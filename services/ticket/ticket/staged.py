"""For kinds with stages of their own: what their rooms do with the ticket they share with all others (T2).

A room locks the ticket, moves its own stages, and then says what they come to; the status, its events, the clocks and
the load of the desk follow here, in one place for all kinds.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from uuid import UUID

from contracts.ticket.clock import ClockKind, ClockParty
from contracts.ticket.ticket import TicketKind, TicketOutcome, TicketStatus, WaitingOn
from kit.problems import Problem
from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.clock.lifecycle import Timed
from services.ticket.clock.policy import party_of
from services.ticket.ticket import derived, lifecycle, store
from services.ticket.ticket.change import changed, due_from_clocks, locked, timed
from services.ticket.ticket.derived import Derived
from services.ticket.ticket.handing import seat_again
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.verbs import may_reopen

Leg = tuple[ClockKind, Literal["start", "meet", "drop"]]
_ENDED = (TicketStatus.SOLVED, TicketStatus.CLOSED)


async def lock(work: Work, ticket_id: UUID, kind: TicketKind) -> Ticket:
    """The ticket under its row lock. Raises Problem `not-found`, also for one out of sight or of another kind."""
    ticket = await locked(work, ticket_id)
    if ticket.kind != kind:
        raise Problem("not-found")
    return ticket


async def follow(
    work: Work,
    ticket: Ticket,
    status: TicketStatus,
    *,
    verb: str,
    waiting_on: WaitingOn | None = None,
    outcome: TicketOutcome | None = None,
    promise_kept: bool | None = None,
    reason: str | None = None,
) -> None:
    """Bring the ticket's status to what its stages say; told only when that changes it, written down always.

    `verb` is the room's own. Raises Problem `stale-version`, and `transition-refused` for a closed ticket whose days
    for reopening are over (T2).
    """
    store.watched(work.session, ticket)
    to = Derived(status, waiting_on, outcome, promise_kept)
    again = ticket.status in _ENDED and status not in _ENDED
    if again and ticket.status == TicketStatus.CLOSED and not await may_reopen(work, ticket):
        raise lifecycle.too_late(ticket)
    assignee = await seat_again(work, ticket) if again else ticket.assignee_staff_id

    def followed(it: Ticket) -> derived.Told:
        it.assignee_staff_id = assignee
        return derived.follow(it, to, work.actor, work.now)

    await changed(work, ticket, verb, followed, reason=reason, seated=again)


async def run_legs(work: Work, ticket: Ticket, legs: Sequence[Leg]) -> None:
    """Start and meet clocks of a locked or new ticket's legs, or drop those that aren't due any more, and note what
    is due first then (T47)."""
    store.watched(work.session, ticket)
    for kind, verb in legs:
        match verb:
            case "start":
                due_at = await clocks.start_leg(work, _owed(ticket, kind), kind)
            case "meet":
                due_at = await clocks.meet_leg(work, timed(ticket), kind)
            case "drop":
                due_at = await clocks.drop_leg(work, timed(ticket), kind, "dropped")
        due_from_clocks(ticket, due_at)


def _owed(ticket: Ticket, kind: ClockKind) -> Timed:
    """The ticket as the clock of a leg knows it: what isn't the desk's to do is nobody's of the desk (T47)."""
    facts = timed(ticket)
    return facts if party_of(kind) is ClockParty.DESK else replace(facts, owner_staff_id=None)
