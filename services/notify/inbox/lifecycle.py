"""The life of a message in an inbox, and what it tells (N4, N5)."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.notify import NotificationRead, NotificationSent, NotifyChannel, Purpose
from kit.lifecycle import Lifecycle


class InboxStatus(StrEnum):
    """Whether it has been read."""

    UNREAD = "unread"
    READ = "read"


LIFE = Lifecycle(
    noun="notification",
    states=InboxStatus,
    initial=InboxStatus.UNREAD,
    table={"read": {InboxStatus.UNREAD: InboxStatus.READ}},
)


class NotificationLike(Protocol):
    """A message as the table holds it."""

    notification_id: UUID
    event_id: UUID
    subject: str
    ticket_id: UUID | None
    template: str
    template_version: int
    recipient_staff_id: UUID
    channel: str
    status: str
    created_at: datetime
    read_at: datetime | None


def sent(message: NotificationLike) -> NotificationSent:
    """已发送: what is told when a message is in the inbox."""
    return NotificationSent(**_about(message), sent_at=message.created_at)


def read(message: NotificationLike, at: datetime) -> NotificationRead:
    """已读. Raises Problem `transition-refused` when it was read before."""
    LIFE.move(message, "read")
    message.read_at = at
    return NotificationRead(**_about(message), read_at=at)


def _about(message: NotificationLike) -> dict[str, Any]:
    return {
        "notification_id": message.notification_id,
        "channel": NotifyChannel(message.channel),
        "purpose": Purpose.TRANSACTIONAL,
        "template": message.template,
        "template_version": message.template_version,
        "staff_id": message.recipient_staff_id,
        "ticket_id": message.ticket_id,
        "cause_subject": message.subject,
        "cause_id": message.event_id,
        "attempts": 1,
    }
