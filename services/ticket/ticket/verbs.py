"""The common life, verb by verb (T2): each takes a ticket from one status to the next."""

from datetime import datetime
from uuid import UUID

from contracts.ticket.ticket import TicketEvent, TicketKind, TicketStatus, WaitingOn
from kit.policies import in_force
from kit.work import Work
from services.ticket.procedure import service as procedures
from services.ticket.search import service as search
from services.ticket.ticket import lifecycle
from services.ticket.ticket.change import change, changed, locked, said
from services.ticket.ticket.handing import seat_again
from services.ticket.ticket.kinds import SolvedAs, with_outcome
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.policy import TICKET_LIFE


async def start_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """受理: take it up."""
    return await change(work, ticket_id, "start", lambda ticket: lifecycle.start(ticket, work.actor, work.now))


async def wait_with_ticket(work: Work, ticket_id: UUID, on: WaitingOn, reason: str) -> Ticket:
    """等待: it waits for somebody outside; while it waits for the customer its clocks stand still (T43)."""
    return await change(
        work, ticket_id, "wait", lambda ticket: lifecycle.wait(ticket, on, work.actor, work.now), reason=reason
    )


async def resume_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """继续: the wait is over."""
    return await change(work, ticket_id, "resume", lambda ticket: lifecycle.resume(ticket, work.actor, work.now))


async def solve_ticket(work: Work, ticket_id: UUID, solution: str, outcome: SolvedAs | None = None) -> Ticket:
    """解决: say what was done, and what became of a suggestion or a report. Raises Problem `steps-open` while
    required steps of its checklists aren't ticked off (T53)."""

    def solve(ticket: Ticket) -> TicketEvent:
        event = lifecycle.solve(ticket, work.actor, work.now)
        ticket.details = with_outcome(TicketKind(ticket.kind), ticket.details, outcome)
        ticket.solution = solution
        return event

    ticket = await locked(work, ticket_id)
    if "solve" in lifecycle.allowed(ticket):
        work.expect_version(ticket.version)
        await procedures.expect_done(work, ticket_id)
    await changed(work, ticket, "solve", solve)
    await index(work, ticket)
    return ticket


async def close_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """关单: the end."""
    return await change(work, ticket_id, "close", lambda ticket: lifecycle.close(ticket, work.actor, work.now))


async def reopen_ticket(work: Work, ticket_id: UUID, reason: str) -> Ticket:
    """重开: within the days that the policy gives; after them `transition-refused`, a follow-up is due (T2)."""
    ticket = await locked(work, ticket_id)
    if not await may_reopen(work, ticket):
        raise lifecycle.too_late(ticket)
    return await reopened(work, ticket, reason)


async def reopened(work: Work, ticket: Ticket, reason: str) -> Ticket:
    """Open a locked ticket again, for whoever had it if they have a hand free, else for the queue."""
    assignee = await seat_again(work, ticket) if "reopen" in lifecycle.allowed(ticket) else ticket.assignee_staff_id

    def reopen(it: Ticket) -> TicketEvent:
        it.assignee_staff_id = assignee
        return lifecycle.reopen(it, work.actor, work.now)

    return await changed(work, ticket, "reopen", reopen, reason=reason, seated=True)


async def cancel_ticket(work: Work, ticket_id: UUID, reason: str) -> Ticket:
    """撤单: opened by mistake, or no longer wanted."""
    return await change(
        work, ticket_id, "cancel", lambda ticket: lifecycle.cancel(ticket, work.actor, work.now), reason=reason
    )


async def may_reopen(work: Work, ticket: Ticket) -> bool:
    """Whether the days in which it can be taken up again are not over; of one that hasn't ended nothing is over."""
    ended_at: datetime | None = ticket.closed_at or ticket.solved_at
    if ended_at is None or ticket.status == TicketStatus.CANCELLED:
        return True
    life = await in_force(work.session, TICKET_LIFE, ticket.shop, work.now)
    return life.document.may_reopen(ended_at, work.now)


async def index(work: Work, ticket: Ticket) -> None:
    """Have it found by what it says now (T5)."""
    await search.index(work, ticket.ticket_id, ticket.shop, ticket.opened_at, *said(ticket))
