"""The table of units."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.appraisal.models import AppraisalServiceTable


class Unit(AppraisalServiceTable, table=True):
    """One unit (X2)."""

    __tablename__ = "unit"

    unit_id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    lead_staff_id: UUID | None = None
    status: str = Field(sa_type=Text)
    created_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)
