"""Clocks in the words of HTTP."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockKind, ClockParty
from contracts.ticket.ticket import TicketKind
from kit.http.fields import Code, Instant, Line
from kit.http.pages import Page
from services.ticket.clock.state import ClockState, FactKind, Hold


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
    party: ClockParty = Field(description="Who has to act; of the desk, `owner_staff_id`.")
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


class Standing(StrEnum):
    """How a clock that has not ended stands: counting and in time, standing still, or late (also while it stands
    still)."""

    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"


class ClockFilter(Page):
    """Which clocks to list, among those that have not ended."""

    state: Standing | None = None
    kind: ClockKind | None = None
    owner: Annotated[UUID | None, Field(description="Who has to act: a member of staff.")] = None
    group: Code | None = None
    shop: Code | None = None
    before: Annotated[Instant | None, Field(description="Due at that instant or earlier.")] = None


class ClockPage(BaseModel):
    """One page of clocks, what is due first first."""

    items: list[ClockPublic]
    next_cursor: str | None = None


class ClockFactPublic(BaseModel):
    """One thing that happened to a clock: when it was so, when it was written down and by whom, and how the clock
    stood then. Facts are never changed (T47)."""

    model_config = ConfigDict(from_attributes=True)

    kind: FactKind
    at: datetime
    noted_at: datetime
    author: str
    hold: Hold | None
    reason: str | None
    status: ClockState
    used_seconds: int
    due_at: datetime
    owner_staff_id: UUID | None
    group: str | None


class ClockFactPage(BaseModel):
    """One page of a clock's facts, in the order of their happening."""

    items: list[ClockFactPublic]
    next_cursor: str | None = None


class ClockReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line
