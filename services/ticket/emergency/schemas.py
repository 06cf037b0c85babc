"""Emergencies in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.aftercare import Lateness
from contracts.ticket.ticket import IntakeChannel, Priority, TicketKind
from kit.http.fields import Code, Line, Text
from kit.http.pages import Page
from services.ticket.emergency.lifecycle import EmergencyStatus
from services.ticket.ticket.schemas import TicketPublic


class EmergencyOpen(BaseModel):
    """突发事件受理: ten minutes count from now (T42)."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"
    subject: Line
    description: Text | None = None
    order_no: Annotated[Code | None, Field(description="An order of the shop that it is about.")] = None
    customer_id: UUID | None = None
    unit_id: UUID | None = None
    priority: Priority = Priority.URGENT
    channel: IntakeChannel = IntakeChannel.PHONE


class EmergencyContain(BaseModel):
    """受控: what was done."""

    model_config = ConfigDict(extra="forbid")

    measures: Text


class EmergencyNote(BaseModel):
    """Insurance and claims, noted on it (T42); what isn't named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    insurance: Text | None = None
    claims: Text | None = None


class EmergencyReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class EmergencyShown(BaseModel):
    """An emergency as a list shows it; `kind` tells a complaint of that category from an emergency by itself."""

    model_config = ConfigDict(from_attributes=True)

    emergency_id: UUID
    number: str
    shop: str
    kind: TicketKind
    status: EmergencyStatus
    opened_at: datetime
    contained_at: datetime | None
    alone: bool | None
    elapsed_seconds: int | None
    lateness: Lateness | None
    policy_version: int | None


class EmergencyPublic(EmergencyShown):
    """An emergency with its ticket. The ETag is the ticket's."""

    measures: str | None
    insurance: str | None
    claims: str | None
    allowed: list[str]
    ticket: TicketPublic


class EmergencyFilter(Page):
    """Which emergencies to list, newest first."""

    shop: Code | None = None
    kind: TicketKind | None = None
    status: EmergencyStatus | None = None
    lateness: Lateness | None = None


class EmergencyPage(BaseModel):
    """One page of emergencies."""

    items: list[EmergencyShown]
    next_cursor: str | None = None
