"""The table of searchable texts: one row a text, that of the ticket itself or a message."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class TicketText(TicketServiceTable, table=True):
    """A text as written, in its plain form and as entries of the index. A ticket's own has the ticket's id."""

    __tablename__ = "ticket_text"

    text_id: UUID = Field(primary_key=True)
    ticket_id: UUID
    shop: str = Field(sa_type=Text)
    opened_at: datetime
    internal: bool
    body: str = Field(sa_type=Text)
    plain: str = Field(sa_type=Text)
    entries: str = Field(sa_type=TSVECTOR)
