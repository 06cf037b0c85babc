"""Replacements in the words of HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Difference, Price
from contracts.ticket.refund import RefundKind
from kit.http.fields import Amount, Code, Line, Quantity, Text
from kit.http.pages import Page
from kit.problems import InvalidValue
from services.ticket.exchange.lifecycle import CallResult, ExchangeStatus
from services.ticket.refund.lifecycle import Stage


class Asked(BaseModel):
    """What every request about a replacement shares: it says what it knows and nothing else."""

    model_config = ConfigDict(extra="forbid")


class ArticleChosen(Asked):
    """What is sent for a line of the request. Without `unit_price` it is the line's own article again."""

    line_no: Quantity
    sku: Code
    quantity: Quantity
    unit_price: Annotated[Amount | None, Field(description="What the customer pays for one piece of it.")] = None


class Replace(Asked):
    """选换货商品: for every line that comes back, what is sent; the difference follows."""

    articles: Annotated[list[ArticleChosen], Field(min_length=1, max_length=500)]
    again: Annotated[
        Amount | None, Field(description="Delivery of the replacement, where the customer bears it (T25).")
    ] = None


class TopUpNamed(Asked):
    """补差价: the paid order that paid the difference."""

    order_no: Code


class CustomerCalled(Asked):
    """回访 about the replacement: what the customer wants now."""

    result: CallResult
    note: Annotated[Text | None, Field(description="For the house alone.")] = None


class Send(Asked):
    """发出: the replacement is on its way. `ahead`: before the goods have come back; `order_no` is the number of the
    re-order it was sent under."""

    courier: Line
    tracking_number: Code | None = None
    order_no: Code | None = None
    ahead: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _can_be_followed(self) -> Self:
        if self.tracking_number is None and self.order_no is None:
            raise InvalidValue("须填写运单号或补发订单号", "name its tracking number or the number of its order")
        return self


class ExchangeReason(Asked):
    """Why."""

    reason: Line


class ArticlePublic(BaseModel):
    """What is sent for a line; no price: the line's own article again."""

    line_no: int
    sku: str
    quantity: int
    unit_price: Price | None


class GoodsPublic(BaseModel):
    """What is given for the replacement, and what was paid for it."""

    line_no: int
    sku: str
    pieces: int
    worth: Price
    deducted: Price


class TopUpPublic(BaseModel):
    """An order that paid for the difference."""

    order_no: str
    amount: Price
    linked_at: datetime


class CallPublic(BaseModel):
    """A call about the replacement."""

    result: CallResult
    note: str | None
    staff_id: UUID | None
    called_at: datetime


class SendingPublic(BaseModel):
    """One time that it was sent; the tracking number masked (X6)."""

    courier: str
    tracking_number: str | None
    order_no: str | None
    ahead: bool
    sent_at: datetime
    lost_at: datetime | None
    received_at: datetime | None


class ExchangeShown(BaseModel):
    """A replacement as a list shows it."""

    exchange_id: UUID
    shop: str
    status: ExchangeStatus
    times_lost: int
    chosen_at: datetime | None
    owed_since: datetime | None
    sent_at: datetime | None
    received_at: datetime | None


class ExchangePublic(ExchangeShown):
    """A replacement with its request. `difference` is what it costs more or less than the goods; `owed` what the
    customer still has to add before it is sent. The ETag is its ticket's."""

    number: str
    kind: RefundKind
    stage: Stage
    articles: list[ArticlePublic]
    goods: list[GoodsPublic]
    difference: Difference
    again: Price
    topped_up: Price
    owed: Price
    top_ups: list[TopUpPublic]
    sendings: list[SendingPublic]
    calls: Annotated[list[CallPublic], Field(description="For the house alone.")]
    allowed: list[str]


class ExchangeFilter(Page):
    """Which replacements to list, newest first."""

    shop: Code | None = None
    status: ExchangeStatus | None = None


class ExchangePage(BaseModel):
    """One page of replacements."""

    items: list[ExchangeShown]
    next_cursor: str | None = None
