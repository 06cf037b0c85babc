"""The copy of orders that purchases and value are read from; the ticket service owns the orders themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.customer.models import CustomerServiceTable


class Purchase(CustomerServiceTable, table=True):
    """One order as its newest event has it; `paid_minor` in minor units of `currency` (X4).

    `counted`: it enters the figures of value (C10), decided by the room's policy when it was copied.
    """

    __tablename__ = "purchase"

    order_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    order_no: str = Field(sa_type=Text)
    account_id: UUID
    customer_id: UUID
    currency: str = Field(sa_type=Text)
    paid_minor: int | None = Field(default=None, sa_type=BigInteger)
    placed_at: datetime
    paid_at: datetime | None = None
    counted: bool
