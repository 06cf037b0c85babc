"""The life of a shift, who is here while it runs, and what is told about it (T44)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.ticket.shift import ShiftEnded, ShiftStarted, ShiftUncovered
from kit.lifecycle import Lifecycle
from services.ticket.shift.policy import Duty, Span


class ShiftStatus(StrEnum):
    """What has become of a planned shift."""

    PLANNED = "planned"
    STARTED = "started"
    ENDED = "ended"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Presence(StrEnum):
    """Whether somebody who is on shift is at their desk."""

    OFF = "off"
    AVAILABLE = "available"
    AWAY = "away"
    MEAL = "meal"


_S = ShiftStatus
LIFE = Lifecycle(
    noun="shift",
    states=ShiftStatus,
    initial=_S.PLANNED,
    table={
        "start": {_S.PLANNED: _S.STARTED},
        "end": {_S.STARTED: _S.ENDED},
        "cancel": {_S.PLANNED: _S.CANCELLED},
        "miss": {_S.PLANNED: _S.MISSED},
    },
)
_P = Presence
PRESENCE = Lifecycle(
    noun="presence",
    states=Presence,
    initial=_P.OFF,
    table={
        "arrive": {_P.OFF: _P.AVAILABLE},
        "away": {_P.AVAILABLE: _P.AWAY, _P.MEAL: _P.AWAY},
        "meal": {_P.AVAILABLE: _P.MEAL, _P.AWAY: _P.MEAL},
        "back": {_P.AWAY: _P.AVAILABLE, _P.MEAL: _P.AVAILABLE},
        "leave": {_P.AVAILABLE: _P.OFF, _P.AWAY: _P.OFF, _P.MEAL: _P.OFF},
    },
)


class AskedStatus(StrEnum):
    """How far a swap or a leave has come (T62)."""

    REQUESTED = "requested"
    AGREED = "agreed"
    APPROVED = "approved"
    DECLINED = "declined"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class LeaveKind(StrEnum):
    """假别."""

    ANNUAL = "annual"
    SICK = "sick"
    PERSONAL = "personal"
    OTHER = "other"


_A = AskedStatus
# 换班: asked by one, agreed by the other, approved by a lead who is neither (T62).
SWAP = Lifecycle(
    noun="swap",
    states=AskedStatus,
    initial=_A.REQUESTED,
    table={
        "agree": {_A.REQUESTED: _A.AGREED},
        "decline": {_A.REQUESTED: _A.DECLINED, _A.AGREED: _A.DECLINED},
        "approve": {_A.AGREED: _A.APPROVED},
        "refuse": {_A.REQUESTED: _A.REFUSED, _A.AGREED: _A.REFUSED},
        "withdraw": {_A.REQUESTED: _A.WITHDRAWN, _A.AGREED: _A.WITHDRAWN},
    },
)
# 请假: with somebody who comes instead, they agree first; without, it is for the lead alone to approve (T62).
LEAVE = Lifecycle(
    noun="leave",
    states=AskedStatus,
    initial=_A.REQUESTED,
    table={**SWAP.table, "approve": {_A.REQUESTED: _A.APPROVED, _A.AGREED: _A.APPROVED}},
)
# A shift in one of these takes its time of the person who has it; two of one person never overlap.
STANDING = (_S.PLANNED, _S.STARTED)


class ShiftLike(Protocol):
    """A shift as the table holds it."""

    shift_id: UUID
    staff_id: UUID
    shop: str
    preset: str | None
    business_date: date
    planned_start: datetime
    planned_end: datetime
    segments: list[dict[str, Any]]
    stays_on: bool
    hands_over: bool
    status: str
    presence: str
    presence_reason: str | None
    presence_since: datetime | None
    auto_reply_until: datetime | None
    started_at: datetime | None
    late_seconds: int | None
    ended_at: datetime | None
    early_seconds: int | None
    swap_id: UUID | None
    version: int
    event_seq: int


@dataclass
class _Here:
    """Presence as the thing that its own table moves."""

    status: str


def spans(shift: ShiftLike) -> list[Span]:
    """The segments of the shift."""
    return [
        Span(datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"]), Duty(one["duty"]))
        for one in shift.segments
    ]


def written(spans: Iterable[Span]) -> list[dict[str, Any]]:
    """Segments as the table holds them."""
    return [
        {"starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat(), "duty": one.duty.value}
        for one in spans
    ]


def duty_at(shift: ShiftLike, at: datetime) -> Duty | None:
    """What somebody on that shift does at that instant; the end of a segment is exclusive."""
    return next((one.duty for one in spans(shift) if one.starts_at <= at < one.ends_at), None)


def takes_work(shift: ShiftLike, at: datetime) -> bool:
    """Whether work may be routed there now: signed in, at the desk, in a segment of service (T4, T44)."""
    here = shift.status == ShiftStatus.STARTED and shift.presence == Presence.AVAILABLE
    return here and duty_at(shift, at) is Duty.SERVICE


def start(shift: ShiftLike, at: datetime) -> ShiftStarted:
    """到岗: signed in, and at the desk."""
    LIFE.move(shift, "start")
    shift.started_at = at
    shift.late_seconds = _seconds(shift.planned_start, at)
    move_presence(shift, "arrive", at)
    return ShiftStarted(**told(shift), late_seconds=shift.late_seconds, started_at=at)


def end(shift: ShiftLike, at: datetime) -> ShiftEnded:
    """离岗: signed out."""
    LIFE.move(shift, "end")
    shift.ended_at = at
    shift.early_seconds = _seconds(at, shift.planned_end)
    move_presence(shift, "leave", at)
    return ShiftEnded(**told(shift), early_seconds=shift.early_seconds, started_at=shift.started_at, ended_at=at)


def move_presence(shift: ShiftLike, verb: str, at: datetime, reason: str | None = None) -> None:
    """在岗状态: at the desk or not. Raises Problem `transition-refused` for what isn't drawn."""
    here = _Here(shift.presence)
    PRESENCE.move(here, verb)
    shift.presence, shift.presence_reason, shift.presence_since = here.status, reason, at
    shift.auto_reply_until = None


def uncovered(shift: ShiftLike, swap_id: UUID, swapped_with: UUID, at: datetime) -> ShiftUncovered:
    """换班无人: nobody came to a shift that had changed hands (T62)."""
    return ShiftUncovered(**told(shift), swap_id=swap_id, swapped_with_staff_id=swapped_with, found_at=at)


def told(shift: ShiftLike) -> dict[str, Any]:
    """What every event of the shift tells."""
    return {
        "shift_id": shift.shift_id,
        "staff_id": shift.staff_id,
        "shop": shift.shop,
        "preset": shift.preset,
        "planned_start": shift.planned_start,
        "planned_end": shift.planned_end,
    }


def _seconds(begin: datetime, finish: datetime) -> int:
    return max(0, int((finish - begin).total_seconds()))
