"""The table of notifications. The words are the template's; here are only codes and numbers to fill in (X6)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.models import NotifyServiceTable


class Notification(NotifyServiceTable, table=True):
    """One message to one member of staff about one event; there is never a second (N4)."""

    __tablename__ = "notification"

    notification_id: UUID = Field(primary_key=True)
    event_id: UUID
    subject: str = Field(sa_type=Text)
    ticket_id: UUID | None = None
    rule: str = Field(sa_type=Text)
    template: str = Field(sa_type=Text)
    template_version: int
    recipient_staff_id: UUID
    channel: str = Field(sa_type=Text)
    variables: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    status: str = Field(sa_type=Text)
    created_at: datetime
    read_at: datetime | None = None
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)
