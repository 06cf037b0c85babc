"""Messages in the words of HTTP, as operators see them: what was told to whom, without the words."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.notify import NotifyChannel
from kit.http.fields import Line
from kit.http.pages import Page
from services.notify.notification.delivery import Outcome
from services.notify.notification.lifecycle import Status


class NotificationPublic(BaseModel):
    """One message: for a member of staff in their inbox, or for a customer by another channel."""

    model_config = ConfigDict(from_attributes=True)

    notification_id: UUID
    event_id: UUID
    event: Annotated[str, Field(validation_alias="subject", examples=["ticket.opened"])]
    ticket_id: UUID | None
    rule: str
    template: str
    template_version: int
    recipient_staff_id: UUID | None
    recipient_customer_id: UUID | None
    channel: NotifyChannel
    status: Status
    attempts: int
    next_attempt_at: datetime | None
    failure: Annotated[
        str | None, Field(description="Why it was given up.", examples=["no_contact", "refused", "gave_up", "erased"])
    ]
    created_at: datetime
    read_at: datetime | None
    version: int


class AttemptPublic(BaseModel):
    """One attempt at handing a message to a provider."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    answer: Annotated[str | None, Field(description="The provider's words, nothing personal in them.")]


class NotificationWhole(NotificationPublic):
    """One message with all its attempts."""

    tries: list[AttemptPublic]
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")]


class NotificationFilter(Page):
    """Which messages to list."""

    recipient_staff_id: UUID | None = None
    recipient_customer_id: UUID | None = None
    ticket_id: UUID | None = None
    event_id: UUID | None = None
    channel: NotifyChannel | None = None
    status: Status | None = None


class NotificationPage(BaseModel):
    """One page of messages, newest first."""

    items: list[NotificationPublic]
    next_cursor: str | None = None


class ResendAsk(BaseModel):
    """Why it is sent again."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class ChannelPublic(BaseModel):
    """A channel and whether it works here. What a channel that doesn't is asked to carry waits (N1)."""

    channel: NotifyChannel
    configured: bool
    by: Annotated[str | None, Field(description="How it goes out: its own inbox, an SMTP server, a folder.")]
    missing: Annotated[list[str], Field(description="The settings that it lacks.")]
    waiting: int


class ChannelList(BaseModel):
    """All channels."""

    items: list[ChannelPublic]
