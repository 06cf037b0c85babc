"""The tables of clocks and their facts."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Clock(TicketServiceTable, table=True):
    """One clock of one ticket: where it stands now. `tier` and the policies are those of its start (T58, X3);
    `hours_version` is empty for one by the clock on the wall; `wake_at` is when time alone does something to it."""

    __tablename__ = "clock"

    clock_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    ticket_id: UUID
    ticket_number: str = Field(sa_type=Text)
    ticket_kind: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    tier: str | None = Field(default=None, sa_type=Text)
    owner_staff_id: UUID | None = None
    group_code: str | None = Field(default=None, sa_type=Text)
    unit_id: UUID | None = None
    status: str = Field(sa_type=Text)
    waiting: bool = False
    by_hand: bool = False
    target_seconds: int
    warn_seconds: int
    policy_name: str = Field(sa_type=Text)
    policy_shop: str = Field(sa_type=Text)
    policy_version: int
    hours_shop: str | None = Field(default=None, sa_type=Text)
    hours_version: int | None = None
    started_at: datetime
    running_since: datetime | None = None
    used: timedelta = timedelta()
    due_at: datetime
    warn_at: datetime
    wake_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class ClockFact(TicketServiceTable, table=True):
    """One thing that happened to a clock. Rows are only ever added (T47). `at` is when it was so, `noted_at` when it
    was written down: a breach during a standstill of the service is noted after it."""

    __tablename__ = "clock_fact"

    fact_id: int = Field(primary_key=True, sa_type=BigInteger)
    clock_id: UUID
    kind: str = Field(sa_type=Text)
    at: datetime
    noted_at: datetime
    author: str = Field(sa_type=Text)
    hold: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    used: timedelta
    due_at: datetime
    owner_staff_id: UUID | None = None
    group_code: str | None = Field(default=None, sa_type=Text)
