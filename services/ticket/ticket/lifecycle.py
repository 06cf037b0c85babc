"""The common life of a ticket (T2): one table, and the verbs that move a ticket and tell about it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.ticket.ticket import (
    AssignmentCause,
    IntakeChannel,
    Priority,
    TicketAssigned,
    TicketCancelled,
    TicketClosed,
    TicketKind,
    TicketOpened,
    TicketOutcome,
    TicketReopened,
    TicketSolved,
    TicketSource,
    TicketState,
    TicketStatus,
    TicketWaiting,
    WaitingOn,
)  # fmt: skip
from kit.lifecycle import Lifecycle
from kit.principals import Principal
from kit.problems import Problem

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


class TicketLike(Protocol):
    """A ticket as the table holds it."""

    ticket_id: UUID
    number: str
    kind: str
    shop: str
    status: str
    waiting_on: str | None
    customer_id: UUID | None
    account_id: UUID | None
    order_id: UUID | None
    order_no: str | None
    assignee_staff_id: UUID | None
    opened_by: str
    opened_by_staff_id: UUID | None
    priority: str
    channel: str
    opened_at: datetime
    solved_at: datetime | None
    closed_at: datetime | None
    times_reopened: int
    touched_by: list[str]


def state_of(ticket: TicketLike) -> TicketState:
    """All that others may know of the ticket; every ticket event carries it."""
    return TicketState(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        kind=TicketKind(ticket.kind),
        shop=ticket.shop,
        status=TicketStatus(ticket.status),
        waiting_on=WaitingOn(ticket.waiting_on) if ticket.waiting_on else None,
        customer_id=ticket.customer_id,
        account_id=ticket.account_id,
        order_id=ticket.order_id,
        order_no=ticket.order_no,
        assignee_staff_id=ticket.assignee_staff_id,
        opened_by=ticket.opened_by,
        opened_by_staff_id=ticket.opened_by_staff_id,
        priority=Priority(ticket.priority),
        channel=IntakeChannel(ticket.channel),
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
    )


def opened(ticket: TicketLike, source: TicketSource) -> TicketOpened:
    """受理: what is told when a ticket is there."""
    return TicketOpened(ticket=state_of(ticket), source=source)


def assign(ticket: TicketLike, staff_id: UUID, cause: AssignmentCause, by: Principal, at: datetime) -> TicketAssigned:
    """派单: give it to somebody (T4). Not a change of status; refused when the ticket has ended."""
    if TicketStatus(ticket.status) not in UNFINISHED:
        raise LIFE.refusal(TicketStatus(ticket.status), "assign")
    before, ticket.assignee_staff_id = ticket.assignee_staff_id, staff_id
    return TicketAssigned(
        ticket=state_of(ticket), assignee_before=before, cause=cause, assigned_by=by.subject, assigned_at=at
    )


def start(ticket: TicketLike, by: Principal, at: datetime) -> TicketAssigned:
    """受理: somebody takes it up; it is theirs unless it was given to somebody already."""
    LIFE.move(ticket, "start")
    before = ticket.assignee_staff_id
    ticket.assignee_staff_id = before or by.staff_id
    touch(ticket, by)
    return TicketAssigned(
        ticket=state_of(ticket),
        assignee_before=before,
        cause=AssignmentCause.TAKEN,
        assigned_by=by.subject,
        assigned_at=at,
    )


def wait(ticket: TicketLike, on: WaitingOn, by: Principal, at: datetime) -> TicketWaiting:
    """等待: it waits for somebody outside (T2)."""
    LIFE.move(ticket, "wait")
    ticket.waiting_on = on.value
    touch(ticket, by)
    return TicketWaiting(ticket=state_of(ticket), set_by=by.subject, since=at)


def resume(ticket: TicketLike, by: Principal, at: datetime) -> TicketWaiting:
    """继续: the wait is over; told as a `ticket.waiting` that waits for nobody."""
    LIFE.move(ticket, "resume")
    ticket.waiting_on = None
    touch(ticket, by)
    return TicketWaiting(ticket=state_of(ticket), set_by=by.subject, since=at)


def solve(ticket: TicketLike, by: Principal, at: datetime) -> TicketSolved:
    """解决: the work is done, the customer may still object (T2)."""
    LIFE.move(ticket, "solve")
    ticket.waiting_on, ticket.solved_at = None, at
    touch(ticket, by)
    return TicketSolved(ticket=state_of(ticket), staff_id=by.staff_id, solved_by=by.subject, solved_at=at)


def close(ticket: TicketLike, by: Principal, at: datetime) -> TicketClosed:
    """关单: the end (T2)."""
    LIFE.move(ticket, "close")
    ticket.closed_at = at
    touch(ticket, by)
    return TicketClosed(
        ticket=state_of(ticket),
        outcome=TicketOutcome.SOLVED,
        touched_by=tuple(UUID(staff_id) for staff_id in ticket.touched_by),
        times_reopened=ticket.times_reopened,
        closed_by=by.subject,
    )


def too_late(ticket: TicketLike) -> Problem:
    """The 409 of a reopening after the window: the drawing would allow it, the time doesn't (T2)."""
    status = TicketStatus(ticket.status)
    refusal = LIFE.refusal(status, "reopen")
    refusal.facts["allowed"] = [verb for verb in LIFE.allowed(status) if verb != "reopen"]
    return refusal


def reopen(ticket: TicketLike, by: Principal, at: datetime) -> TicketReopened:
    """重开: within the window that the policy gives (T2)."""
    LIFE.move(ticket, "reopen")
    ticket.solved_at = ticket.closed_at = None
    ticket.times_reopened += 1
    touch(ticket, by)
    return TicketReopened(
        ticket=state_of(ticket), times_reopened=ticket.times_reopened, reopened_by=by.subject, reopened_at=at
    )


def cancel(ticket: TicketLike, by: Principal, at: datetime) -> TicketCancelled:
    """撤单: opened by mistake, or no longer wanted (T2)."""
    LIFE.move(ticket, "cancel")
    ticket.waiting_on, ticket.closed_at = None, at
    return TicketCancelled(ticket=state_of(ticket), cancelled_by=by.subject, cancelled_at=at)


def touch(ticket: TicketLike, by: Principal) -> None:
    """Remember who worked on it, in the order of their first touch (A21)."""
    if by.staff_id is not None and str(by.staff_id) not in ticket.touched_by:
        ticket.touched_by = [*ticket.touched_by, str(by.staff_id)]
