"""The table of what units handled."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class UnitVolume(TicketServiceTable, table=True):
    """How much a unit handled in a month, and of what (X2)."""

    __tablename__ = "unit_volume"

    month: str = Field(primary_key=True, sa_type=Text)
    unit_id: UUID = Field(primary_key=True)
    volume: int = Field(sa_type=BigInteger)
    measure: str | None = Field(default=None, sa_type=Text)
    set_by: str = Field(sa_type=Text)
    set_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)
