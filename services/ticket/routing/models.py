"""The table of seats."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Seat(TicketServiceTable, table=True):
    """What somebody has open now. `given_no` rises with whatever is given to anybody, so the smallest is whose turn
    it is."""

    __tablename__ = "agent_seat"

    staff_id: UUID = Field(primary_key=True)
    open_tickets: int
    open_chats: int
    given_no: int = Field(sa_type=BigInteger)
    last_given_at: datetime | None = None
