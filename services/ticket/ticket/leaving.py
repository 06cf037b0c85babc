"""离职与停职: the unfinished tickets of whoever has left or is suspended go back to the queue (T4).

It happens in the transaction that keeps the news, a bounded number of tickets at a time; what is left is the timer's.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.appraisal.staff import StaffEvent, StaffStatus
from contracts.ticket.ticket import AssignmentCause, IntakeChannel, TicketEvent
from kit import audit, outbox, timers
from kit.envelope import Delivery
from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.copies import service as copies
from services.ticket.routing import service as routing
from services.ticket.ticket import lifecycle, store
from services.ticket.ticket.change import audited, timed
from services.ticket.ticket.lifecycle import Hands
from services.ticket.ticket.models import Ticket

RETURN_TIMER = "ticket-return"
AT_ONCE = 200
_GONE = (StaffStatus.LEFT, StaffStatus.SUSPENDED)


async def keep_staff(work: Work, deliveries: Sequence[Delivery[StaffEvent]]) -> None:
    """Keep the copies of staff; what those who are gone were working on goes back to the queue."""
    await copies.keep_staff(work, deliveries)
    newest = {delivery.event.staff.staff_id: delivery.event.staff.status for delivery in deliveries}
    for staff_id in sorted(one for one, status in newest.items() if status in _GONE):
        await return_tickets(work, staff_id, {})


async def return_tickets(work: Work, staff_id: UUID, facts: Mapping[str, Any]) -> None:
    """Give up to `AT_ONCE` of their unfinished tickets back to the queue; the timer goes on with the rest."""
    if await copies.staff_status(work.session, staff_id) not in _GONE:
        return  # back before the timer came to the rest
    tickets = await store.lock_unfinished_of(work.session, staff_id, AT_ONCE)
    told: list[tuple[TicketEvent, int]] = []
    trail = []
    for ticket in tickets:
        before = audited(ticket)
        told.append((_left(work, ticket), ticket.event_seq))
        trail.append(audit.entry(work, "release", "ticket", ticket.ticket_id, before=before, after=audited(ticket)))
        await routing.release(work, staff_id, IntakeChannel(ticket.channel))
        await clocks.pass_on(work, timed(ticket))
    await outbox.record_many(work, told)
    await audit.record_many(work, trail)
    if len(tickets) == AT_ONCE:
        rounds = int(facts.get("rounds", 0)) + 1
        at_once = work.now - timedelta(microseconds=rounds)  # a timer of its own, also within one instant
        await timers.start(work, RETURN_TIMER, staff_id, at_once, {"rounds": rounds})


def _left(work: Work, ticket: Ticket) -> TicketEvent:
    to = Hands(None, ticket.group_code, AssignmentCause.LEFT)
    event = lifecycle.assign(ticket, to, work.actor, work.now)
    ticket.version += 1
    ticket.event_seq += 1
    return event
