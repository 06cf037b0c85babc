"""The tables of messages. The words are the template's; here are only codes and numbers to fill in, and no address:
where a message goes is asked when it goes (X6)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.models import NotifyServiceTable


class Notification(NotifyServiceTable, table=True):
    """One message to one person about one event by one channel; there is never a second (N4).

    In an inbox it is for a member of staff; by any other channel for a customer. `attempts` counts all, `tries`
    those since it was last put in line; `leased_until` is how long the process that took it may keep it.
    """

    __tablename__ = "notification"

    notification_id: UUID = Field(primary_key=True)
    event_id: UUID
    subject: str = Field(sa_type=Text)
    ticket_id: UUID | None = None
    rule: str = Field(sa_type=Text)
    template: str = Field(sa_type=Text)
    template_version: int
    recipient_staff_id: UUID | None = None
    recipient_customer_id: UUID | None = None
    channel: str = Field(sa_type=Text)
    variables: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    status: str = Field(sa_type=Text)
    created_at: datetime
    read_at: datetime | None = None
    attempts: int = 0
    tries: int = Field(default=0, sa_type=SmallInteger)
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None
    failure: str | None = Field(default=None, sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class Attempt(NotifyServiceTable, table=True):
    """One attempt at handing a message to a provider, and the provider's answer without anything personal (N4)."""

    __tablename__ = "delivery_attempt"

    notification_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = Field(default=None, sa_type=Text)
    answer: str | None = Field(default=None, sa_type=Text)
