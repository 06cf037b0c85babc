"""The tables of complaints: one row a complaint, the history of what was found and done, and the tally of the report.

Wishes, causes, details, notes and letters are free text and may be personal: they never leave in events (X6).
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Complaint(TicketServiceTable, table=True):
    """A complaint; its id is its ticket's. `due_at` is the earliest promise that the customer was told of and that
    nobody has confirmed yet; `month` the business month of its opening. Its version is its ticket's."""

    __tablename__ = "complaint"

    complaint_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    account_id: UUID | None = None
    order_id: UUID | None = None
    category: str = Field(sa_type=Text)
    subtype: str | None = Field(default=None, sa_type=Text)
    stage: str = Field(sa_type=Text)
    occurred_at: datetime
    wish: str = Field(sa_type=Text)
    against_staff_id: UUID | None = None
    nature: str = Field(default="undetermined", sa_type=Text)
    severity: int | None = None
    judged_by_staff_id: UUID | None = None
    judged_at: datetime | None = None
    unit_id: UUID | None = None
    responsible_staff_id: UUID | None = None
    cause_code: str | None = Field(default=None, sa_type=Text)
    cause: str | None = Field(default=None, sa_type=Text)
    grade: str = Field(default="ordinary", sa_type=Text)
    linked_ticket_id: UUID | None = None
    round: int = 0
    promised_for: datetime | None = None
    due_at: datetime | None = None
    verified_at: datetime | None = None
    promise_kept: bool | None = None
    times_not_settled: int = 0
    times_not_carried_out: int = 0
    times_unsatisfied: int = 0
    times_missed: int = 0
    times_reopened: int = 0
    first_missed_on: date | None = None
    injury_or_safety: bool = False
    media_or_regulator: bool = False
    loss_minor: int | None = Field(default=None, sa_type=BigInteger)
    loss_currency: str | None = Field(default=None, sa_type=Text)
    handled_by_staff_id: UUID | None = None
    month: str = Field(sa_type=Text)
    opened_at: datetime
    closed_at: datetime | None = None
    event_seq: int = Field(default=0, sa_type=BigInteger)


class ComplaintJudgement(TicketServiceTable, table=True):
    """定性: one judgement of a complaint (T11)."""

    __tablename__ = "complaint_judgement"

    judgement_id: UUID = Field(primary_key=True)
    complaint_id: UUID
    nature: str = Field(sa_type=Text)
    severity: int
    reason: str | None = Field(default=None, sa_type=Text)
    judged_by: str = Field(sa_type=Text)
    judged_at: datetime


class ComplaintResponsibility(TicketServiceTable, table=True):
    """定责: at whose door a complaint was laid once (T11, X2)."""

    __tablename__ = "complaint_responsibility"

    responsibility_id: UUID = Field(primary_key=True)
    complaint_id: UUID
    unit_id: UUID | None = None
    staff_id: UUID | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    fixed_by: str = Field(sa_type=Text)
    fixed_at: datetime


class ComplaintGrading(TicketServiceTable, table=True):
    """定级: one raising or lowering (T13)."""

    __tablename__ = "complaint_grading"

    grading_id: UUID = Field(primary_key=True)
    complaint_id: UUID
    grade_before: str = Field(sa_type=Text)
    grade: str = Field(sa_type=Text)
    cause: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    policy_version: int
    graded_by: str = Field(sa_type=Text)
    graded_at: datetime


class ComplaintSolution(TicketServiceTable, table=True):
    """解决方案: one round's proposal, its promise, and how the customer was told of it (T11, T16)."""

    __tablename__ = "complaint_solution"

    complaint_id: UUID = Field(primary_key=True)
    round: int = Field(primary_key=True)
    solutions: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    details: str = Field(sa_type=Text)
    estimated_for: datetime
    buffer: str = Field(sa_type=Text)
    promised_for: datetime
    policy_version: int
    proposed_by: str = Field(sa_type=Text)
    proposed_by_staff_id: UUID | None = None
    proposed_at: datetime
    informed_manner: str | None = Field(default=None, sa_type=Text)
    informed_by: str | None = Field(default=None, sa_type=Text)
    informed_at: datetime | None = None


class ComplaintCheck(TicketServiceTable, table=True):
    """内部核实: what the unit said once (T12)."""

    __tablename__ = "complaint_check"

    check_id: UUID = Field(primary_key=True)
    complaint_id: UUID
    round: int
    result: str = Field(sa_type=Text)
    confirmed_by: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    checked_by: str = Field(sa_type=Text)
    checked_at: datetime


class ComplaintCall(TicketServiceTable, table=True):
    """回访: one call, message or visit (T12)."""

    __tablename__ = "complaint_call"

    call_id: UUID = Field(primary_key=True)
    complaint_id: UUID
    number: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    month: str = Field(sa_type=Text)
    round: int
    result: str = Field(sa_type=Text)
    manner: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    staff_id: UUID | None = None
    called_by: str = Field(sa_type=Text)
    called_at: datetime


class ComplaintDiscipline(TicketServiceTable, table=True):
    """处理意见: what is proposed for the person directly responsible (T11, A12)."""

    __tablename__ = "complaint_discipline"

    discipline_id: UUID = Field(primary_key=True)
    complaint_id: UUID
    staff_id: UUID
    violation_code: str = Field(sa_type=Text)
    proposal: str = Field(sa_type=Text)
    proposed_by: str = Field(sa_type=Text)
    proposed_at: datetime


class ComplaintImprovement(TicketServiceTable, table=True):
    """改进措施: what is changed so that it doesn't happen again, by whom and until when (T11)."""

    __tablename__ = "complaint_improvement"

    improvement_id: UUID = Field(primary_key=True)
    complaint_id: UUID
    number: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    measure: str = Field(sa_type=Text)
    owner_staff_id: UUID
    due_on: date
    set_by: str = Field(sa_type=Text)
    set_at: datetime
    result: str | None = Field(default=None, sa_type=Text)
    done_by: str | None = Field(default=None, sa_type=Text)
    done_at: datetime | None = None


class ComplaintLetter(TicketServiceTable, table=True):
    """回访信: the letter as it was edited, and the message by which it was sent (T17)."""

    __tablename__ = "complaint_letter"

    complaint_id: UUID = Field(primary_key=True)
    language: str = Field(sa_type=Text)
    parts: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    edited_by: str = Field(sa_type=Text)
    edited_at: datetime
    message_id: UUID | None = None
    sent_by: str | None = Field(default=None, sa_type=Text)
    sent_at: datetime | None = None
    version: int = Field(default=1, sa_type=BigInteger)


class ComplaintTally(TicketServiceTable, table=True):
    """How many complaints of a shop count for a measure of a month (T15)."""

    __tablename__ = "complaint_tally"

    month: str = Field(primary_key=True, sa_type=Text)
    measure: str = Field(primary_key=True, sa_type=Text)
    shop: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    complaints: int
