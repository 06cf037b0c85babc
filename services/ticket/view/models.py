"""The table of saved views."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class View(TicketServiceTable, table=True):
    """A saved view. `filters` is what the list of tickets is asked, without its page."""

    __tablename__ = "ticket_view"

    view_id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    shared_to: str = Field(sa_type=Text)
    shared_code: str | None = Field(default=None, sa_type=Text)
    filters: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    mine: bool
    saved_at: datetime
    removed_at: datetime | None = None
    version: int = Field(default=1, sa_type=BigInteger)
