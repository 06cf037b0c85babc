"""The tables of handover sheets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Sheet(TicketServiceTable, table=True):
    """交接单: one a shift. `notes` and `dispute_reason` are free text and stay here (X6)."""

    __tablename__ = "handover"

    handover_id: UUID = Field(primary_key=True)
    shift_id: UUID
    shop: str = Field(sa_type=Text)
    staff_id: UUID
    to_staff_id: UUID | None = None
    to_shift_id: UUID | None = None
    notes: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    due_at: datetime
    missed: bool = False
    promises_due: int = 0
    drafted_at: datetime
    signed_at: datetime | None = None
    answered_at: datetime | None = None
    dispute_reason: str | None = Field(default=None, sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)


class Item(TicketServiceTable, table=True):
    """One pending matter on a sheet, what is to become of it, and what became of it."""

    __tablename__ = "handover_item"

    handover_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, sa_type=Text)
    subject_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    due_at: datetime | None = None
    decision: str = Field(sa_type=Text)
    to_staff_id: UUID | None = None
    note: str | None = Field(default=None, sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)
