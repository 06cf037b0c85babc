"""Messages in the words of HTTP."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.ticket import ReplyAuthor
from kit.http.fields import Text
from kit.http.pages import Page


class Visibility(StrEnum):
    """Who can see a message."""

    PUBLIC = "public"
    INTERNAL = "internal"


class MessageCreate(BaseModel):
    """A message to write. Customers and storefronts write public ones only."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    visibility: Visibility = Visibility.PUBLIC


class MessagePublic(BaseModel):
    """A message as an answer shows it. `ticket_id` is where it stands now: what a customer writes on a ticket that
    has ended stands in its follow-up (T2), what was merged in the surviving ticket (T3)."""

    message_id: UUID
    ticket_id: UUID
    came_from: Annotated[UUID | None, Field(description="The ticket it was written on, before a merge or split.")]
    visibility: Visibility
    author: ReplyAuthor
    automatic: bool
    staff_id: UUID | None
    text: str
    sent_at: datetime


class MessageFilter(Page):
    """Which messages to list."""

    visibility: Visibility | None = None


class MessagePage(BaseModel):
    """One page of messages, oldest first."""

    items: list[MessagePublic]
    next_cursor: str | None = None
