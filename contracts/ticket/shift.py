"""班次与交接: shifts as they were worked, from which attendance is made, and handovers (T44, T46, T62)."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Count, Seconds, Shop


class ShiftEvent(Event):
    """What all events of a shift share: one person's shift as it was planned, ``preset`` by its name (T44)."""

    OWNER = "ticket"
    AGGREGATE = "shift_id"

    shift_id: UUID
    staff_id: UUID
    shop: Shop | None = None
    preset: Code | None = None
    planned_start: AwareDatetime
    planned_end: AwareDatetime


class ShiftStarted(ShiftEvent):
    """到岗; ``late_seconds`` after the planned start."""

    SUBJECT = "shift.started"

    late_seconds: Seconds = 0
    started_at: AwareDatetime


class ShiftEnded(ShiftEvent):
    """离岗; ``early_seconds`` before the planned end."""

    SUBJECT = "shift.ended"

    early_seconds: Seconds = 0
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime


class ShiftHandedOver(ShiftEvent):
    """交接班: the outgoing agent signed the sheet, the incoming one accepted or disputed it (T46)."""

    SUBJECT = "shift.handed_over"

    handover_id: UUID
    to_staff_id: UUID
    to_shift_id: UUID | None = None
    open_tickets: Count
    problem_orders: Count
    promises_due: Count
    disputed: bool = False
    signed_at: AwareDatetime
    answered_at: AwareDatetime


class ShiftHandoverMissed(ShiftEvent):
    """未交接: nothing was handed over within 15 minutes of the end (T46); a violation is drafted (A12)."""

    SUBJECT = "shift.handover_missed"

    due_at: AwareDatetime


class ShiftUncovered(ShiftEvent):
    """换班无人: a swapped shift that nobody came to; both who agreed on it answer for it (T62)."""

    SUBJECT = "shift.uncovered"

    swap_id: UUID
    swapped_with_staff_id: UUID
    found_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    ShiftStarted,
    ShiftEnded,
    ShiftHandedOver,
    ShiftHandoverMissed,
    ShiftUncovered,
)
