"""违规与加分: violations (A12) and additions (A11)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Count, Positive, Subject
from contracts.price import Price


class ViolationClass(StrEnum):
    """违规等级 (A12)."""

    MINOR = "minor"
    MODERATE = "moderate"
    SEVERE = "severe"


class ViolationOutcome(StrEnum):
    """What a confirmed violation leads to (A12): points, or education instead of them."""

    POINTS = "points"
    EDUCATION = "education"


class WithdrawalCause(StrEnum):
    """Why a violation no longer stands (A12)."""

    NOT_CONFIRMED = "not_confirmed"
    APPEAL_UPHELD = "appeal_upheld"
    MISTAKE = "mistake"


class MeritKind(StrEnum):
    """加分项 (A11)."""

    BEST_WORK = "best_work"
    FULL_MARKS = "full_marks"
    STEPPED_IN = "stepped_in"
    EXTRA_TASK = "extra_task"
    NO_FOUNDED_COMPLAINT = "no_founded_complaint"
    SUGGESTION_WORKED = "suggestion_worked"


class ViolationEvent(Event):
    """What all events of a violation share: the code of the catalogue, its points and what it was drafted from."""

    OWNER = "appraisal"
    AGGREGATE = "violation_id"

    violation_id: UUID
    staff_id: UUID
    code: Code
    severity: ViolationClass
    points: Count
    occurred_on: date
    ticket_id: UUID | None = None
    shift_id: UUID | None = None
    inspection_id: UUID | None = None
    policy_version: Positive


class ViolationDrafted(ViolationEvent):
    """违规待核: drafted by a rule or a person; a supervisor confirms it or not (A12)."""

    SUBJECT = "violation.drafted"

    drafted_by: Subject
    drafted_at: AwareDatetime


class ViolationConfirmed(ViolationEvent):
    """违规成立; ``charged`` is the price of what was taken (A12)."""

    SUBJECT = "violation.confirmed"

    outcome: ViolationOutcome
    charged: Price | None = None
    confirmed_by: Subject
    confirmed_at: AwareDatetime


class ViolationAppealed(ViolationEvent):
    """申诉: within 7 days, decided by someone else (A12)."""

    SUBJECT = "violation.appealed"

    appealed_by: Subject
    appealed_at: AwareDatetime


class ViolationWithdrawn(ViolationEvent):
    """违规撤销: it no longer stands (A12)."""

    SUBJECT = "violation.withdrawn"

    cause: WithdrawalCause
    withdrawn_by: Subject
    withdrawn_at: AwareDatetime


class MeritRecorded(Event):
    """加分 (A11)."""

    SUBJECT = "merit.recorded"
    OWNER = "appraisal"
    AGGREGATE = "merit_id"

    merit_id: UUID
    staff_id: UUID
    kind: MeritKind
    points: Count
    occurred_on: date
    policy_version: Positive
    recorded_by: Subject
    recorded_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    ViolationDrafted,
    ViolationConfirmed,
    ViolationAppealed,
    ViolationWithdrawn,
    MeritRecorded,
)
