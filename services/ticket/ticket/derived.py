"""The status of a ticket whose kind has stages (T2): derived by the kind's own room, told here.

The room says what the stages come to; this says which events that makes, so that whoever listens to tickets needs to
know nothing of stages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.ticket.ticket import TicketEvent, TicketOutcome, TicketStatus, TicketWaiting, WaitingOn
from kit.lifecycle import Lifecycle
from kit.principals import Principal
from services.ticket.ticket import lifecycle
from services.ticket.ticket.lifecycle import TicketLike

_S = TicketStatus
Told = Sequence[TicketEvent]
# Keyed by where the stages lead: a ticket never becomes new again, and what was cancelled stays so.
FOLLOWED = Lifecycle(
    noun="ticket",
    states=TicketStatus,
    initial=_S.NEW,
    table={
        _S.NEW.value: {},
        _S.OPEN.value: dict.fromkeys((_S.NEW, _S.WAITING, _S.SOLVED, _S.CLOSED), _S.OPEN),
        _S.WAITING.value: dict.fromkeys((_S.NEW, _S.OPEN, _S.WAITING, _S.SOLVED, _S.CLOSED), _S.WAITING),
        _S.SOLVED.value: dict.fromkeys((_S.NEW, _S.OPEN, _S.WAITING), _S.SOLVED),
        _S.CLOSED.value: dict.fromkeys((_S.NEW, _S.OPEN, _S.WAITING, _S.SOLVED), _S.CLOSED),
        _S.CANCELLED.value: dict.fromkeys((_S.NEW, _S.OPEN, _S.WAITING), _S.CANCELLED),
    },
)


@dataclass(frozen=True, slots=True)
class Derived:
    """What the stages come to. `outcome` and `promise_kept` count when it ends (T16)."""

    status: TicketStatus
    waiting_on: WaitingOn | None = None
    outcome: TicketOutcome | None = None
    promise_kept: bool | None = None

    def is_of(self, ticket: TicketLike) -> bool:
        """Whether the ticket says so already."""
        return (ticket.status, ticket.waiting_on) == (self.status, self.waiting_on)


def follow(ticket: TicketLike, to: Derived, by: Principal, at: datetime) -> Told:
    """Bring the ticket to what its stages say; the events that tell it, none when it says so already."""
    if to.is_of(ticket):
        lifecycle.touch(ticket, by)
        return ()
    before = FOLLOWED.move(ticket, to.status.value)
    told: list[TicketEvent] = []
    if before is _S.NEW and to.status in (_S.OPEN, _S.WAITING):
        ticket.status = _S.OPEN
        told.append(lifecycle.taken_up(ticket, by, at))
    if before in (_S.SOLVED, _S.CLOSED) and to.status in (_S.OPEN, _S.WAITING):
        ticket.status = _S.OPEN
        told.append(lifecycle.back(ticket, by, at))
    ticket.status = to.status
    return told + _arrived(ticket, to, before, by, at)


def _arrived(ticket: TicketLike, to: Derived, before: TicketStatus, by: Principal, at: datetime) -> list[TicketEvent]:
    match to.status:
        case _S.WAITING:
            return [_waits(ticket, to.waiting_on, by, at)]
        case _S.OPEN:
            return [_waits(ticket, None, by, at)] if before is _S.WAITING else []
        case _S.SOLVED:
            return [lifecycle.settled(ticket, by, at)]
        case _S.CLOSED:
            outcome = to.outcome or TicketOutcome.SOLVED
            return [lifecycle.ended(ticket, outcome, by, at, promise_kept=to.promise_kept)]
        case _:
            return [lifecycle.called_off(ticket, by, at)]


def _waits(ticket: TicketLike, on: WaitingOn | None, by: Principal, at: datetime) -> TicketWaiting:
    ticket.waiting_on = on.value if on else None
    lifecycle.touch(ticket, by)
    return TicketWaiting(ticket=lifecycle.state_of(ticket), set_by=by.subject, since=at)
