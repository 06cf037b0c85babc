"""The tables of tickets: one row a ticket, whatever its kind; what lists are asked by and a row can't be."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Ticket(TicketServiceTable, table=True):
    """A ticket. `subject`, `description`, `solution` and `details` are free text and may be personal: they never
    leave in events (X6). `due_at` is the earlier of `clock_due_at` and `deadline_at` while there is work to do."""

    __tablename__ = "ticket"

    ticket_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    waiting_on: str | None = Field(default=None, sa_type=Text)
    subject: str = Field(sa_type=Text)
    description: str | None = Field(default=None, sa_type=Text)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    solution: str | None = Field(default=None, sa_type=Text)
    category: str | None = Field(default=None, sa_type=Text)
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    customer_id: UUID | None = None
    account_id: UUID | None = None
    tier: str | None = Field(default=None, sa_type=Text)
    order_id: UUID | None = None
    order_no: str | None = Field(default=None, sa_type=Text)
    assignee_staff_id: UUID | None = None
    group_code: str | None = Field(default=None, sa_type=Text)
    unit_id: UUID | None = None
    watchers: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    priority: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    opened_by: str = Field(sa_type=Text)
    opened_by_staff_id: UUID | None = None
    opened_at: datetime
    solved_at: datetime | None = None
    solved_by_staff_id: UUID | None = None
    closed_at: datetime | None = None
    outcome: str | None = Field(default=None, sa_type=Text)
    merged_into: UUID | None = None
    deadline_at: datetime | None = None
    version_stamp: int | None = Field(default=None, sa_type=BigInteger)
    clock_due_at: datetime | None = None
    due_at: datetime | None = None
    times_reopened: int = 0
    touched_by: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class TicketTag(TicketServiceTable, table=True):
    """One tag of one ticket, so that a tag's tickets are found by an index; the row of the ticket holds them too."""

    __tablename__ = "ticket_tag"

    tag: str = Field(primary_key=True, sa_type=Text)
    ticket_id: UUID = Field(primary_key=True)


class TicketWatcher(TicketServiceTable, table=True):
    """One who watches a ticket, so that what somebody watches is found by an index."""

    __tablename__ = "ticket_watcher"

    staff_id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(primary_key=True)
