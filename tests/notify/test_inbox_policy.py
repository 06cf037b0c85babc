"""What is news, and the life of a message (N3, N4, N5)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.problems import Problem
from services.notify.notification import lifecycle
from services.notify.notification.lifecycle import DELIVERING, READING, RESENDING, Status
from services.notify.notification.policy import DELIVERY_PAUSES, QUIET_START, DeliveryPauses

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
    recipient_staff_id: UUID | None = field(default_factory=new_id)
    recipient_customer_id: UUID | None = None
    attempts: int = 1
    tries: int = 0
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None
    failure: str | None = None


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


def test_the_tables_are_all_there_is() -> None:
    assert list(READING.transitions()) == [(Status.UNREAD, "read", Status.READ)]
    drawn = {(start.value, verb, end.value) for start, verb, end in DELIVERING.transitions()}
    assert drawn == {
        ("pending", "attempt", "sending"), ("sending", "accept", "sent"), ("in_doubt", "accept", "sent"),
        ("sending", "postpone", "pending"), ("pending", "fail", "failed"), ("sending", "fail", "failed"),
        ("sending", "doubt", "in_doubt"),
    }  # fmt: skip
    assert RESENDING.allowed(Status.FAILED) == RESENDING.allowed(Status.IN_DOUBT) == ["resend"]
    assert [status for status in Status if RESENDING.allowed(status)] == [Status.FAILED, Status.IN_DOUBT]


def test_what_is_in_doubt_is_sent_again_by_a_decision_only() -> None:
    """N4"""
    message = Message(status="in_doubt", channel="email")
    with pytest.raises(Problem):
        lifecycle.attempt(message, NOW)
    with pytest.raises(Problem):
        lifecycle.postpone(message, NOW)
    lifecycle.resend(message, NOW)
    assert (message.status, message.next_attempt_at, message.tries) == ("pending", NOW, 0)


def test_pauses_grow_and_end() -> None:
    pauses = DELIVERY_PAUSES.default
    waited = [pauses.pause_after(tries) for tries in range(1, 7)]
    assert [one.total_seconds() if one else None for one in waited] == [60, 300, 1800, 7200, 28_800, None]
    assert DeliveryPauses(pauses_seconds=()).pause_after(1) is None
    faults = list(DELIVERY_PAUSES.check(DeliveryPauses(pauses_seconds=(60, 30, 30, 10))))
    assert [fault.pointer for fault in faults] == ["/pauses_seconds/1", "/pauses_seconds/3"]


def test_an_event_names_its_cause_and_its_reader_and_not_the_words() -> None:
    message = Message()
    told = lifecycle.sent(message, NOW)
    assert (told.cause_id, told.cause_subject) == (message.event_id, "ticket.opened")
    assert (told.staff_id, told.aggregate_id) == (message.recipient_staff_id, message.notification_id)
    assert "variables" not in told.model_dump()
