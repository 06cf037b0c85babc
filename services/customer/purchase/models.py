"""The copies of orders and refunds that purchases and value are read from; the ticket service owns both."""

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


class MoneyBack(CustomerServiceTable, table=True):
    """退款: what one refund or one goodwill by its id, or one late payment by its key, gave back of an order, as its
    event of that sequence has it.

    It may be known before its order is: nothing but the order's id leads from one to the other.
    """

    __tablename__ = "purchase_refund"

    cause_id: UUID = Field(primary_key=True)
    sequence: int = Field(sa_type=BigInteger)
    cause: str = Field(sa_type=Text)
    order_id: UUID
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    given_at: datetime
