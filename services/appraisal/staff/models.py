"""The table of staff. The name is personal: it stays here, masked in answers, absent from events and audit (X6)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.appraisal.models import AppraisalServiceTable


class Staff(AppraisalServiceTable, table=True):
    """One member of staff (A1)."""

    __tablename__ = "staff"

    staff_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    team_id: UUID | None = None
    unit_id: UUID | None = None
    grade: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    hired_on: date
    left_on: date | None = None
    created_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)
