"""定性、定责、原因: what is found out about a complaint (T11). Pure; each returns the event it is told by."""

from datetime import datetime
from uuid import UUID

from contracts.ticket.complaint import ComplaintJudged, ComplaintResponsibilityFixed, Nature
from kit.principals import Principal
from kit.problems import Problem, invalid
from services.ticket.complaint.lifecycle import (
    AboutLike,
    ComplaintLike,
    Stage,
    expect_disinterested,
    expect_drawn,
    move,
)
from services.ticket.complaint.telling import common

_BEFORE_FIXING = (Stage.RECORDED, Stage.JUDGED)


def judge(
    complaint: ComplaintLike, about: AboutLike, nature: Nature, severity: int, by: Principal, at: datetime
) -> ComplaintJudged:
    """定性: founded, unfounded or undetermined, and how severe from 1 to 4; a second judgement replaces the first.

    Raises Problem `transition-refused`, `own-case` for the person judged, and `invalid-request` where an unfounded
    one that is nobody's would become founded without a unit.
    """
    expect_drawn(complaint, "judge")
    expect_disinterested(complaint, by)
    if nature is not Nature.UNFOUNDED and complaint.unit_id is None and Stage(complaint.stage) not in _BEFORE_FIXING:
        raise invalid("/nature", "须先定责到单位", "needs a responsible unit first")
    move(complaint, "judge")
    before = Nature(complaint.nature) if complaint.judged_at else None
    complaint.nature, complaint.severity = nature.value, severity
    complaint.judged_by_staff_id, complaint.judged_at = by.staff_id, at
    return ComplaintJudged(**common(complaint, about), nature_before=before, judged_by=by.subject, judged_at=at)


def fix(
    complaint: ComplaintLike, about: AboutLike, unit_id: UUID | None, person: UUID | None, by: Principal, at: datetime
) -> ComplaintResponsibilityFixed:
    """定责: at which unit's door it is laid, and at whose; only an unfounded one may be nobody's.

    Raises Problem `transition-refused`; `own-case` for the person judged, who neither takes nor passes it on, and for
    somebody who judged the complaint: another has to judge it first; `invalid-request` without a unit.
    """
    expect_drawn(complaint, "fix")
    expect_disinterested(complaint, by)
    if person is not None and person in (by.staff_id, complaint.judged_by_staff_id):
        raise Problem("own-case")
    if unit_id is None and complaint.nature != Nature.UNFOUNDED:
        raise invalid("/unit_id", "须填写责任单位", "is required unless the complaint is unfounded")
    if person is not None and unit_id is None:
        raise invalid("/unit_id", "责任人须有责任单位", "is required with a person")
    move(complaint, "fix")
    unit_before, person_before = complaint.unit_id, complaint.responsible_staff_id
    complaint.unit_id, complaint.responsible_staff_id = unit_id, person
    return ComplaintResponsibilityFixed(
        **common(complaint, about),
        unit_before=unit_before,
        responsible_staff_before=person_before,
        fixed_by=by.subject,
        fixed_at=at,
    )


def explain(complaint: ComplaintLike, code: str, cause: str) -> None:
    """查明原因: what it was that went wrong. Raises Problem `transition-refused`."""
    move(complaint, "explain")
    complaint.cause_code, complaint.cause = code, cause
