"""The table of what cases cost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class BookedCost(TicketServiceTable, table=True):
    """One cost of a case and who bears it; `cause_id` is the refund, the goodwill … that it comes from. `reason` says
    why it was booked anew and may be personal: it never leaves the house (X6)."""

    __tablename__ = "case_cost"

    cost_id: UUID = Field(primary_key=True)
    cause_id: UUID
    ticket_id: UUID
    order_id: UUID
    shop: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    fault: str = Field(sa_type=Text)
    bearer: str = Field(sa_type=Text)
    bearer_code: str | None = Field(default=None, sa_type=Text)
    unit_id: UUID | None = None
    staff_id: UUID | None = None
    month: str = Field(sa_type=Text)
    booked_at: datetime
    rebooked_by: str | None = Field(default=None, sa_type=Text)
    rebooked_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)
