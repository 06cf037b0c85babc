"""The table of tickets: one row a ticket, whatever its kind."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Ticket(TicketServiceTable, table=True):
    """A ticket. `subject` and `description` are free text and may be personal: they never leave in events (X6)."""

    __tablename__ = "ticket"

    ticket_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    waiting_on: str | None = Field(default=None, sa_type=Text)
    subject: str = Field(sa_type=Text)
    description: str | None = Field(default=None, sa_type=Text)
    solution: str | None = Field(default=None, sa_type=Text)
    customer_id: UUID | None = None
    account_id: UUID | None = None
    order_id: UUID | None = None
    order_no: str | None = Field(default=None, sa_type=Text)
    assignee_staff_id: UUID | None = None
    priority: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    opened_by: str = Field(sa_type=Text)
    opened_by_staff_id: UUID | None = None
    opened_at: datetime
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    times_reopened: int = 0
    touched_by: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)
