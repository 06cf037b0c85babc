"""The tables of bad reviews and of what was said to their buyers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, SmallInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class BadReview(TicketServiceTable, table=True):
    """A bad review; its id is its ticket's."""

    __tablename__ = "bad_review"

    review_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    account_id: UUID | None = None
    status: str = Field(sa_type=Text)
    stars: int = Field(sa_type=SmallInteger)
    cause: str | None = Field(default=None, sa_type=Text)
    manner: str | None = Field(default=None, sa_type=Text)
    result: str | None = Field(default=None, sa_type=Text)
    offered_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, sa_type=Text)
    reviewed_at: datetime | None = None
    settled_at: datetime | None = None
    event_seq: int = Field(default=0, sa_type=BigInteger)


class ReviewContact(TicketServiceTable, table=True):
    """One time that a buyer was spoken to, or was not reached. Never changed. `note` is free text (X6)."""

    __tablename__ = "review_contact"

    contact_id: UUID = Field(primary_key=True)
    review_id: UUID
    manner: str = Field(sa_type=Text)
    reached: bool
    outside_hours: bool
    offered_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    staff_id: UUID | None = None
    contacted_at: datetime
