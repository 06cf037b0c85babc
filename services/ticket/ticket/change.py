"""One change of a ticket: under its row lock, with its events, its line in the trail, and what it means for the
clocks and for whose hands are full (T4, T43, T48, I1)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.ticket.complaint import ComplaintCategory
from contracts.ticket.ticket import (
    IntakeChannel,
    TicketEvent,
    TicketKind,
    TicketOutcome,
    TicketSource,
    TicketStatus,
    WaitingOn,
)  # fmt: skip
from kit import audit, outbox
from kit.http.edge import see_own
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.clock.lifecycle import Timed
from services.ticket.clock.policy import SlaCase
from services.ticket.copies import service as copies
from services.ticket.routing import service as routing
from services.ticket.ticket import store
from services.ticket.ticket.lifecycle import UNFINISHED, TicketLike
from services.ticket.ticket.models import Ticket

Told = TicketEvent | Sequence[TicketEvent]
# How a ticket ends without a verdict on its clocks.
_DROPPED = (TicketOutcome.CANCELLED, TicketOutcome.MERGED)


@dataclass(frozen=True, slots=True)
class Before:
    """What a ticket said before a change, as far as clocks, load and trail ask for it."""

    unfinished: bool
    waits_for_customer: bool
    hands: tuple[UUID | None, str | None]
    audited: dict[str, Any]

    @classmethod
    def of(cls, ticket: Ticket) -> "Before":
        """Note it."""
        waits = ticket.waiting_on == WaitingOn.CUSTOMER
        return cls(is_unfinished(ticket), waits, (ticket.assignee_staff_id, ticket.group_code), audited(ticket))


def is_unfinished(ticket: TicketLike) -> bool:
    """Whether somebody has to work on it."""
    return TicketStatus(ticket.status) in UNFINISHED


def timed(ticket: Ticket, emergency: bool = False) -> Timed:
    """The ticket as its clocks know it; a complaint of the emergency category is one by itself (T42), and a refund or
    an exchange names the course that it takes (T43)."""
    kind, course = TicketKind(ticket.kind), ticket.details.get("course")
    urgent = kind is TicketKind.COMPLAINT and ticket.category == ComplaintCategory.EMERGENCY
    return Timed(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        kind=kind,
        shop=ticket.shop,
        tier=Tier(ticket.tier) if ticket.tier else None,
        owner_staff_id=ticket.assignee_staff_id,
        group=ticket.group_code,
        unit_id=ticket.unit_id,
        emergency=emergency or urgent or kind is TicketKind.EMERGENCY,
        case=SlaCase(course) if course else None,
    )


def seen(work: Work, ticket: Ticket | None) -> Ticket:
    """The ticket, if there is one and the caller may know of it. Raises Problem `not-found` (T40, X1)."""
    if ticket is None or not work.actor.serves(ticket.shop):
        raise Problem("not-found")
    see_own(work, ticket.account_id, noun="ticket", aggregate_id=ticket.ticket_id)
    return ticket


async def locked(work: Work, ticket_id: UUID) -> Ticket:
    """The ticket under its row lock. Raises Problem `not-found`, also for one out of sight."""
    return seen(work, await store.get_for_update(work.session, ticket_id))


async def locked_all(work: Work, ticket_ids: Iterable[UUID]) -> dict[UUID, Ticket]:
    """The tickets under their row locks, taken in the order of their ids. Raises Problem `not-found` when one is
    out of sight."""
    wanted = set(ticket_ids)
    found = await store.lock_many(work.session, sorted(wanted))
    return {ticket_id: seen(work, found.get(ticket_id)) for ticket_id in wanted}


async def know_customers(work: Work, tickets: Iterable[Ticket]) -> None:
    """Fill in whose the tickets are whose customer's copy arrived after they were opened."""
    for ticket in tickets:
        if ticket.customer_id is None and ticket.account_id is not None:
            ticket.customer_id = await copies.customer_of_account(work.session, ticket.account_id)


async def change(
    work: Work, ticket_id: UUID, verb: str, how: Callable[[Ticket], Told], *, reason: str | None = None
) -> Ticket:
    """Take the ticket through a verb."""
    return await changed(work, await locked(work, ticket_id), verb, how, reason=reason)


async def changed(
    work: Work,
    ticket: Ticket,
    verb: str,
    how: Callable[[Ticket], Told],
    *,
    reason: str | None = None,
    seated: bool = False,
) -> Ticket:
    """Take a locked ticket through a verb, with all that belongs to it. `seated`: whoever has it now has a seat taken
    for it already. Raises Problem `stale-version`, and whatever the verb and the desk refuse."""
    work.expect_version(ticket.version)
    await know_customers(work, [ticket])
    before = Before.of(ticket)
    told = how(ticket)
    await settle(work, ticket, before, reason=reason, seated=seated)
    ticket.version += 1
    await outbox.record(work, ticket, *((told,) if isinstance(told, TicketEvent) else told))
    await write_down(work, ticket, verb, before.audited, audited(ticket), reason)
    return ticket


async def settle(work: Work, ticket: Ticket, before: Before, *, reason: str | None, seated: bool) -> None:
    """What a change means for the clocks, for what is due first, and for the seats of the desk."""
    await _seats(work, ticket, before, seated=seated)
    unfinished, facts = is_unfinished(ticket), timed(ticket)
    if before.unfinished and not unfinished:
        await (clocks.drop if ticket.outcome in _DROPPED else clocks.finish)(work, facts)
        due_from_clocks(ticket, None)
        return
    if not unfinished:
        return
    waits = ticket.waiting_on == WaitingOn.CUSTOMER
    if not before.unfinished:
        due_from_clocks(ticket, await clocks.reopen(work, facts))
    elif before.hands != (ticket.assignee_staff_id, ticket.group_code):
        await clocks.pass_on(work, facts)
    if waits and not before.waits_for_customer:
        due_from_clocks(ticket, await clocks.pause(work, facts, scrub(reason or "customer")))
    elif before.waits_for_customer and not waits:
        due_from_clocks(ticket, await clocks.resume(work, facts))


def due_from_clocks(ticket: Ticket, earliest: datetime | None) -> None:
    """Note what the clocks say is due first."""
    ticket.clock_due_at = earliest
    note_due(ticket)


def note_due(ticket: Ticket) -> None:
    """What is due first: the earliest clock or the marketplace's deadline; nothing once it has ended (T49)."""
    dues = [due for due in (ticket.clock_due_at, ticket.deadline_at) if due is not None]
    ticket.due_at = min(dues) if dues and is_unfinished(ticket) else None


async def write_down(
    work: Work,
    ticket: Ticket,
    verb: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str | None = None,
) -> None:
    """One line in the trail. People write anything into a reason, and the trail is for ever (X6, X7)."""
    why = scrub(reason) if reason else None
    await audit.record(work, verb, "ticket", ticket.ticket_id, before=before, after=after, reason=why)


def audited(ticket: Ticket) -> dict[str, Any]:
    """What the trail says of a ticket's state."""
    assignee = str(ticket.assignee_staff_id) if ticket.assignee_staff_id else None
    return {
        "status": ticket.status,
        "waiting_on": ticket.waiting_on,
        "assignee": assignee,
        "group": ticket.group_code,
    }


def said(ticket: Ticket) -> tuple[list[str | None], list[str | None]]:
    """What the ticket says: to everybody who may see it, and to the house alone (T1, T5)."""
    if ticket.source == TicketSource.STOREFRONT:
        return [ticket.subject, ticket.description, ticket.solution], []
    return [ticket.subject, ticket.solution], [ticket.description]


async def _seats(work: Work, ticket: Ticket, before: Before, *, seated: bool) -> None:
    """Whoever no longer has to work on it has a hand free, whoever has to now has one less (T4)."""
    held = before.hands[0] if before.unfinished else None
    holds = ticket.assignee_staff_id if is_unfinished(ticket) else None
    if held == holds:
        return
    channel = IntakeChannel(ticket.channel)
    if held is not None and holds is not None:
        await routing.lock_seats(work, [held, holds])  # in one order, lest two who swap tickets wait for each other
    if held is not None:
        await routing.release(work, held, channel)
    if holds is not None and not seated:
        await routing.take(work, holds, channel)
