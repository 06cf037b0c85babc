"""The table of messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Message(TicketServiceTable, table=True):
    """One message; it never changes, but may move with others to another ticket, and then remembers where it was
    written. `body` is free text and may be personal: it never leaves in events, trail or logs (X6)."""

    __tablename__ = "ticket_message"

    message_id: UUID = Field(primary_key=True)
    ticket_id: UUID
    came_from: UUID | None = None
    internal: bool
    author: str = Field(sa_type=Text)
    automatic: bool
    written_by: str = Field(sa_type=Text)
    staff_id: UUID | None = None
    body: str = Field(sa_type=Text)
    sent_at: datetime
