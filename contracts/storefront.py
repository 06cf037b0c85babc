"""What the storefront tells us (E3). Its stream is private: the ticket service alone reads it, it forgets after
seven days, and it is the only one that may carry recipients' data."""

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.fields import Code, OrderNo, Part, Positive, Shop
from contracts.price import Currency, Price

_ORDERS = UUID("6d0b1a5e-2f0c-5c1e-9a54-0d9c5f6f3b71")


def order_key(shop: str, order_no: str) -> UUID:
    """The ``ce-subject`` of a storefront order: a UUIDv5 of ``shop/order_no``, which both sides can work out
    (a storefront doesn't know the id that the ticket service gives to its order)."""
    return uuid5(_ORDERS, f"{shop}/{order_no}")


class Recipient(Part):
    """收件人: to whom and where the parcel goes. Personal (X6)."""

    name: str
    phone: str
    address: str


class StorefrontLine(Part):
    """商品行: one line of an order with the sum really paid for it, which need not divide by its quantity (C10)."""

    line_no: Positive
    sku: str
    item_no: str | None = None
    product_name: str
    category: str | None = None
    colour: str | None = None
    size: str | None = None
    quantity: Positive
    unit_price: Price
    paid_total: Price
    cost: Price | None = None


class StorefrontOrder(Part):
    """订单: an order as the storefront has it (C10), without its shop and number, which name it. A correction
    replaces the whole of it when its ``revision`` is higher."""

    revision: Positive = 1
    buyer_ref: Annotated[str, Field(min_length=1, max_length=200)]
    currency: Currency = "CNY"
    goods_total: Price
    discount: Price
    freight: Price
    surcharge: Price | None = None
    paid: Price | None = None
    cost: Price | None = None
    lines: Annotated[tuple[StorefrontLine, ...], Field(min_length=1)]
    recipient: Recipient | None = None
    payment_method: str | None = None
    payer_token: str | None = None
    freight_insured: bool = False
    courier: str | None = None
    tracking_no: str | None = None
    region: str | None = None
    channel: str | None = None
    agent: str | None = None
    top_up_of: OrderNo | None = None
    historic: bool = False
    placed_at: AwareDatetime
    paid_at: AwareDatetime | None = None
    shipped_at: AwareDatetime | None = None
    received_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    cancelled_at: AwareDatetime | None = None


class StorefrontOrderEvent(Event):
    """What all news of one order share; they are applied strictly in sequence."""

    OWNER = "storefront"
    AGGREGATE = "order_no"

    shop: Shop
    order_no: OrderNo

    @property
    def aggregate_id(self) -> UUID:
        """The order's key, see :func:`order_key`."""
        return order_key(self.shop, self.order_no)


class StorefrontOrderPlaced(StorefrontOrderEvent):
    """下单: a buyer placed an order (C10)."""

    SUBJECT = "storefront.order.placed"

    order: StorefrontOrder


class StorefrontOrderCorrected(StorefrontOrderEvent):
    """订单更正: the whole order again under a higher revision; an equal or lower one changes nothing (C10)."""

    SUBJECT = "storefront.order.corrected"

    order: StorefrontOrder


class StorefrontOrderPaid(StorefrontOrderEvent):
    """付款: the buyer paid (C10)."""

    SUBJECT = "storefront.order.paid"

    paid: Price
    payment_method: str | None = None
    payer_token: str | None = None
    paid_at: AwareDatetime


class StorefrontOrderShipped(StorefrontOrderEvent):
    """发货: the parcel left the warehouse (T34)."""

    SUBJECT = "storefront.order.shipped"

    courier: str | None = None
    tracking_no: str | None = None
    shipped_at: AwareDatetime


class StorefrontOrderReceived(StorefrontOrderEvent):
    """签收: the parcel arrived; the no-reason window counts from here (T23)."""

    SUBJECT = "storefront.order.received"

    received_at: AwareDatetime


class StorefrontOrderCompleted(StorefrontOrderEvent):
    """交易完成: the trade ended."""

    SUBJECT = "storefront.order.completed"

    completed_at: AwareDatetime


class StorefrontOrderCancelled(StorefrontOrderEvent):
    """取消: the order was called off."""

    SUBJECT = "storefront.order.cancelled"

    reason: Code | None = None
    cancelled_at: AwareDatetime


class StorefrontRefundPaid(Event):
    """退款到账: the payment side paid an approved refund (T22). ``payment_reference`` is its own number for the
    payment; the same one twice is the same payment."""

    SUBJECT = "storefront.refund.paid"
    OWNER = "storefront"
    AGGREGATE = "refund_id"

    refund_id: UUID
    amount: Price
    payment_reference: Code
    paid_at: AwareDatetime


class StorefrontRefundFailed(Event):
    """退款失败: the payment side could not pay (T22); ``retryable`` says whether trying again makes sense."""

    SUBJECT = "storefront.refund.failed"
    OWNER = "storefront"
    AGGREGATE = "refund_id"

    refund_id: UUID
    amount: Price
    payment_reference: Code
    failure: Code
    retryable: bool = True
    failed_at: AwareDatetime


class StorefrontMessageReceived(Event):
    """买家留言: a buyer wrote in the shop (T1); an order is talked about only with its own account (T40)."""

    SUBJECT = "storefront.message.received"
    OWNER = "storefront"
    AGGREGATE = "message_id"

    message_id: UUID
    shop: Shop
    buyer_ref: Annotated[str, Field(min_length=1, max_length=200)]
    order_no: OrderNo | None = None
    ticket_number: str | None = None
    channel: Code = "chat"
    text: str
    received_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    StorefrontOrderPlaced,
    StorefrontOrderPaid,
    StorefrontOrderShipped,
    StorefrontOrderReceived,
    StorefrontOrderCompleted,
    StorefrontOrderCancelled,
    StorefrontOrderCorrected,
    StorefrontRefundPaid,
    StorefrontRefundFailed,
    StorefrontMessageReceived,
)
