"""The tables of approvals: cases, who approved what of them, and what teams have given in a month."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class ApprovalCase(TicketServiceTable, table=True):
    """Something that gives money and needs eyes. `requested_by_person` asked for it, `written_by_person` wrote what
    it says now; the totals and the policy version say by what it was decided (X3)."""

    __tablename__ = "approval_case"

    case_id: UUID = Field(primary_key=True)
    noun: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    order_id: UUID
    account_id: UUID | None = None
    status: str = Field(sa_type=Text)
    requested_by_person: str = Field(sa_type=Text)
    written_by_person: str = Field(sa_type=Text)
    team_id: UUID | None = None
    content_version: int = 1
    content_digest: bytes = Field(sa_type=LargeBinary)
    reason: str | None = Field(default=None, sa_type=Text)
    tier: str | None = Field(default=None, sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    approved_minor: int | None = Field(default=None, sa_type=BigInteger)
    approved_at: datetime | None = None
    month: str | None = Field(default=None, sa_type=Text)
    policy_version: int | None = None
    order_total_minor: int | None = Field(default=None, sa_type=BigInteger)
    customer_total_minor: int | None = Field(default=None, sa_type=BigInteger)
    opened_at: datetime


class Approval(TicketServiceTable, table=True):
    """One person's approval of one content of a case; never changed. `roles` are those they held then."""

    __tablename__ = "approval"

    case_id: UUID = Field(primary_key=True)
    content_version: int = Field(primary_key=True)
    person: str = Field(primary_key=True, sa_type=Text)
    step: int
    roles: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    subject: str = Field(sa_type=Text)
    at: datetime


class BudgetSpent(TicketServiceTable, table=True):
    """What cases of a team came to that were approved in a business month."""

    __tablename__ = "budget_spent"

    month: str = Field(primary_key=True, sa_type=Text)
    team_id: UUID = Field(primary_key=True)
    currency: str = Field(primary_key=True, sa_type=Text)
    spent_minor: int = Field(sa_type=BigInteger)
