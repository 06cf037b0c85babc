"""The tables of macros."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Macro(TicketServiceTable, table=True):
    """A macro as it is now."""

    __tablename__ = "ticket_macro"

    macro_id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    shared_to: str = Field(sa_type=Text)
    shared_code: str | None = Field(default=None, sa_type=Text)
    actions: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    saved_at: datetime
    removed_at: datetime | None = None
    version: int = Field(default=1, sa_type=BigInteger)


class MacroVersion(TicketServiceTable, table=True):
    """A macro as it was saved once; it never changes, so that a run can be understood later."""

    __tablename__ = "ticket_macro_version"

    macro_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    name: str = Field(sa_type=Text)
    actions: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    saved_by: str = Field(sa_type=Text)
    saved_at: datetime
