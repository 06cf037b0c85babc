"""What events of the desk give: tickets, flags, clocks, grades, emergencies, shifts, accounts and penalties."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.event import Event
from contracts.ticket.aftercare import EmergencyContained, Lateness
from contracts.ticket.clock import ClockBreached, ClockEvent, ClockParty, ClockWarned
from contracts.ticket.complaint import ComplaintGraded
from contracts.ticket.order import OrderFlagged
from contracts.ticket.penalty import PenaltyPublished
from contracts.ticket.shift import ShiftEvent, ShiftHandoverMissed, ShiftUncovered
from contracts.ticket.shop_account import ShopAccountFoundUnattended
from contracts.ticket.ticket import (
    TicketAssigned,
    TicketClosed,
    TicketEvent,
    TicketKind,
    TicketOpened,
    TicketOutcome,
    TicketReplied,
)
from kit.envelope import Meta
from services.notify.notification.occurrence import Facts, Occurrence, moment, money, occurrence, those, yes
from services.notify.rule.policy import ASSIGNEE, LEAD, OPENER, WATCHERS

_TOLD_BY_THEIR_OWN = {
    (TicketKind.REFUND, TicketOutcome.REFUSED),
    (TicketKind.EXCHANGE, TicketOutcome.REFUSED),
    (TicketKind.SERVICE_REQUEST, TicketOutcome.SOLVED),
}
"""Ends that have an event of their own, which tells the customer more than that the ticket is closed."""


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
        "queued": yes(ticket.assignee_staff_id is None and ticket.group is not None),
    }
    if isinstance(event, TicketClosed):
        facts |= {
            "outcome": event.outcome.value,
            "merged": yes(event.outcome is TicketOutcome.MERGED),
            "told": yes((ticket.kind, event.outcome) in _TOLD_BY_THEIR_OWN),
        }
    if isinstance(event, TicketReplied):
        facts |= {"author": event.author.value, "automatic": yes(event.automatic)}
    named = {
        ASSIGNEE: those(ticket.assignee_staff_id),
        OPENER: those(ticket.opened_by_staff_id),
        WATCHERS: ticket.watcher_staff_ids,
    }
    about = {"ticket_id": ticket.ticket_id, "customer_id": ticket.customer_id, "unit_id": ticket.unit_id}
    return occurrence(meta, facts, named, **about)


def of_flag(meta: Meta, event: OrderFlagged) -> Occurrence:
    """What a flag gives. The remark's words stay out: an agent may have written anything there."""
    facts: Facts = {
        "order_no": event.order.order_no,
        "shop": event.order.shop,
        "meaning": event.meaning.value if event.meaning else None,
    }
    return occurrence(meta, facts, {}, historic=event.order.historic)


def of_clock(meta: Meta, event: ClockEvent) -> Occurrence:
    """What a clock gives: what is due, when, and who has to act (T43); `in_house` unless the customer has to."""
    facts: Facts = {
        "number": event.ticket_number,
        "kind": event.ticket_kind.value,
        "shop": event.shop,
        "clock": event.kind.value,
        "due_at": moment(event.due_at),
        "in_house": yes(event.party is not ClockParty.CUSTOMER),
    }
    named = {ASSIGNEE: those(event.owner_staff_id)}
    return occurrence(meta, facts, named, ticket_id=event.ticket_id, unit_id=event.unit_id)


def of_grade(meta: Meta, event: ComplaintGraded) -> Occurrence:
    """What another grade of a complaint gives (T13)."""
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "grade": event.grade.value,
        "cause": event.cause.value,
        "raised": yes(event.raised),
    }
    named = {ASSIGNEE: those(event.assignee_staff_id)}
    return occurrence(meta, facts, named, ticket_id=event.complaint_id, unit_id=event.unit_id)


def of_emergency(meta: Meta, event: EmergencyContained) -> Occurrence:
    """What a contained emergency gives (T42)."""
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "lateness": event.lateness.value,
        "in_time": yes(event.lateness is Lateness.IN_TIME),
    }
    named = {ASSIGNEE: those(event.assignee_staff_id)}
    return occurrence(meta, facts, named, ticket_id=event.emergency_id, unit_id=event.unit_id)


def of_shift(meta: Meta, event: ShiftEvent) -> Occurrence:
    """What a shift gives; of a swapped one both who agreed on it are named (T46, T62)."""
    facts: Facts = {"shop": event.shop, "planned_end": moment(event.planned_end)}
    other = event.swapped_with_staff_id if isinstance(event, ShiftUncovered) else None
    return occurrence(meta, facts, {ASSIGNEE: those(event.staff_id, other)})


def of_shop_account(meta: Meta, event: ShopAccountFoundUnattended) -> Occurrence:
    """What a shop's account gives at which nobody sits: its agent and the delegate are named (T35)."""
    facts: Facts = {"shop": event.shop, "since": moment(event.since)}
    return occurrence(meta, facts, {ASSIGNEE: those(event.assigned_staff_id, event.delegate_staff_id)})


def of_penalties(meta: Meta, event: PenaltyPublished) -> Occurrence:
    """What a month's penalty list gives; the leads on it are named (T14)."""
    facts: Facts = {
        "month": event.month,
        "lines": str(len(event.lines)),
        "total": money(event.total),
        "applied": yes(event.applied),
    }
    return occurrence(meta, facts, {LEAD: those(*(line.lead_staff_id for line in event.lines))})


MAKERS: Mapping[type[Event], Callable[[Meta, Any], Occurrence]] = {
    **dict.fromkeys((TicketOpened, TicketAssigned, TicketReplied, TicketClosed), of_ticket),
    OrderFlagged: of_flag,
    **dict.fromkeys((ClockWarned, ClockBreached), of_clock),
    ComplaintGraded: of_grade,
    EmergencyContained: of_emergency,
    **dict.fromkeys((ShiftHandoverMissed, ShiftUncovered), of_shift),
    ShopAccountFoundUnattended: of_shop_account,
    PenaltyPublished: of_penalties,
}
