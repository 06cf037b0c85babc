"""The table of links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Link(TicketServiceTable, table=True):
    """One link: the ticket is, to the other one, what `kind` says."""

    __tablename__ = "ticket_link"

    link_id: UUID = Field(primary_key=True)
    ticket_id: UUID
    kind: str = Field(sa_type=Text)
    other_id: UUID
    linked_by: str = Field(sa_type=Text)
    linked_at: datetime
