"""The tables of shifts, and of what is asked about them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Shift(TicketServiceTable, table=True):
    """One person's shift: as planned, as worked, and where they are while it runs. `swap_id` is the swap (or the
    leave, for who covers it) through which its present owner has it (T62)."""

    __tablename__ = "shift"

    shift_id: UUID = Field(primary_key=True)
    staff_id: UUID
    shop: str = Field(sa_type=Text)
    preset: str | None = Field(default=None, sa_type=Text)
    business_date: date
    planned_start: datetime
    planned_end: datetime
    segments: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    stays_on: bool
    hands_over: bool
    status: str = Field(sa_type=Text)
    presence: str = Field(sa_type=Text)
    presence_reason: str | None = Field(default=None, sa_type=Text)
    presence_since: datetime | None = None
    auto_reply_until: datetime | None = None
    started_at: datetime | None = None
    late_seconds: int | None = None
    ended_at: datetime | None = None
    early_seconds: int | None = None
    swap_id: UUID | None = None
    policy_version: int | None = None
    planned_by: str = Field(sa_type=Text)
    planned_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class Swap(TicketServiceTable, table=True):
    """换班: one gives a shift to another, perhaps for one of theirs. `reason` is free text and stays here (X6)."""

    __tablename__ = "shift_swap"

    swap_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    shift_id: UUID
    from_staff_id: UUID
    to_staff_id: UUID
    return_shift_id: UUID | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    requested_at: datetime
    answered_at: datetime | None = None
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    decision_reason: str | None = Field(default=None, sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)


class Leave(TicketServiceTable, table=True):
    """请假: days on which somebody does not come, perhaps with somebody who comes instead."""

    __tablename__ = "shift_leave"

    leave_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    staff_id: UUID
    kind: str = Field(sa_type=Text)
    first_day: date
    last_day: date
    cover_staff_id: UUID | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    requested_at: datetime
    answered_at: datetime | None = None
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = None
    decision_reason: str | None = Field(default=None, sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)
