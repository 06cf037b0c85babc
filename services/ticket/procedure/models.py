"""The tables of checklists: which stand on which tickets, and what of them is ticked off."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class TicketProcedure(TicketServiceTable, table=True):
    """A checklist on a ticket, as the policy of its start had it."""

    __tablename__ = "ticket_procedure"

    ticket_id: UUID = Field(primary_key=True)
    procedure: str = Field(primary_key=True, sa_type=Text)
    name_zh: str = Field(sa_type=Text)
    name_en: str = Field(sa_type=Text)
    policy_shop: str = Field(sa_type=Text)
    policy_version: int
    started_by: str = Field(sa_type=Text)
    started_at: datetime


class TicketProcedureStep(TicketServiceTable, table=True):
    """One step of it; who ticked it off, and when. Every tick and every tick taken back is in the trail."""

    __tablename__ = "ticket_procedure_step"

    ticket_id: UUID = Field(primary_key=True)
    procedure: str = Field(primary_key=True, sa_type=Text)
    step: str = Field(primary_key=True, sa_type=Text)
    place: int
    name_zh: str = Field(sa_type=Text)
    name_en: str = Field(sa_type=Text)
    required: bool
    ticked_at: datetime | None = None
    ticked_by: str | None = Field(default=None, sa_type=Text)
    ticked_by_staff_id: UUID | None = None
