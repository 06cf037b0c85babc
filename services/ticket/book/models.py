"""Tables of the books. Entries are only ever added; the database refuses to change or delete one (T55)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class OrderBook(TicketServiceTable, table=True):
    """The counters of one order; a CHECK holds paid = kept + refunded + in flight."""

    __tablename__ = "order_book"

    order_id: UUID = Field(primary_key=True)
    currency: str = Field(sa_type=Text)
    paid_minor: int = Field(sa_type=BigInteger)
    kept_minor: int = Field(sa_type=BigInteger)
    refunded_minor: int = Field(sa_type=BigInteger)
    in_flight_minor: int = Field(sa_type=BigInteger)
    version: int = Field(default=1, sa_type=BigInteger)


class OrderBookLine(TicketServiceTable, table=True):
    """The counters of one line, known since something was first asked back of its order."""

    __tablename__ = "order_book_line"

    order_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    quantity: int
    worth_minor: int = Field(sa_type=BigInteger)
    taken_back: int
    refunded_minor: int = Field(sa_type=BigInteger)
    in_flight_minor: int = Field(sa_type=BigInteger)


class BookEntry(TicketServiceTable, table=True):
    """One thing that happened to money of an order: to a line's, or to the order's as a whole, for a cause."""

    __tablename__ = "book_entry"

    entry_id: int = Field(primary_key=True, sa_type=BigInteger)
    order_id: UUID
    kind: str = Field(sa_type=Text)
    line_no: int | None = None
    amount_minor: int = Field(sa_type=BigInteger)
    cause_id: UUID
    at: datetime


class BookCheck(TicketServiceTable, table=True):
    """How far the looks at entries and books are, and how many rounds there were."""

    __tablename__ = "book_check"

    name: str = Field(primary_key=True, sa_type=Text)
    entry_id: int = Field(sa_type=BigInteger)
    order_id: UUID | None = None
    rounds: int = Field(sa_type=BigInteger)
    round_ended_at: datetime | None = None


class BookAlarm(TicketServiceTable, table=True):
    """Something that doesn't add up, until somebody has settled it. What lasts is one alarm, seen so many `times`."""

    __tablename__ = "book_alarm"

    alarm_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    shop: str | None = Field(default=None, sa_type=Text)
    order_id: UUID | None = None
    payment_key: UUID | None = None
    currency: str | None = Field(default=None, sa_type=Text)
    expected_minor: int | None = Field(default=None, sa_type=BigInteger)
    found_minor: int | None = Field(default=None, sa_type=BigInteger)
    found_currency: str | None = Field(default=None, sa_type=Text)
    raised_at: datetime
    last_seen_at: datetime
    times: int = Field(default=1, sa_type=BigInteger)
    settled_at: datetime | None = None
    settled_by: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    event_seq: int = Field(default=0, sa_type=BigInteger)
