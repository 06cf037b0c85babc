"""The history of flags; the order itself holds the present meaning."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Flag(TicketServiceTable, table=True):
    """One flag put on an order (or taken off: no colour). `remark` is the text as written; it stays here."""

    __tablename__ = "order_flag"

    flag_id: UUID = Field(primary_key=True)
    order_id: UUID
    colour: str | None = Field(default=None, sa_type=Text)
    meaning: str | None = Field(default=None, sa_type=Text)
    remark: str | None = Field(default=None, sa_type=Text)
    agent: str | None = Field(default=None, sa_type=Text)
    staff_id: UUID | None = None
    content: str | None = Field(default=None, sa_type=Text)
    marked_on: date | None = None
    policy_version: int | None = None
    flagged_by: str = Field(sa_type=Text)
    flagged_by_staff_id: UUID | None = None
    flagged_at: datetime
