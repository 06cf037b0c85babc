"""The table of goodwill."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Goodwill(TicketServiceTable, table=True):
    """Goodwill for one line of an order; `most_minor` is what the line could be given in all when it was offered.
    `defect` and `reason` are free text and may be personal: they never leave in events (X6)."""

    __tablename__ = "goodwill"

    goodwill_id: UUID = Field(primary_key=True)
    ticket_id: UUID
    shop: str = Field(sa_type=Text)
    order_id: UUID
    order_no: str = Field(sa_type=Text)
    line_no: int
    account_id: UUID | None = None
    status: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    most_minor: int = Field(sa_type=BigInteger)
    defect: str = Field(sa_type=Text)
    fault: str = Field(sa_type=Text)
    policy_version: int
    payment_key: UUID
    offered_by: str = Field(sa_type=Text)
    offered_by_staff_id: UUID | None = None
    offered_at: datetime
    approved_by: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    approved_at: datetime | None = None
    paid_at: datetime | None = None
    payment_reference: str | None = Field(default=None, sa_type=Text)
    failure: str | None = Field(default=None, sa_type=Text)
    attempts: int = 0
    ended_by: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)
