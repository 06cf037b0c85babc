"""The table of teams."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Text
from sqlmodel import Field

from services.appraisal.models import AppraisalServiceTable


class Team(AppraisalServiceTable, table=True):
    """One team (A1)."""

    __tablename__ = "team"

    team_id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    unit_id: UUID | None = None
    lead_staff_id: UUID | None = None
    shops: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: str = Field(sa_type=Text)
    created_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)
