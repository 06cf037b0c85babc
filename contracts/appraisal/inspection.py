"""督察与整改: inspections and rectification notices (A14)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Count, Positive, Subject


class InspectionKind(StrEnum):
    """例行或专项 (A14)."""

    ROUTINE = "routine"
    SPECIAL = "special"


class InspectionForm(StrEnum):
    """自查, 互查, 联查 (A14)."""

    SELF = "self"
    MUTUAL = "mutual"
    JOINT = "joint"


class InspectionCompleted(Event):
    """督察完成: violation rate = people in breach ÷ people checked (A14)."""

    SUBJECT = "inspection.completed"
    OWNER = "appraisal"
    AGGREGATE = "inspection_id"

    inspection_id: UUID
    kind: InspectionKind
    form: InspectionForm
    theme: Code | None = None
    unit_ids: tuple[UUID, ...] = ()
    inspector_staff_ids: tuple[UUID, ...] = ()
    people_checked: Count
    people_in_breach: Count
    findings: Count
    completed_at: AwareDatetime


class RectificationEvent(Event):
    """What all events of a rectification notice share."""

    OWNER = "appraisal"
    AGGREGATE = "rectification_id"

    rectification_id: UUID
    inspection_id: UUID
    unit_id: UUID
    responsible_staff_id: UUID | None = None
    findings: Positive = 1
    times_extended: Count = 0
    deadline: AwareDatetime


class RectificationIssued(RectificationEvent):
    """整改通知 (A14)."""

    SUBJECT = "rectification.issued"

    issued_by: Subject
    issued_at: AwareDatetime


class RectificationPassed(RectificationEvent):
    """整改合格: the re-check found it done (A14)."""

    SUBJECT = "rectification.passed"

    checked_by: Subject
    passed_at: AwareDatetime


class RectificationEscalated(RectificationEvent):
    """整改升级: not done, it becomes a penalty; ``violation_id`` is the draft made of it (A14)."""

    SUBJECT = "rectification.escalated"

    violation_id: UUID | None = None
    escalated_by: Subject
    escalated_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    InspectionCompleted,
    RectificationIssued,
    RectificationPassed,
    RectificationEscalated,
)
