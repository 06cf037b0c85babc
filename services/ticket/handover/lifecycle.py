"""The life of a handover sheet, and what is told about it (T46)."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from contracts.ticket.shift import ShiftHandedOver, ShiftHandoverMissed
from kit.lifecycle import Lifecycle
from services.ticket.shift.lifecycle import ShiftLike, told


class SheetStatus(StrEnum):
    """How far a sheet has come."""

    DRAFTED = "drafted"
    SIGNED = "signed"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"


class Decision(StrEnum):
    """What is to become of a pending matter: it goes to the incoming agent, stays with the outgoing one, or goes to
    somebody else."""

    HAND_OVER = "hand_over"
    KEEP = "keep"
    ELSEWHERE = "elsewhere"


class Outcome(StrEnum):
    """What became of it."""

    HANDED_OVER = "handed_over"
    KEPT = "kept"
    ELSEWHERE = "elsewhere"
    FINISHED = "finished"


class ItemKind(StrEnum):
    """What is pending."""

    TICKET = "ticket"
    ORDER = "order"


_S = SheetStatus
LIFE = Lifecycle(
    noun="handover",
    states=SheetStatus,
    initial=_S.DRAFTED,
    table={
        "sign": {_S.DRAFTED: _S.SIGNED, _S.DISPUTED: _S.SIGNED},
        "recall": {_S.SIGNED: _S.DRAFTED},
        "accept": {_S.SIGNED: _S.ACCEPTED},
        "dispute": {_S.SIGNED: _S.DISPUTED},
    },
)
OUTCOMES = {
    Decision.HAND_OVER: Outcome.HANDED_OVER,
    Decision.KEEP: Outcome.KEPT,
    Decision.ELSEWHERE: Outcome.ELSEWHERE,
}


class Counts(NamedTuple):
    """How much is on a sheet."""

    tickets: int
    orders: int


class SheetLike(Protocol):
    """A sheet as the table holds it."""

    handover_id: UUID
    staff_id: UUID
    to_staff_id: UUID | None
    to_shift_id: UUID | None
    status: str
    promises_due: int
    signed_at: datetime | None
    answered_at: datetime | None
    dispute_reason: str | None


def sign(sheet: SheetLike, to_staff_id: UUID, to_shift_id: UUID | None, at: datetime) -> None:
    """签字: the outgoing agent hands over to that one."""
    LIFE.move(sheet, "sign")
    sheet.to_staff_id, sheet.to_shift_id, sheet.signed_at = to_staff_id, to_shift_id, at
    sheet.answered_at = sheet.dispute_reason = None


def recall(sheet: SheetLike) -> None:
    """收回: the outgoing agent takes a sheet back that nobody has answered."""
    LIFE.move(sheet, "recall")
    sheet.signed_at = None


def accept(sheet: SheetLike, shift: ShiftLike, counts: Counts, at: datetime) -> ShiftHandedOver:
    """接班: the incoming agent takes over."""
    LIFE.move(sheet, "accept")
    sheet.answered_at = at
    return _handed_over(sheet, shift, counts, at)


def dispute(sheet: SheetLike, shift: ShiftLike, reason: str, counts: Counts, at: datetime) -> ShiftHandedOver:
    """有异议: the incoming agent doesn't agree; the outgoing one corrects it and signs again."""
    LIFE.move(sheet, "dispute")
    sheet.answered_at, sheet.dispute_reason = at, reason
    return _handed_over(sheet, shift, counts, at)


def missed(shift: ShiftLike, due_at: datetime) -> ShiftHandoverMissed:
    """未交接: no sheet was signed in time (T46, A12)."""
    return ShiftHandoverMissed(**told(shift), due_at=due_at)


def _handed_over(sheet: SheetLike, shift: ShiftLike, counts: Counts, at: datetime) -> ShiftHandedOver:
    assert sheet.to_staff_id is not None  # noqa: S101 - a signed sheet names who takes over, the table says so
    assert sheet.signed_at is not None  # noqa: S101 - likewise
    return ShiftHandedOver(
        **told(shift),
        handover_id=sheet.handover_id,
        to_staff_id=sheet.to_staff_id,
        to_shift_id=sheet.to_shift_id,
        open_tickets=counts.tickets,
        problem_orders=counts.orders,
        promises_due=sheet.promises_due,
        disputed=sheet.status == SheetStatus.DISPUTED,
        signed_at=sheet.signed_at,
        answered_at=at,
    )
