"""Tickets in the words of HTTP."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.ticket import IntakeChannel, Priority, TicketKind, TicketState, TicketStatus, WaitingOn
from kit.http.fields import Code, Line, Text
from kit.http.pages import Page


class TicketOpen(BaseModel):
    """A ticket to open. Kinds with stages of their own have their own addresses."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[TicketKind, Field(description="`inquiry` (转办工单) for now.")] = TicketKind.INQUIRY
    shop: Code = "main"
    subject: Line
    description: Text | None = None
    order_no: Annotated[Code | None, Field(description="An order of the shop that it is about.")] = None
    customer_id: Annotated[UUID | None, Field(description="Whom it is about, where no order tells.")] = None
    priority: Priority = Priority.NORMAL
    channel: IntakeChannel = IntakeChannel.CHAT


class TicketWait(BaseModel):
    """For whom the ticket waits (T2)."""

    model_config = ConfigDict(extra="forbid")

    waiting_on: WaitingOn
    reason: Line


class TicketSolve(BaseModel):
    """What was done."""

    model_config = ConfigDict(extra="forbid")

    solution: Text


class TicketReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class TicketAssign(BaseModel):
    """To whom the ticket is given."""

    model_config = ConfigDict(extra="forbid")

    staff_id: UUID


class TicketPublic(TicketState):
    """A ticket as an answer shows it."""

    version: int
    subject: str
    description: str | None
    solution: str | None
    times_reopened: int
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")]


class TicketFilter(Page):
    """Which tickets to list."""

    shop: Code | None = None
    kind: TicketKind | None = None
    status: TicketStatus | None = None
    assignee_staff_id: UUID | None = None
    account_id: UUID | None = None
    order_no: Code | None = None


class TicketPage(BaseModel):
    """One page of tickets, newest first."""

    items: list[TicketPublic]
    next_cursor: str | None = None
