"""The tables of replacements. Notes are the house's own; the tracking number lies sealed (X6)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Exchange(TicketServiceTable, table=True):
    """The replacement of one request, whose id it has. Amounts in minor units of the request's currency (X4).

    `difference_minor`: what it costs more (above zero) or less than the goods given for it; `again_minor` is the
    delivery that the customer bears in it (T25), `topped_up_minor` what came in for it. `chosen_at` is empty as long
    as each piece is simply sent once more.
    """

    __tablename__ = "exchange"

    exchange_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    account_id: UUID | None = None
    status: str = Field(sa_type=Text)
    difference_minor: int = Field(default=0, sa_type=BigInteger)
    again_minor: int = Field(default=0, sa_type=BigInteger)
    topped_up_minor: int = Field(default=0, sa_type=BigInteger)
    times_lost: int = 0
    began_at: datetime
    chosen_at: datetime | None = None
    owed_since: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    event_seq: int = Field(default=0, sa_type=BigInteger)


class ExchangeArticle(TicketServiceTable, table=True):
    """What is sent for a line; without a price it is the line's own article again."""

    __tablename__ = "exchange_article"

    exchange_id: UUID = Field(primary_key=True)
    place: int = Field(primary_key=True)
    line_no: int
    sku: str = Field(sa_type=Text)
    quantity: int
    unit_price_minor: int | None = Field(default=None, sa_type=BigInteger)


class TopUp(TicketServiceTable, table=True):
    """补差价: an order that paid for a dearer article; one order pays for one replacement and once (T36)."""

    __tablename__ = "exchange_top_up"

    order_id: UUID = Field(primary_key=True)
    exchange_id: UUID
    order_no: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    linked_at: datetime
    linked_by: str = Field(sa_type=Text)


class ExchangeCall(TicketServiceTable, table=True):
    """回访: the customer was called about the replacement."""

    __tablename__ = "exchange_call"

    call_id: UUID = Field(primary_key=True)
    exchange_id: UUID
    result: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    staff_id: UUID | None = None
    called_at: datetime


class Sending(TicketServiceTable, table=True):
    """发出: one time that it was sent; it is sent anew when a parcel is lost. `order_no` is the re-order's number,
    `ahead`: before the goods came back."""

    __tablename__ = "exchange_sending"

    sending_id: UUID = Field(primary_key=True)
    exchange_id: UUID
    courier: str = Field(sa_type=Text)
    sealed_tracking: bytes | None = Field(default=None, sa_type=LargeBinary)
    order_no: str | None = Field(default=None, sa_type=Text)
    ahead: bool
    sent_at: datetime
    sent_by: str = Field(sa_type=Text)
    lost_at: datetime | None = None
    received_at: datetime | None = None
