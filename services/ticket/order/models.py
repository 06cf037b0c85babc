"""Tables of orders. What identifies a person stands apart from the order and leaves this service only masked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Order(TicketServiceTable, table=True):
    """One order at its highest revision; amounts in minor units of `currency` (X4). `freight_minor` is all that the
    delivery costs the buyer, `surcharge_minor` the part of it for a dearer courier (T36); `flag_changed_at` when a
    flag was last put on it or taken off."""

    __tablename__ = "shop_order"

    order_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    order_no: str = Field(sa_type=Text)
    account_id: UUID
    revision: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    goods_minor: int = Field(sa_type=BigInteger)
    discount_minor: int = Field(sa_type=BigInteger)
    freight_minor: int = Field(sa_type=BigInteger)
    surcharge_minor: int = Field(default=0, sa_type=BigInteger)
    paid_minor: int | None = Field(default=None, sa_type=BigInteger)
    cost_minor: int | None = Field(default=None, sa_type=BigInteger)
    lines: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    region: str | None = Field(default=None, sa_type=Text)
    channel: str | None = Field(default=None, sa_type=Text)
    agent: str | None = Field(default=None, sa_type=Text)
    courier: str | None = Field(default=None, sa_type=Text)
    payment_method: str | None = Field(default=None, sa_type=Text)
    freight_insured: bool = False
    top_up_of: str | None = Field(default=None, sa_type=Text)
    historic: bool = False
    fake: bool = False
    flag_meaning: str | None = Field(default=None, sa_type=Text)
    flag_changed_at: datetime | None = None
    placed_at: datetime
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    recorded_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class Delivery(TicketServiceTable, table=True):
    """Who gets an order's parcel and how to follow it (X6): kept here alone, sealed, masked in answers, never in
    events. What stands in plain is from before there were seals, until `kefu reseal` has sealed it."""

    __tablename__ = "order_delivery"

    order_id: UUID = Field(primary_key=True)
    sealed_recipient: bytes | None = None
    sealed_tracking: bytes | None = None
    sealed_payer: bytes | None = None
    recipient_name: str | None = Field(default=None, sa_type=Text)
    recipient_phone: str | None = Field(default=None, sa_type=Text)
    recipient_address: str | None = Field(default=None, sa_type=Text)
    tracking_number: str | None = Field(default=None, sa_type=Text)
    payer_token: str | None = Field(default=None, sa_type=Text)


class Milestone(TicketServiceTable, table=True):
    """How far an order has come, as the storefront told it by itself (E3). It fills in what the order's revision
    leaves open, whichever of the two comes first; the first word on a milestone counts. Kept here alone, sealed (X6).
    """

    __tablename__ = "order_milestone"

    order_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=Text)
    at: datetime
    paid_minor: int | None = Field(default=None, sa_type=BigInteger)
    payment_method: str | None = Field(default=None, sa_type=Text)
    sealed_tracking: bytes | None = None
    sealed_payer: bytes | None = None
    payer_token: str | None = Field(default=None, sa_type=Text)
    courier: str | None = Field(default=None, sa_type=Text)
    tracking_number: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
