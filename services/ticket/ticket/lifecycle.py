"""The common life of a ticket (T2): one table, and the verbs that move a ticket and tell about it.

Kinds with stages of their own have their status from them (`derived.py`); what everybody does with a ticket, whatever
its kind (giving it to somebody, watching it), is here.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.ticket.ticket import (
    AssignmentCause,
    TicketAssigned,
    TicketCancelled,
    TicketClosed,
    TicketKind,
    TicketOpened,
    TicketOutcome,
    TicketReopened,
    TicketSolved,
    TicketStatus,
    TicketWaiting,
    WaitingOn,
)  # fmt: skip
from kit.lifecycle import Lifecycle
from kit.principals import Principal
from kit.problems import Problem
from services.ticket.ticket.state import Opening, Sorting, TicketLike, state_of, touch

__all__ = ["Opening", "Sorting", "TicketLike", "state_of", "touch"]

_S = TicketStatus
LIFE = Lifecycle(
    noun="ticket",
    states=TicketStatus,
    initial=_S.NEW,
    table={
        "start": {_S.NEW: _S.OPEN},
        "wait": {_S.OPEN: _S.WAITING, _S.WAITING: _S.WAITING},
        "resume": {_S.WAITING: _S.OPEN},
        "solve": {_S.OPEN: _S.SOLVED, _S.WAITING: _S.SOLVED},
        "close": {_S.SOLVED: _S.CLOSED},
        "reopen": {_S.SOLVED: _S.OPEN, _S.CLOSED: _S.OPEN},
        "cancel": {_S.NEW: _S.CANCELLED, _S.OPEN: _S.CANCELLED, _S.WAITING: _S.CANCELLED},
    },
)
# A ticket in one of these is being worked on; an order has at most one such inquiry from its flag (T32).
UNFINISHED = (_S.NEW, _S.OPEN, _S.WAITING)
# These live the common life alone; the status of the others follows from their stages.
COMMON = frozenset({TicketKind.INQUIRY, TicketKind.SUGGESTION, TicketKind.FAULT_REPORT, TicketKind.MERCHANT_REPORT})
# What anybody may do with a ticket that is worked on, whatever its kind: none of it is a change of status.
HANDING = ("assign", "take", "release", "escalate")


def allowed(ticket: TicketLike) -> list[str]:
    """The verbs that its status allows; of a ticket with stages only those that are nobody's but the desk's; of one
    that has become part of another none."""
    status = TicketStatus(ticket.status)
    if ticket.merged_into is not None:
        return []
    if TicketKind(ticket.kind) in COMMON:
        return LIFE.allowed(status)
    return list(HANDING) if status in UNFINISHED else []


def refusal(ticket: TicketLike, verb: str) -> Problem:
    """The 409 that names what is allowed; of a ticket that was merged, also where it went (T3)."""
    refused = LIFE.refusal(TicketStatus(ticket.status), verb)
    refused.facts["allowed"] = allowed(ticket)
    if ticket.merged_into is not None:
        refused.facts["merged_into"] = str(ticket.merged_into)
    return refused


def move(ticket: TicketLike, verb: str) -> None:
    """Take it through a verb of the common life. Raises Problem `transition-refused` where that isn't drawn, and for
    a kind whose status follows from its stages."""
    drawn = TicketStatus(ticket.status) in LIFE.table[verb]
    if not drawn or TicketKind(ticket.kind) not in COMMON or ticket.merged_into is not None:
        raise refusal(ticket, verb)
    LIFE.move(ticket, verb)


def opened(ticket: TicketLike, opening: Opening) -> TicketOpened:
    """受理: what is told when a ticket is there."""
    return TicketOpened(
        ticket=state_of(ticket),
        source=opening.source,
        follows_ticket_id=opening.follows_ticket_id,
        parent_ticket_id=opening.parent_ticket_id,
    )


@dataclass(frozen=True, slots=True)
class Hands:
    """In whose hands a ticket is to be: somebody's, or the queue's of a group; and why."""

    staff_id: UUID | None
    group: str | None
    cause: AssignmentCause


def assign(ticket: TicketLike, to: Hands, by: Principal, at: datetime) -> TicketAssigned:
    """派单: give it to somebody or to a group (T4). Not a change of status; refused when the ticket has ended."""
    if TicketStatus(ticket.status) not in UNFINISHED:
        raise refusal(ticket, _HANDED[to.cause])
    before, group_before = ticket.assignee_staff_id, ticket.group_code
    ticket.assignee_staff_id, ticket.group_code = to.staff_id, to.group
    return TicketAssigned(
        ticket=state_of(ticket),
        assignee_before=before,
        group_before=group_before,
        cause=to.cause,
        assigned_by=by.subject,
        assigned_at=at,
    )


_C = AssignmentCause
_HANDED = dict.fromkeys(_C, "assign") | {_C.TAKEN: "take", _C.RELEASED: "release", _C.ESCALATED: "escalate"}


def start(ticket: TicketLike, by: Principal, at: datetime) -> TicketAssigned:
    """受理: somebody takes it up; it is theirs unless it was given to somebody already."""
    move(ticket, "start")
    return taken_up(ticket, by, at)


def taken_up(ticket: TicketLike, by: Principal, at: datetime) -> TicketAssigned:
    """What is told when somebody begins with it."""
    before = ticket.assignee_staff_id
    ticket.assignee_staff_id = before or by.staff_id
    touch(ticket, by)
    return TicketAssigned(
        ticket=state_of(ticket),
        assignee_before=before,
        group_before=ticket.group_code,
        cause=AssignmentCause.TAKEN,
        assigned_by=by.subject,
        assigned_at=at,
    )


def wait(ticket: TicketLike, on: WaitingOn, by: Principal, at: datetime) -> TicketWaiting:
    """等待: it waits for somebody outside (T2)."""
    move(ticket, "wait")
    ticket.waiting_on = on.value
    touch(ticket, by)
    return TicketWaiting(ticket=state_of(ticket), set_by=by.subject, since=at)


def resume(ticket: TicketLike, by: Principal, at: datetime) -> TicketWaiting:
    """继续: the wait is over; told as a `ticket.waiting` that waits for nobody."""
    move(ticket, "resume")
    ticket.waiting_on = None
    touch(ticket, by)
    return TicketWaiting(ticket=state_of(ticket), set_by=by.subject, since=at)


def solve(ticket: TicketLike, by: Principal, at: datetime) -> TicketSolved:
    """解决: the work is done, the customer may still object (T2)."""
    move(ticket, "solve")
    return settled(ticket, by, at)


def settled(ticket: TicketLike, by: Principal, at: datetime) -> TicketSolved:
    """What is told when the work is done."""
    ticket.waiting_on, ticket.solved_at, ticket.solved_by_staff_id = None, at, by.staff_id
    touch(ticket, by)
    return TicketSolved(ticket=state_of(ticket), staff_id=by.staff_id, solved_by=by.subject, solved_at=at)


def close(ticket: TicketLike, by: Principal, at: datetime) -> TicketClosed:
    """关单: the end (T2)."""
    move(ticket, "close")
    return ended(ticket, TicketOutcome.SOLVED, by, at)


def ended(
    ticket: TicketLike, outcome: TicketOutcome, by: Principal, at: datetime, *, promise_kept: bool | None = None
) -> TicketClosed:
    """What is told at the end, however it came."""
    ticket.waiting_on, ticket.closed_at, ticket.outcome = None, at, outcome.value
    touch(ticket, by)
    return TicketClosed(
        ticket=state_of(ticket),
        outcome=outcome,
        touched_by=tuple(UUID(staff_id) for staff_id in ticket.touched_by),
        times_reopened=ticket.times_reopened,
        promise_kept=promise_kept,
        closed_by=by.subject,
    )


def too_late(ticket: TicketLike) -> Problem:
    """The 409 of a reopening after the window: the drawing would allow it, the time doesn't (T2)."""
    refused = refusal(ticket, "reopen")
    refused.facts["allowed"] = [verb for verb in allowed(ticket) if verb != "reopen"]
    return refused


def reopen(ticket: TicketLike, by: Principal, at: datetime) -> TicketReopened:
    """重开: within the window that the policy gives (T2)."""
    move(ticket, "reopen")
    return back(ticket, by, at)


def back(ticket: TicketLike, by: Principal, at: datetime) -> TicketReopened:
    """What is told when a solved or closed one is worked on again; who had solved it is told with it (A19)."""
    solver = ticket.solved_by_staff_id
    ticket.solved_at = ticket.closed_at = ticket.outcome = ticket.solved_by_staff_id = None
    ticket.times_reopened += 1
    touch(ticket, by)
    return TicketReopened(
        ticket=state_of(ticket),
        times_reopened=ticket.times_reopened,
        solved_by_staff_id=solver,
        reopened_by=by.subject,
        reopened_at=at,
    )


def cancel(ticket: TicketLike, by: Principal, at: datetime) -> TicketCancelled:
    """撤单: opened by mistake, or no longer wanted (T2)."""
    move(ticket, "cancel")
    return called_off(ticket, by, at)


def called_off(ticket: TicketLike, by: Principal, at: datetime) -> TicketCancelled:
    """What is told when nothing is to be done any more."""
    ticket.waiting_on, ticket.closed_at, ticket.outcome = None, at, TicketOutcome.CANCELLED.value
    return TicketCancelled(ticket=state_of(ticket), cancelled_by=by.subject, cancelled_at=at)
