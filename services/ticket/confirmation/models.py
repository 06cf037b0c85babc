"""The table of ticks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Tick(TicketServiceTable, table=True):
    """One step of one order, ticked off; `seen` stands for what was seen of the order then."""

    __tablename__ = "order_confirmation"

    order_id: UUID = Field(primary_key=True)
    step: str = Field(primary_key=True, sa_type=Text)
    seen: bytes = Field(sa_type=LargeBinary)
    revision: int = Field(sa_type=BigInteger)
    policy_version: int
    ticked_by: str = Field(sa_type=Text)
    ticked_by_staff_id: UUID | None = None
    ticked_at: datetime
