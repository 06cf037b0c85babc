"""An event as rules and templates see it: codes and numbers, and the people it names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.ticket.aftercare import EmergencyContained, Lateness
from contracts.ticket.clock import ClockBreached, ClockEvent, ClockWarned
from contracts.ticket.complaint import ComplaintGraded
from contracts.ticket.order import OrderFlagged
from contracts.ticket.penalty import PenaltyPublished
from contracts.ticket.shift import ShiftEvent, ShiftHandoverMissed, ShiftUncovered
from contracts.ticket.ticket import (
    TicketAssigned,
    TicketClosed,
    TicketEvent,
    TicketOpened,
    TicketOutcome,
    TicketReplied,
)  # fmt: skip
from kit.clock import BUSINESS_ZONE
from kit.envelope import Meta
from services.notify.rule.policy import ASSIGNEE, LEAD, OPENER, WATCHERS

Facts = dict[str, str | None]


@dataclass(frozen=True)
class Occurrence:
    """One event to tell about. `facts` are what conditions ask and templates show: never anything personal (X6).
    `named` are the staff whom it names, by what they are to it; the lead of `unit_id` is found when it is told."""

    event_id: UUID
    subject: str
    happened_at: datetime
    facts: Mapping[str, str | None]
    named: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    ticket_id: UUID | None = None
    customer_id: UUID | None = None
    unit_id: UUID | None = None
    historic: bool = False


def of_event(meta: Meta, event: Event) -> Occurrence:
    """What an event of `TOLD` gives."""
    return next(make(meta, event) for kind, make in _MAKERS.items() if isinstance(event, kind))


def of_ticket(meta: Meta, event: TicketEvent) -> Occurrence:
    """What a ticket's event gives."""
    ticket = event.ticket
    facts: Facts = {
        "number": ticket.number,
        "kind": ticket.kind.value,
        "shop": ticket.shop,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "channel": ticket.channel.value,
        "order_no": ticket.order_no,
        "queued": _yes(ticket.assignee_staff_id is None and ticket.group is not None),
    }
    if isinstance(event, TicketClosed):
        facts |= {"outcome": event.outcome.value, "merged": _yes(event.outcome is TicketOutcome.MERGED)}
    if isinstance(event, TicketReplied):
        facts |= {"author": event.author.value, "automatic": _yes(event.automatic)}
    named = {
        ASSIGNEE: _those(ticket.assignee_staff_id),
        OPENER: _those(ticket.opened_by_staff_id),
        WATCHERS: ticket.watcher_staff_ids,
    }
    about = {"ticket_id": ticket.ticket_id, "customer_id": ticket.customer_id, "unit_id": ticket.unit_id}
    return _occurrence(meta, facts, named, **about)


def of_flag(meta: Meta, event: OrderFlagged) -> Occurrence:
    """What a flag gives. The remark's words stay out: an agent may have written anything there."""
    facts: Facts = {
        "order_no": event.order.order_no,
        "shop": event.order.shop,
        "meaning": event.meaning.value if event.meaning else None,
    }
    return _occurrence(meta, facts, {}, historic=event.order.historic)


def of_clock(meta: Meta, event: ClockEvent) -> Occurrence:
    """What a clock gives: what is due, when, and who has to act (T43)."""
    facts: Facts = {
        "number": event.ticket_number,
        "kind": event.ticket_kind.value,
        "shop": event.shop,
        "clock": event.kind.value,
        "due_at": _moment(event.due_at),
    }
    named = {ASSIGNEE: _those(event.owner_staff_id)}
    return _occurrence(meta, facts, named, ticket_id=event.ticket_id, unit_id=event.unit_id)


def of_grade(meta: Meta, event: ComplaintGraded) -> Occurrence:
    """What another grade of a complaint gives (T13)."""
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "grade": event.grade.value,
        "cause": event.cause.value,
        "raised": _yes(event.raised),
    }
    named = {ASSIGNEE: _those(event.assignee_staff_id)}
    return _occurrence(meta, facts, named, ticket_id=event.complaint_id, unit_id=event.unit_id)


def of_emergency(meta: Meta, event: EmergencyContained) -> Occurrence:
    """What a contained emergency gives (T42)."""
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "lateness": event.lateness.value,
        "in_time": _yes(event.lateness is Lateness.IN_TIME),
    }
    named = {ASSIGNEE: _those(event.assignee_staff_id)}
    return _occurrence(meta, facts, named, ticket_id=event.emergency_id, unit_id=event.unit_id)


def of_shift(meta: Meta, event: ShiftEvent) -> Occurrence:
    """What a shift gives; of a swapped one both who agreed on it are named (T46, T62)."""
    facts: Facts = {"shop": event.shop, "planned_end": _moment(event.planned_end)}
    other = event.swapped_with_staff_id if isinstance(event, ShiftUncovered) else None
    return _occurrence(meta, facts, {ASSIGNEE: _those(event.staff_id, other)})


def of_penalties(meta: Meta, event: PenaltyPublished) -> Occurrence:
    """What a month's penalty list gives; the leads on it are named (T14)."""
    facts: Facts = {
        "month": event.month,
        "lines": str(len(event.lines)),
        "total": f"{event.total.amount} {event.total.currency}",
        "applied": _yes(event.applied),
    }
    return _occurrence(meta, facts, {LEAD: _those(*(line.lead_staff_id for line in event.lines))})


_MAKERS: Mapping[type[Event], Callable[[Meta, Any], Occurrence]] = {
    TicketEvent: of_ticket,
    OrderFlagged: of_flag,
    ClockEvent: of_clock,
    ComplaintGraded: of_grade,
    EmergencyContained: of_emergency,
    ShiftEvent: of_shift,
    PenaltyPublished: of_penalties,
}
TOLD: tuple[type[Event], ...] = (
    TicketOpened, TicketAssigned, TicketReplied, TicketClosed, OrderFlagged, ClockWarned, ClockBreached,
    ComplaintGraded, EmergencyContained, ShiftHandoverMissed, ShiftUncovered, PenaltyPublished,
)  # fmt: skip
"""The events that rules may be about."""


def _occurrence(meta: Meta, facts: Facts, named: Mapping[str, Sequence[UUID]], **about: Any) -> Occurrence:
    return Occurrence(meta.id, meta.subject, meta.time, facts, named, **about)


def _those(*staff: UUID | None) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(staff_id for staff_id in staff if staff_id is not None))


def _yes(whether: bool) -> str:
    return "yes" if whether else "no"


def _moment(at: datetime) -> str:
    """The minute as it is said in the business zone (X5)."""
    return f"{at.astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M}"
