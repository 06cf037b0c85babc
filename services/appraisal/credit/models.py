"""What flags and orders tell, as facts, and the credit that follows from them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.appraisal.models import AppraisalServiceTable


class OrderFact(AppraisalServiceTable, table=True):
    """An order as its newest known event tells it; only what decides whether and when it counts."""

    __tablename__ = "order_fact"

    order_id: UUID = Field(primary_key=True)
    sequence: int = Field(sa_type=BigInteger)
    shop: str = Field(sa_type=Text)
    order_no: str = Field(sa_type=Text)
    placed_at: datetime
    paid_at: datetime | None = None
    cancelled: bool
    fake: bool
    top_up: bool


class FlagFact(AppraisalServiceTable, table=True):
    """One flag of an order. `alias_staff_id` is who bore the remark's alias when it was matched, empty while nobody
    does; `signer_staff_id` the member of staff who put the flag, where that is known."""

    __tablename__ = "flag_fact"

    event_id: UUID = Field(primary_key=True)
    order_id: UUID
    sequence: int = Field(sa_type=BigInteger)
    shop: str = Field(sa_type=Text)
    meaning: str | None = Field(default=None, sa_type=Text)
    alias: str | None = Field(default=None, sa_type=Text)
    alias_staff_id: UUID | None = None
    signer_staff_id: UUID | None = None
    flagged_at: datetime


class SaleCredit(AppraisalServiceTable, table=True):
    """Whose sale the order was; derived from the facts and replaced whenever one arrives.

    `sold_at` is when it was paid, else placed: it gives the month. `why_not` says why it doesn't count.
    """

    __tablename__ = "sale_credit"

    order_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    order_no: str = Field(sa_type=Text)
    sold_at: datetime
    staff_id: UUID | None = None
    alias: str | None = Field(default=None, sa_type=Text)
    basis: str | None = Field(default=None, sa_type=Text)
    credited_at: datetime | None = None
    counted: bool
    why_not: str | None = Field(default=None, sa_type=Text)
