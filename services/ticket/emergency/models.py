"""The table of emergencies: tickets of that kind, and complaints of that category."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Emergency(TicketServiceTable, table=True):
    """An emergency; its id is its ticket's. `insurance`, `claims` and `measures` are free text (X6)."""

    __tablename__ = "emergency"

    emergency_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    account_id: UUID | None = None
    kind: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    insurance: str | None = Field(default=None, sa_type=Text)
    claims: str | None = Field(default=None, sa_type=Text)
    opened_at: datetime
    contained_at: datetime | None = None
    contained_by: str | None = Field(default=None, sa_type=Text)
    measures: str | None = Field(default=None, sa_type=Text)
    alone: bool | None = None
    elapsed_seconds: int | None = Field(default=None, sa_type=BigInteger)
    lateness: str | None = Field(default=None, sa_type=Text)
    policy_version: int | None = None
    event_seq: int = Field(default=0, sa_type=BigInteger)
