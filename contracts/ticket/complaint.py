"""投诉: the closed loop of a complaint (T10 to T16). A complaint's id is its ticket's id."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.fields import Count, Positive, Score, Shop, Subject

Severity = Annotated[int, Field(ge=1, le=4)]


class ComplaintCategory(StrEnum):
    """投诉类别 (T10)."""

    QUALITY = "quality"
    SERVICE = "service"
    GENERAL = "general"
    EMERGENCY = "emergency"


class Nature(StrEnum):
    """Whether there is something in it (T11)."""

    FOUNDED = "founded"
    UNFOUNDED = "unfounded"
    UNDETERMINED = "undetermined"


class Grade(StrEnum):
    """投诉等级: 一般, 重复, 恶性 (T13)."""

    ORDINARY = "ordinary"
    REPEAT = "repeat"
    MALIGNANT = "malignant"


class GradeCause(StrEnum):
    """Why a complaint has another grade (T13)."""

    UNSATISFIED_TWICE = "unsatisfied_twice"
    UNSATISFIED_FOUR_TIMES = "unsatisfied_four_times"
    COMPLAINED_AGAIN = "complained_again"
    INJURY_OR_SAFETY = "injury_or_safety"
    MEDIA_OR_REGULATOR = "media_or_regulator"
    LOSS_OVER_LIMIT = "loss_over_limit"
    LOWERED_BY_MANAGER = "lowered_by_manager"


class Solution(StrEnum):
    """What was proposed to the customer (T11)."""

    APOLOGY = "apology"
    REFUND = "refund"
    EXCHANGE = "exchange"
    COMPENSATION = "compensation"
    REPAIR = "repair"
    OTHER = "other"


class ComplaintCallback(StrEnum):
    """What calling the customer back gave (T12)."""

    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"
    NOT_SETTLED = "not_settled"
    MISSED = "missed"


class CallManner(StrEnum):
    """How the customer was asked (T12)."""

    CALL = "call"
    MESSAGE = "message"
    VISIT = "visit"


class ComplaintEvent(Event):
    """What all events of a complaint share: where it stands now, after the event."""

    OWNER = "ticket"
    AGGREGATE = "complaint_id"

    complaint_id: UUID
    ticket_number: str
    shop: Shop
    category: ComplaintCategory
    nature: Nature = Nature.UNDETERMINED
    severity: Severity | None = None
    grade: Grade = Grade.ORDINARY
    customer_id: UUID | None = None
    account_id: UUID | None = None
    order_id: UUID | None = None
    assignee_staff_id: UUID | None = None
    unit_id: UUID | None = None
    responsible_staff_id: UUID | None = None


class ComplaintJudged(ComplaintEvent):
    """定性: founded or not, and how severe; a second judgement says what it was before (T11)."""

    SUBJECT = "complaint.judged"

    nature_before: Nature | None = None
    judged_by: Subject
    judged_at: AwareDatetime


class ComplaintResponsibilityFixed(ComplaintEvent):
    """定责: at which unit's door, and at whose, it is laid (T11, X2)."""

    SUBJECT = "complaint.responsibility_fixed"

    unit_before: UUID | None = None
    responsible_staff_before: UUID | None = None
    fixed_by: Subject
    fixed_at: AwareDatetime


class ComplaintGraded(ComplaintEvent):
    """定级: raised by a rule or lowered by a manager (T13). ``linked_ticket_id`` is the earlier complaint about the
    same order."""

    SUBJECT = "complaint.graded"

    grade_before: Grade
    raised: bool
    cause: GradeCause
    linked_ticket_id: UUID | None = None
    policy_version: Positive
    graded_by: Subject
    graded_at: AwareDatetime


class ComplaintPromised(ComplaintEvent):
    """承诺: a solution and the time it was promised for, with its buffer over the estimate (T16). ``round`` counts
    the solutions proposed."""

    SUBJECT = "complaint.promised"

    solution: Solution
    round: Positive = 1
    estimated_for: AwareDatetime
    buffer: Score
    promised_for: AwareDatetime
    promised_by: Subject
    promised_at: AwareDatetime


class ComplaintCalledBack(ComplaintEvent):
    """回访: the customer was asked whether it is settled (T12). The counters are those after this call."""

    SUBJECT = "complaint.called_back"

    result: ComplaintCallback
    manner: CallManner
    times_unsatisfied: Count
    times_missed: Count
    staff_id: UUID | None = None
    called_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    ComplaintJudged,
    ComplaintResponsibilityFixed,
    ComplaintGraded,
    ComplaintPromised,
    ComplaintCalledBack,
)
