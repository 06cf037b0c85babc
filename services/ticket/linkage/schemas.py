"""Merging, splitting, linking and following up in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.ticket.ticket import IntakeChannel, Priority, TicketKind
from kit.http.faults import InvalidValue
from kit.http.fields import Code, Line, Text
from services.ticket.link.lifecycle import LinkKind
from services.ticket.ticket.schemas import Details


def _once_each(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise InvalidValue("不能重复", "must not name one twice")
    return ids


class TicketMerge(BaseModel):
    """Which ticket this one becomes part of, and why."""

    model_config = ConfigDict(extra="forbid")

    into_ticket_id: UUID
    reason: Line


class TicketSplit(BaseModel):
    """Which messages are taken into a new ticket, and what that is about."""

    model_config = ConfigDict(extra="forbid")

    message_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000), AfterValidator(_once_each)]
    kind: Annotated[TicketKind, Field(description="One of those that are opened at `/v1/tickets`.")] = (
        TicketKind.INQUIRY
    )
    subject: Line
    description: Text | None = None
    details: Details | None = None
    category: Code | None = None
    priority: Priority = Priority.NORMAL


class FollowUpOpen(BaseModel):
    """A ticket that takes up one that has ended; order, customer and shop are that one's."""

    model_config = ConfigDict(extra="forbid")

    subject: Line | None = None
    description: Text | None = None
    channel: IntakeChannel | None = None


class LinkCreate(BaseModel):
    """What this ticket is to another one."""

    model_config = ConfigDict(extra="forbid")

    kind: LinkKind
    ticket_id: Annotated[UUID, Field(description="The other ticket.")]


class LinkPublic(BaseModel):
    """A link as an answer shows it: `ticket_id` is to `other_id` what `kind` says."""

    model_config = ConfigDict(from_attributes=True)

    link_id: UUID
    kind: LinkKind
    ticket_id: UUID
    other_id: UUID
    linked_by: str
    linked_at: datetime


class LinkList(BaseModel):
    """The links from and to a ticket, oldest first."""

    items: list[LinkPublic]
