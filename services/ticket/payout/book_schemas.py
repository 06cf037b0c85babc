"""Books, what doesn't add up, and all of it together, in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.price import Difference, Price
from contracts.ticket.payment import DriftKind
from kit.http.fields import Code, Text
from kit.http.pages import Page
from services.ticket.book.lifecycle import AlarmStatus
from services.ticket.payment.lifecycle import PaymentStatus


class AlarmPublic(BaseModel):
    """Something that doesn't add up: `expected` by our side, `found` on the other."""

    alarm_id: UUID
    kind: DriftKind
    status: AlarmStatus
    shop: str | None
    order_id: UUID | None
    payment_key: UUID | None
    expected: Difference | None
    found: Difference | None
    raised_at: datetime
    last_seen_at: datetime
    times: Annotated[int, Field(description="How often it was seen since it was raised.")]
    settled_at: datetime | None
    settled_by: str | None
    note: str | None


class AlarmFilter(Page):
    """Which alarms to list."""

    shop: Code | None = None
    status: AlarmStatus | None = None
    kind: DriftKind | None = None
    order_id: UUID | None = None


class AlarmPage(BaseModel):
    """One page of alarms, newest first."""

    items: list[AlarmPublic]
    next_cursor: str | None = None


class AlarmSettle(BaseModel):
    """What it was, and what was done about it."""

    model_config = ConfigDict(extra="forbid")

    note: Text


class BookLinePublic(BaseModel):
    """A line of a book, known since something was first asked back of it."""

    line_no: int
    quantity: int
    taken_back: int
    worth: Price
    refunded: Price
    in_flight: Price


class BookPublic(BaseModel):
    """The book of an order: paid = kept + refunded + in flight (T55)."""

    order_id: UUID
    paid: Price
    kept: Price
    refunded: Price
    in_flight: Price
    lines: list[BookLinePublic]


class BookTotals(BaseModel):
    """All books of a currency together."""

    currency: str
    orders: int
    paid: Price
    kept: Price
    refunded: Price
    in_flight: Price
    balanced: Annotated[bool, Field(description="Whether the counters add up, and are what their entries come to.")]


class PaymentTotals(BaseModel):
    """All payments of a status and a currency together."""

    status: PaymentStatus
    count: int
    amount: Price


class Balance(BaseModel):
    """The books and the payments of all shops together."""

    books: list[BookTotals]
    payments: list[PaymentTotals]
