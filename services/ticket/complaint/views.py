"""Complaints in the words of HTTP: what is answered.

A buyer sees what was told to the customer; what was found out inside is for staff (X6).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.price import Price
from contracts.ticket.complaint import ComplaintCategory, Grade, Nature
from contracts.ticket.ticket import TicketStatus
from kit.money import Money
from services.ticket.complaint.lifecycle import Stage, allowed, status_of
from services.ticket.complaint.models import Complaint
from services.ticket.ticket.schemas import TicketPublic


class ComplaintInside(BaseModel):
    """What was found out and done inside."""

    model_config = ConfigDict(from_attributes=True)

    against_staff_id: UUID | None
    nature: Nature
    severity: int | None
    judged_at: datetime | None
    unit_id: UUID | None
    responsible_staff_id: UUID | None
    cause_code: str | None
    cause: str | None
    grade: Grade
    linked_ticket_id: UUID | None
    injury_or_safety: bool
    media_or_regulator: bool
    loss: Price | None
    times_not_settled: int
    times_not_carried_out: int
    times_unsatisfied: int
    times_missed: int
    promise_kept: bool | None = Field(description="Empty as long as nothing promised was confirmed.")
    handled_by_staff_id: UUID | None
    allowed: Annotated[list[str], Field(description="The verbs that its present stage allows.")]


class ComplaintShown(BaseModel):
    """A complaint as a list shows it."""

    complaint_id: UUID
    number: str
    shop: str
    status: TicketStatus
    stage: Stage
    category: ComplaintCategory
    subtype: str | None
    account_id: UUID | None
    order_id: UUID | None
    occurred_at: datetime
    wish: str
    round: int = Field(description="How many solutions have been proposed.")
    promised_for: datetime | None
    due_at: datetime | None = Field(description="The earliest promise told to the customer and not confirmed yet.")
    opened_at: datetime
    closed_at: datetime | None
    inside: ComplaintInside | None = Field(description="For staff only.")


class ComplaintPublic(ComplaintShown):
    """A complaint with its ticket. The ETag is the ticket's."""

    ticket: TicketPublic


class ComplaintPage(BaseModel):
    """One page of complaints."""

    items: list[ComplaintShown]
    next_cursor: str | None = None


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class JudgementShown(_Row):
    """定性."""

    nature: Nature
    severity: int
    reason: str | None
    judged_by: str
    judged_at: datetime


class ResponsibilityShown(_Row):
    """定责."""

    unit_id: UUID | None
    staff_id: UUID | None
    reason: str | None
    fixed_by: str
    fixed_at: datetime


class GradingShown(_Row):
    """定级."""

    grade_before: Grade
    grade: Grade
    cause: str
    reason: str | None
    policy_version: int
    graded_by: str
    graded_at: datetime


class SolutionShown(_Row):
    """解决方案."""

    round: int
    solutions: list[str]
    details: str
    estimated_for: datetime
    buffer: str
    promised_for: datetime
    policy_version: int
    proposed_by: str
    proposed_at: datetime
    informed_manner: str | None
    informed_by: str | None
    informed_at: datetime | None


class VerificationShown(_Row):
    """内部核实."""

    round: int
    result: str
    confirmed_by: str
    note: str | None
    checked_by: str
    checked_at: datetime


class CallShown(_Row):
    """回访."""

    call_id: UUID
    complaint_id: UUID
    number: str
    shop: str
    round: int
    result: str
    manner: str
    note: str | None
    staff_id: UUID | None
    called_by: str
    called_at: datetime


class DisciplineShown(_Row):
    """处理意见."""

    staff_id: UUID
    violation_code: str
    proposal: str
    proposed_by: str
    proposed_at: datetime


class ImprovementShown(_Row):
    """改进措施."""

    improvement_id: UUID
    complaint_id: UUID
    number: str
    shop: str
    measure: str
    owner_staff_id: UUID
    due_on: date
    set_by: str
    set_at: datetime
    result: str | None
    done_by: str | None
    done_at: datetime | None


class ComplaintHistory(BaseModel):
    """All that was found, proposed, said and done, oldest first (T11, T12)."""

    judgements: list[JudgementShown]
    responsibilities: list[ResponsibilityShown]
    gradings: list[GradingShown]
    solutions: list[SolutionShown]
    verifications: list[VerificationShown]
    callbacks: list[CallShown]
    disciplines: list[DisciplineShown]
    improvements: list[ImprovementShown]

    @classmethod
    def of(cls, rows: dict[str, Sequence[Any]]) -> "ComplaintHistory":
        """From the rows of each kind."""
        return cls.model_validate(rows, from_attributes=True)


class CallPage(BaseModel):
    """One page of callbacks, newest first."""

    items: list[CallShown]
    next_cursor: str | None = None


class ImprovementPage(BaseModel):
    """One page of measures, what is due first leads."""

    items: list[ImprovementShown]
    next_cursor: str | None = None


def shown(complaint: Complaint, *, inside: bool) -> dict[str, Any]:
    """The complaint as an answer shows it, with what was found out inside for those who may know."""
    outside = {name: getattr(complaint, name) for name in ComplaintShown.model_fields if hasattr(complaint, name)}
    return {
        **outside,
        "status": status_of(complaint),
        "inside": _inside(complaint) if inside else None,
    }


def _inside(complaint: Complaint) -> dict[str, Any]:
    known = {name: getattr(complaint, name) for name in ComplaintInside.model_fields if hasattr(complaint, name)}
    loss = None
    if complaint.loss_minor is not None and complaint.loss_currency is not None:
        amount = Money(complaint.loss_minor, complaint.loss_currency)
        loss = Price(amount=amount.amount, currency=amount.currency)
    return {**known, "loss": loss, "allowed": allowed(Stage(complaint.stage))}
