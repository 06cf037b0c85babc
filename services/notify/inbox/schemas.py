"""Inboxes in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.notify import NotifyChannel
from kit.http.pages import Page
from services.notify.inbox.lifecycle import InboxStatus


class NotificationPublic(BaseModel):
    """One message as operators see it: what was told to whom, without its words."""

    model_config = ConfigDict(from_attributes=True)

    notification_id: UUID
    event_id: UUID
    event: Annotated[str, Field(validation_alias="subject", examples=["ticket.opened"])]
    ticket_id: UUID | None
    rule: str
    template: str
    template_version: int
    recipient_staff_id: UUID
    channel: NotifyChannel
    status: InboxStatus
    created_at: datetime
    read_at: datetime | None
    version: int


class MessagePublic(BaseModel):
    """One message as its reader sees it, in the language asked for."""

    notification_id: UUID
    event: Annotated[str, Field(examples=["ticket.opened"])]
    ticket_id: UUID | None
    title: str
    body: str
    language: str
    status: InboxStatus
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


class NotificationFilter(Page):
    """Which messages to list."""

    recipient_staff_id: UUID | None = None
    ticket_id: UUID | None = None
    event_id: UUID | None = None
    status: InboxStatus | None = None


class NotificationPage(BaseModel):
    """One page of messages, newest first."""

    items: list[NotificationPublic]
    next_cursor: str | None = None
