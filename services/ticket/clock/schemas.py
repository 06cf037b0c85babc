"""Clocks in the words of HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockKind
from contracts.ticket.ticket import TicketKind
from services.ticket.clock.lifecycle import ClockState


class ClockPublic(BaseModel):
    """A clock as an answer shows it: what was due when, by whom, and how it stands."""

    model_config = ConfigDict(from_attributes=True)

    clock_id: UUID
    kind: ClockKind
    ticket_id: UUID
    ticket_number: str
    ticket_kind: TicketKind
    shop: str
    tier: Tier | None
    status: ClockState
    late: bool = Field(description="It was not met when it was due.")
    owner_staff_id: UUID | None
    group: str | None
    unit_id: UUID | None
    target_seconds: int
    used_seconds: int = Field(description="What had counted when it last began to run, or ended.")
    started_at: datetime
    running_since: datetime | None
    due_at: datetime | None = Field(description="Empty while it stands still.")
    warned_at: datetime | None
    breached_at: datetime | None
    ended_at: datetime | None
    waiting: bool = Field(description="It stands still because its ticket waits for the customer.")
    by_hand: bool = Field(description="It stands still because somebody paused it.")
    business_hours: bool = Field(description="It counts the shop's business hours; otherwise every second.")
    policy_name: str
    policy_version: int
    version: int
