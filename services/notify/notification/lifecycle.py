"""The life of a message, and what it tells (N4, N5): read in an inbox, or sent out by a provider."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.notify import (
    NotificationFailed,
    NotificationInDoubt,
    NotificationRead,
    NotificationSent,
    NotifyChannel,
    Purpose,
)
from kit.lifecycle import Lifecycle


class Status(StrEnum):
    """Where a message is. Those of an inbox are unread or read, those that leave the house all the others."""

    UNREAD = "unread"
    READ = "read"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


READING = Lifecycle(
    noun="notification",
    states=Status,
    initial=Status.UNREAD,
    table={"read": {Status.UNREAD: Status.READ}},
)

# `accept` also settles a doubt: the word of the provider came after somebody had stopped waiting for it.
DELIVERING = Lifecycle(
    noun="notification",
    states=Status,
    initial=Status.PENDING,
    table={
        "attempt": {Status.PENDING: Status.SENDING},
        "accept": {Status.SENDING: Status.SENT, Status.IN_DOUBT: Status.SENT},
        "postpone": {Status.SENDING: Status.PENDING},
        "fail": {Status.PENDING: Status.FAILED, Status.SENDING: Status.FAILED},
        "doubt": {Status.SENDING: Status.IN_DOUBT},
    },
)

RESENDING = Lifecycle(
    noun="notification",
    states=Status,
    initial=Status.PENDING,
    table={"resend": {Status.FAILED: Status.PENDING, Status.IN_DOUBT: Status.PENDING}},
)


class NotificationLike(Protocol):
    """A message as the table holds it."""

    notification_id: UUID
    event_id: UUID
    subject: str
    ticket_id: UUID | None
    template: str
    template_version: int
    recipient_staff_id: UUID | None
    recipient_customer_id: UUID | None
    channel: str
    status: str
    created_at: datetime
    read_at: datetime | None
    attempts: int
    tries: int
    next_attempt_at: datetime | None
    leased_until: datetime | None
    failure: str | None


def sent(message: NotificationLike, at: datetime) -> NotificationSent:
    """已发送: what is told when a message is in the inbox, or a provider took it."""
    return NotificationSent(**_about(message), sent_at=at)


def read(message: NotificationLike, at: datetime) -> NotificationRead:
    """已读. Raises Problem `transition-refused` when it was read before."""
    READING.move(message, "read")
    message.read_at = at
    return NotificationRead(**_about(message), read_at=at)


def attempt(message: NotificationLike, until: datetime) -> None:
    """发送中: handed to the provider now; when nothing is heard until then, it is in doubt."""
    DELIVERING.move(message, "attempt")
    message.attempts += 1
    message.tries += 1
    message.next_attempt_at, message.leased_until = None, until


def accept(message: NotificationLike, at: datetime) -> NotificationSent:
    """已发送: the provider took it."""
    DELIVERING.move(message, "accept")
    message.leased_until = None
    return sent(message, at)


def postpone(message: NotificationLike, next_attempt_at: datetime) -> None:
    """待重发: not taken this time."""
    DELIVERING.move(message, "postpone")
    message.next_attempt_at, message.leased_until = next_attempt_at, None


def fail(message: NotificationLike, failure: str, at: datetime) -> NotificationFailed:
    """发送失败: given up, visible, until somebody sends it again."""
    DELIVERING.move(message, "fail")
    message.next_attempt_at, message.leased_until, message.failure = None, None, failure
    return NotificationFailed(**_about(message), failure=failure, failed_at=at)


def doubt(message: NotificationLike, at: datetime) -> NotificationInDoubt:
    """结果不明: cut off while the provider had it; never sent again but by somebody's decision."""
    DELIVERING.move(message, "doubt")
    message.leased_until = None
    return NotificationInDoubt(**_about(message), since=at)


def resend(message: NotificationLike, at: datetime) -> None:
    """重发: by somebody's decision, with all its tries again. Raises Problem `transition-refused`."""
    RESENDING.move(message, "resend")
    message.tries, message.failure = 0, None
    message.next_attempt_at, message.leased_until = at, None


def _about(message: NotificationLike) -> dict[str, Any]:
    return {
        "notification_id": message.notification_id,
        "channel": NotifyChannel(message.channel),
        "purpose": Purpose.TRANSACTIONAL,
        "template": message.template,
        "template_version": message.template_version,
        "staff_id": message.recipient_staff_id,
        "customer_id": message.recipient_customer_id,
        "ticket_id": message.ticket_id,
        "cause_subject": message.subject,
        "cause_id": message.event_id,
        "attempts": message.attempts,
    }
