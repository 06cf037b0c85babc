"""What is news, and the life of a message (N3, N4, N5)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.problems import Problem
from services.notify.inbox import lifecycle
from services.notify.inbox.lifecycle import LIFE, InboxStatus
from services.notify.inbox.policy import QUIET_START

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@dataclass
class Message:
    status: str = "unread"
    subject: str = "ticket.opened"
    template: str = "ticket.opened"
    template_version: int = 1
    channel: str = "inbox"
    created_at: datetime = NOW
    read_at: datetime | None = None
    ticket_id: UUID | None = None
    notification_id: UUID = field(default_factory=new_id)
    event_id: UUID = field(default_factory=new_id)
    recipient_staff_id: UUID = field(default_factory=new_id)


@pytest.mark.parametrize(
    ("age", "speaks"),
    [
        (timedelta(0), True),
        (timedelta(hours=24), True),
        (timedelta(hours=24, microseconds=1), False),
        (timedelta(days=400), False),
        (-timedelta(minutes=1), True),
    ],
)
def test_what_is_older_than_a_day_is_no_news(age: timedelta, speaks: bool) -> None:
    assert QUIET_START.default.speaks(NOW - age, NOW) is speaks


def test_a_message_is_read_once() -> None:
    message = Message()
    told = lifecycle.read(message, NOW)
    assert (message.status, message.read_at, told.read_at) == ("read", NOW, NOW)
    with pytest.raises(Problem) as refused:
        lifecycle.read(message, NOW)
    assert refused.value.slug == "transition-refused"
    assert refused.value.facts["allowed"] == []


def test_the_table_is_all_there_is() -> None:
    assert list(LIFE.transitions()) == [(InboxStatus.UNREAD, "read", InboxStatus.READ)]


def test_an_event_names_its_cause_and_its_reader_and_not_the_words() -> None:
    message = Message()
    told = lifecycle.sent(message)
    assert (told.cause_id, told.cause_subject) == (message.event_id, "ticket.opened")
    assert (told.staff_id, told.aggregate_id) == (message.recipient_staff_id, message.notification_id)
    assert "variables" not in told.model_dump()
