"""Orders in the words of HTTP."""

from dataclasses import dataclass
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, JsonValue, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from contracts.ticket.order import FlagMeaning, OrderState
from kit.http.faults import InvalidValue
from kit.http.fields import Amount, Code, Currency, Instant, Line, Quantity, Text
from kit.http.pages import Page
from kit.money import Money

_EXAMPLE: dict[str, JsonValue] = {
    "buyer_ref": "tb_88213",
    "lines": [{"line_no": 1, "sku": "TEA-250", "product_name": "龙井 250g", "quantity": 2, "paid_total": "176.00"}],
    "discount": "10.00",
    "freight": "8.00",
    "paid": "174.00",
    "recipient": {"name": "李小明", "phone": "13812345678", "address": "杭州市西湖区文三路 1 号"},
    "placed_at": "2026-11-21T10:00:00+08:00",
    "paid_at": "2026-11-21T10:01:30+08:00",
}


class Recipient(BaseModel):
    """Who gets the parcel."""

    model_config = ConfigDict(extra="forbid")

    name: Text | None = None
    phone: Line | None = None
    address: Text | None = None


class OrderLinePut(BaseModel):
    """One line; `paid_total` is what was paid for all of it before the order's discount, and need not divide by
    the quantity (C10)."""

    model_config = ConfigDict(extra="forbid")

    line_no: Quantity
    sku: Code
    item_no: Code | None = None
    product_name: Line | None = None
    category: Line | None = None
    options: Annotated[Line | None, Field(description="Colour and size.")] = None
    quantity: Quantity
    unit_price: Amount | None = None
    paid_total: Amount
    cost: Amount | None = None


class OrderPut(BaseModel):
    """An order as the storefront knows it now. A higher `revision` replaces it; an equal or lower one changes
    nothing (C10)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    revision: Annotated[int, Field(ge=1, le=2**53, strict=True)] = 1
    buyer_ref: Annotated[Line, Field(description="The platform's id of the buyer; only a keyed hash of it is kept.")]
    currency: Currency = "CNY"
    lines: Annotated[list[OrderLinePut], Field(min_length=1, max_length=500)]
    discount: Amount = "0"
    freight: Amount = "0"
    surcharge: Annotated[
        Amount, Field(description="For a courier dearer than the included ones, beside `freight` (T36).")
    ] = "0"
    paid: Amount | None = None
    cost: Annotated[
        Amount | None, Field(description="Of the whole order; without it the sum of its lines' costs.")
    ] = None
    recipient: Recipient | None = None
    payment_method: Code | None = None
    payer_token: Annotated[Line | None, Field(description="The payment side's opaque token of the payer.")] = None
    freight_insured: Annotated[
        bool, Field(strict=True, description="Insured return freight: noted, not paid by us (T25).")
    ] = False
    courier: Line | None = None
    tracking_number: Code | None = None
    region: Line | None = None
    channel: Code | None = None
    agent: Line | None = None
    top_up_of: Code | None = None
    historic: Annotated[bool, Field(strict=True, description="Imported history: announces nothing.")] = False
    placed_at: Instant
    paid_at: Instant | None = None
    shipped_at: Instant | None = None
    received_at: Instant | None = None
    completed_at: Instant | None = None
    cancelled_at: Instant | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """Σ lines − discount + freight + surcharge = paid (X4, C10); line numbers stand once."""
        numbers = [line.line_no for line in self.lines]
        if len(set(numbers)) != len(numbers):
            raise InvalidValue("行号重复", "a line number stands twice")
        minor = self._in_minor_units()
        delivery = minor[self.freight] + minor[self.surcharge]
        due = sum(minor[line.paid_total] for line in self.lines) - minor[self.discount] + delivery
        if due < 0:
            raise InvalidValue("优惠不能超过应付金额", "the discount is larger than what it is taken from")
        if self.paid is not None and minor[self.paid] != due:
            raise InvalidValue(
                "实付金额应等于各行实付之和减优惠加运费（含补差）",
                "paid must equal the lines' sum minus discount plus freight and surcharge",
            )
        return self

    def _in_minor_units(self) -> dict[str, int]:
        """Every amount of the order in its currency's smallest unit."""
        amounts = {self.discount, self.freight, self.surcharge, self.paid, self.cost}
        amounts |= {amount for line in self.lines for amount in (line.unit_price, line.paid_total, line.cost)}
        try:
            return {amount: Money.parse(amount, self.currency).minor for amount in amounts if amount is not None}
        except ValueError as error:
            raise InvalidValue("金额的小数位数超出币种", "an amount has more decimals than its currency") from error


class OrderItem(OrderPut):
    """One order of a batch: with its shop and number."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "shop": "main", "order_no": "20261121-1"}]}
    )

    shop: Code
    order_no: Code


class OrderMilestone(BaseModel):
    """One milestone of an order told by itself: no revision, and nothing else of the order (E3)."""

    shop: Code
    order_no: Code
    name: Literal["paid", "shipped", "received", "completed", "cancelled"]
    at: Instant
    paid: Amount | None = None
    currency: Currency | None = None
    payment_method: Code | None = None
    payer_token: Line | None = None
    courier: Line | None = None
    tracking_number: Code | None = None
    reason: Code | None = None


@dataclass(frozen=True)
class ReadLater:
    """Stands in the documentation as `model`, and is held against it only when its turn comes."""

    model: type[BaseModel]

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        otherwise = {"description": "Anything else is refused by itself; its result tells why."}
        return {"anyOf": [handler(self.model.__pydantic_core_schema__), otherwise]}


class OrderBatch(BaseModel):
    """At most 500 orders; each is taken or refused by itself."""

    model_config = ConfigDict(extra="forbid")

    orders: Annotated[list[Annotated[object, ReadLater(OrderItem)]], Field(min_length=1, max_length=500)]


class RecipientPublic(BaseModel):
    """The recipient, masked (X6)."""

    name: str | None
    phone: str | None
    address: str | None


class OrderPublic(OrderState):
    """An order with its masked recipient."""

    version: int
    tracking_number: str | None = None
    recipient: RecipientPublic | None = None


class BatchResult(BaseModel):
    """What became of one item of a batch."""

    index: int
    outcome: Annotated[str, Field(description="`recorded`, `corrected`, `unchanged` or `refused`.")]
    order_id: UUID | None = None
    errors: list[dict[str, str]] = []


class BatchResults(BaseModel):
    """A result per item, in the order of the batch."""

    results: list[BatchResult]
    recorded: int
    corrected: int
    unchanged: int
    refused: int


class OrderFilter(Page):
    """Which orders to list."""

    shop: Code | None = None
    account_id: UUID | None = None
    flag_meaning: FlagMeaning | None = None


class OrderPage(BaseModel):
    """One page of orders, newest first."""

    items: list[OrderState]
    next_cursor: str | None = None
