"""The tables of penalty lists and of declared sensitive periods."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class PenaltyList(TicketServiceTable, table=True):
    """One month's list; `applied` is false where a sensitive period touches the month."""

    __tablename__ = "penalty_list"

    penalty_list_id: UUID = Field(primary_key=True)
    month: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    policy_version: int
    applied: bool
    drafted_by: str = Field(sa_type=Text)
    drafted_at: datetime
    signed_by: str | None = Field(default=None, sa_type=Text)
    signed_at: datetime | None = None
    published_at: datetime | None = None
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class PenaltyListLine(TicketServiceTable, table=True):
    """One ticket on one list."""

    __tablename__ = "penalty_line"

    penalty_list_id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(primary_key=True)
    place: int
    ticket_number: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    unit_id: UUID
    lead_staff_id: UUID | None = None
    grade: str = Field(sa_type=Text)
    penalty_minor: int = Field(sa_type=BigInteger)
    charged_minor: int = Field(sa_type=BigInteger)


class SensitivePeriod(TicketServiceTable, table=True):
    """敏感时期: days in whose months lists are made and not applied."""

    __tablename__ = "sensitive_period"

    period_id: UUID = Field(primary_key=True)
    first_day: date
    last_day: date
    reason: str = Field(sa_type=Text)
    declared_by: str = Field(sa_type=Text)
    declared_at: datetime
    ended_by: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = None
