"""In whose hands a ticket is (T4): given to somebody or to a group, taken, released, escalated."""

from uuid import UUID

from contracts.appraisal.staff import StaffRole, StaffStatus
from contracts.ticket.ticket import AssignmentCause, IntakeChannel, Priority, TicketEvent
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.group import service as groups
from services.ticket.routing import service as routing
from services.ticket.ticket import lifecycle
from services.ticket.ticket.change import changed, is_unfinished, locked
from services.ticket.ticket.lifecycle import Hands
from services.ticket.ticket.models import Ticket

_RAISED = {Priority.LOW: Priority.NORMAL, Priority.NORMAL: Priority.HIGH, Priority.HIGH: Priority.URGENT}
_LEADS = (StaffRole.SUPERVISOR, StaffRole.MANAGER)


async def assign_ticket(
    work: Work,
    ticket_id: UUID,
    staff_id: UUID | None = None,
    group: str | None = None,
    *,
    cause: AssignmentCause = AssignmentCause.TRANSFERRED,
    reason: str | None = None,
    seated: bool = False,
) -> Ticket:
    """派单: give it to somebody, or to a group for whoever of it has a hand free (T4). Whoever hands over or
    dispatches says so by `cause`, and by `seated` that the seat is taken already.

    Raises Problem `not-found`, `not-yet-known` and `invalid-request` for a member of staff or a group who can't have
    it, `transition-refused` when it has ended, `desk-full`.
    """
    if staff_id is not None:
        await copies.expect_staff(work, staff_id)
    ticket = await locked(work, ticket_id)
    await _expect_group(work, group, ticket.shop)
    to = Hands(staff_id, group or ticket.group_code, cause)
    return await hand(work, ticket, "assign", to, reason=reason, seated=seated)


async def take_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """领取: take a ticket that nobody has. Raises Problem `already-taken` when somebody has."""
    ticket = await locked(work, ticket_id)
    if work.actor.staff_id is None:
        raise Problem("forbidden", permission="ticket:work")
    if is_unfinished(ticket) and ticket.assignee_staff_id is not None:
        raise Problem("already-taken", assignee_staff_id=str(ticket.assignee_staff_id))
    return await hand(work, ticket, "take", Hands(work.actor.staff_id, ticket.group_code, AssignmentCause.TAKEN))


async def release_ticket(work: Work, ticket_id: UUID, reason: str) -> Ticket:
    """退回队列: whoever has it can't go on with it; it waits in its group's queue again (T4)."""
    ticket = await locked(work, ticket_id)
    to = Hands(None, ticket.group_code, AssignmentCause.RELEASED)
    return await hand(work, ticket, "release", to, reason=reason)


async def escalate_ticket(
    work: Work, ticket_id: UUID, staff_id: UUID | None, group: str | None, reason: str
) -> Ticket:
    """升级: to a lead or to another group, one step more urgent (T4). Raises Problem `invalid-request` for somebody
    who leads nobody, and those of `assign_ticket`."""
    if staff_id is not None:
        await copies.expect_staff(work, staff_id)
        if await copies.staff_role(work.session, staff_id) not in _LEADS:
            raise invalid("/staff_id", "只能升级给主管或经理", "must be a supervisor or a manager")
    ticket = await locked(work, ticket_id)
    await _expect_group(work, group, ticket.shop)
    to = Hands(staff_id, group or ticket.group_code, AssignmentCause.ESCALATED)
    return await hand(work, ticket, "escalate", to, reason=reason)


async def hand(
    work: Work, ticket: Ticket, verb: str, to: Hands, *, reason: str | None = None, seated: bool = False
) -> Ticket:
    """Put a locked ticket into other hands."""

    def given(it: Ticket) -> TicketEvent:
        if to.cause is AssignmentCause.ESCALATED:
            it.priority = _RAISED.get(Priority(it.priority), Priority.URGENT)
        return lifecycle.assign(it, to, work.actor, work.now)

    return await changed(work, ticket, verb, given, reason=reason, seated=seated)


async def seat_again(work: Work, ticket: Ticket) -> UUID | None:
    """Whoever had it, if they are still here and have a hand free, whose seat is taken; else nobody: it goes back to
    the queue (T2, T4)."""
    staff_id = ticket.assignee_staff_id
    if staff_id is None or await copies.staff_status(work.session, staff_id) in (
        StaffStatus.LEFT,
        StaffStatus.SUSPENDED,
    ):
        return None
    try:
        await routing.take(work, staff_id, IntakeChannel(ticket.channel))
    except Problem as refused:
        if refused.slug != "desk-full":
            raise
        return None
    return staff_id


async def _expect_group(work: Work, code: str | None, shop: str) -> None:
    """Raises Problem `invalid-request` for a group that gets no tickets of that shop."""
    if code is None:
        return
    here = [group for group in await groups.active(work.session) if not group.shops or shop in group.shops]
    if code not in {group.code for group in here}:
        raise invalid("/group", "没有接待该店铺的此组", "is no group that works for this shop")
