"""Inboxes in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from kit.http.pages import Page
from services.notify.notification.lifecycle import Status


class MessagePublic(BaseModel):
    """One message as its reader sees it, in the language asked for."""

    notification_id: UUID
    event: Annotated[str, Field(examples=["ticket.opened"])]
    ticket_id: UUID | None
    title: str
    body: str
    language: str
    status: Status
    created_at: datetime
    read_at: datetime | None
    version: int


class InboxFilter(Page):
    """Which of one's own messages to list."""

    unread: Annotated[bool, Field(description="Only those not read yet.")] = False


class InboxPage(BaseModel):
    """One page of one's own messages, newest first."""

    items: list[MessagePublic]
    next_cursor: str | None = None


class UnreadCount(BaseModel):
    """How many messages wait to be read."""

    unread: int
