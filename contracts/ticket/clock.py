"""时限: the clocks of a ticket, one per reply due and per leg of an after-sales case (T43, T47)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Positive, Seconds, Shop
from contracts.ticket.ticket import TicketKind


class ClockKind(StrEnum):
    """What a clock measures: replies and solution (T43), legs (T47), the containing of an emergency (T42)."""

    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    SOLUTION = "solution"
    AGREE = "agree"
    SHIP_BACK = "ship_back"
    INSPECT = "inspect"
    PAY_OUT = "pay_out"
    CALL_BACK = "call_back"
    RESEND = "resend"
    CONTAINMENT = "containment"


class ClockParty(StrEnum):
    """Who has to act: whoever of the desk the ticket is with, the customer, the warehouse, or those who pay (T47)."""

    DESK = "desk"
    CUSTOMER = "customer"
    WAREHOUSE = "warehouse"
    PAYMENT = "payment"


class ClockEvent(Event):
    """What all events of a clock share. ``elapsed_seconds`` is the time that counted, pauses and closed hours left
    out; ``party`` is who had to act, and of the desk ``owner_staff_id``."""

    OWNER = "ticket"
    AGGREGATE = "clock_id"

    clock_id: UUID
    kind: ClockKind
    ticket_id: UUID
    ticket_number: str
    ticket_kind: TicketKind
    shop: Shop
    party: ClockParty | None = None
    owner_staff_id: UUID | None = None
    group: Code | None = None
    unit_id: UUID | None = None
    target_seconds: Seconds
    elapsed_seconds: Seconds
    policy_version: Positive
    started_at: AwareDatetime
    due_at: AwareDatetime


class ClockWarned(ClockEvent):
    """临期预警: 80% of the time is used up (T43)."""

    SUBJECT = "clock.warned"

    warned_at: AwareDatetime


class ClockBreached(ClockEvent):
    """超时: the time is used up (T43)."""

    SUBJECT = "clock.breached"

    breached_at: AwareDatetime


class ClockMet(ClockEvent):
    """达成: what was due has been done, ``late`` when after the breach (T43, T48)."""

    SUBJECT = "clock.met"

    late: bool = False
    met_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (ClockWarned, ClockBreached, ClockMet)
