"""The table of order changes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class OrderChange(TicketServiceTable, table=True):
    """One change of one order, on the ticket in which it came up.

    `terms` stands for the order's terms that it was reckoned on, `due_minor` for what the order cost then;
    `difference_minor` is what it costs more or less, `reflected_minor` by how much what was paid differs from what
    the storefront tells since it carried the change out (T55). The new recipient lies sealed (X6).
    """

    __tablename__ = "order_change"

    change_id: UUID = Field(primary_key=True)
    ticket_id: UUID
    order_id: UUID
    shop: str = Field(sa_type=Text)
    order_no: str = Field(sa_type=Text)
    account_id: UUID
    status: str = Field(sa_type=Text)
    revision: int = Field(sa_type=BigInteger)
    terms: bytes = Field(sa_type=LargeBinary)
    kinds: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    lines: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    courier_before: str | None = Field(default=None, sa_type=Text)
    courier: str | None = Field(default=None, sa_type=Text)
    surcharge_minor: int = Field(sa_type=BigInteger)
    sealed_recipient: bytes | None = Field(default=None, sa_type=LargeBinary)
    currency: str = Field(sa_type=Text)
    due_minor: int = Field(sa_type=BigInteger)
    difference_minor: int = Field(sa_type=BigInteger)
    reflected_minor: int | None = Field(default=None, sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    activity: str | None = Field(default=None, sa_type=Text)
    charged_to_staff_id: UUID | None = None
    payment_key: UUID | None = None
    attempt: int = 1
    requested_by: str = Field(sa_type=Text)
    requested_by_staff_id: UUID | None = None
    requested_at: datetime
    agreed_at: datetime | None = None
    refunded_at: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_revision: int | None = Field(default=None, sa_type=BigInteger)
    grounds: str | None = Field(default=None, sa_type=Text)
    policy_version: int
    version: int = Field(default=1, sa_type=BigInteger)
