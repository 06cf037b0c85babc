"""定级: grades are raised by rule and lowered by a manager (T13). Pure."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contracts.ticket.complaint import ComplaintGraded, Grade, GradeCause
from kit.money import Money
from kit.policy import InForce
from kit.principals import Principal, system
from kit.problems import invalid
from services.ticket.complaint.lifecycle import AboutLike, ComplaintLike, expect_disinterested, expect_drawn, move
from services.ticket.complaint.policy import RANK, ComplaintGrades
from services.ticket.complaint.telling import common

RULE = system("complaint-grades")
Rules = InForce[ComplaintGrades]


class Circumstances(NamedTuple):
    """What makes a complaint serious (T13); None: nothing new about it."""

    injury_or_safety: bool | None = None
    media_or_regulator: bool | None = None
    loss: Money | None = None


class Earlier(NamedTuple):
    """The last complaint about the same order and category, and when it was closed."""

    complaint_id: UUID
    closed_at: datetime


def after_callback(complaint: ComplaintLike, about: AboutLike, rules: Rules, at: datetime) -> ComplaintGraded | None:
    """What the count of unsatisfied callbacks makes of it: twice is repeat, four times malignant."""
    reached = rules.document.of_unsatisfied(complaint.times_unsatisfied)
    return reached and _raised(complaint, about, *reached, rules, at)


def when_again(
    complaint: ComplaintLike, about: AboutLike, earlier: Earlier | None, rules: Rules, at: datetime
) -> ComplaintGraded | None:
    """A complaint about the same order and category, soon after the last close of one, is repeat; the earlier one is
    linked and keeps its grade."""
    if earlier is None or not rules.document.is_again(earlier.closed_at, at):
        return None
    complaint.linked_ticket_id = earlier.complaint_id
    return _raised(complaint, about, Grade.REPEAT, GradeCause.COMPLAINED_AGAIN, rules, at)


def weigh(
    complaint: ComplaintLike, about: AboutLike, found: Circumstances, rules: Rules, at: datetime
) -> ComplaintGraded | None:
    """Record the circumstances; injury or safety, media or regulator, or a loss over the limit make it malignant.

    Raises Problem `transition-refused` for a cancelled complaint.
    """
    move(complaint, "weigh")
    return note(complaint, about, found, rules, at)


def note(
    complaint: ComplaintLike, about: AboutLike, found: Circumstances, rules: Rules, at: datetime
) -> ComplaintGraded | None:
    """As `weigh`, of circumstances that are told with a judgement. Only what is said now is weighed: a grade that a
    manager lowered stays until something new is found."""
    serious: list[GradeCause] = []
    if found.injury_or_safety is not None:
        complaint.injury_or_safety = found.injury_or_safety
        serious += [GradeCause.INJURY_OR_SAFETY] if found.injury_or_safety else []
    if found.media_or_regulator is not None:
        complaint.media_or_regulator = found.media_or_regulator
        serious += [GradeCause.MEDIA_OR_REGULATOR] if found.media_or_regulator else []
    if found.loss is not None:
        is_over = rules.document.is_over_limit(found.loss)
        complaint.loss_minor, complaint.loss_currency = found.loss.minor, found.loss.currency
        serious += [GradeCause.LOSS_OVER_LIMIT] if is_over else []
    return _raised(complaint, about, Grade.MALIGNANT, serious[0], rules, at) if serious else None


def lower(
    complaint: ComplaintLike, about: AboutLike, grade: Grade, by: Principal, rules: Rules, at: datetime
) -> ComplaintGraded:
    """降级: a manager's, with a reason.

    Raises Problem `transition-refused` for a cancelled complaint, `own-case`, and `invalid-request` for a grade that
    is not below the present one.
    """
    expect_drawn(complaint, "lower")
    expect_disinterested(complaint, by)
    if RANK[grade] >= RANK[Grade(complaint.grade)]:
        raise invalid("/grade", "必须低于当前等级", "must be below the present grade")
    move(complaint, "lower")
    return _graded(complaint, about, grade, GradeCause.LOWERED_BY_MANAGER, rules, by, at)


def _raised(
    complaint: ComplaintLike, about: AboutLike, grade: Grade, cause: GradeCause, rules: Rules, at: datetime
) -> ComplaintGraded | None:
    if RANK[grade] <= RANK[Grade(complaint.grade)]:
        return None
    return _graded(complaint, about, grade, cause, rules, RULE, at)


def _graded(
    complaint: ComplaintLike,
    about: AboutLike,
    grade: Grade,
    cause: GradeCause,
    rules: Rules,
    by: Principal,
    at: datetime,
) -> ComplaintGraded:
    before, complaint.grade = Grade(complaint.grade), grade.value
    return ComplaintGraded(
        **common(complaint, about),
        grade_before=before,
        raised=RANK[grade] > RANK[before],
        cause=cause,
        linked_ticket_id=complaint.linked_ticket_id if cause is GradeCause.COMPLAINED_AGAIN else None,
        policy_version=rules.version,
        graded_by=by.subject,
        graded_at=at,
    )
