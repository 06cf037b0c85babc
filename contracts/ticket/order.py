"""订单: the ticket service's record of an order. Every event carries the order's whole public state, because
readers keep a copy; recipients, platform ids and tracking numbers never leave the service (X6)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, OrderNo, Part, Positive, Shop, Subject
from contracts.price import Currency, Difference, Price


class FlagColour(StrEnum):
    """旗子的颜色 (T30)."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"


class FlagMeaning(StrEnum):
    """What a colour means in the shop's scheme; the meaning drives the rules, not the colour (T30)."""

    CLEARED = "cleared"
    PROBLEM = "problem"
    SOLVED = "solved"
    FAKE = "fake"
    SALE = "sale"
    REFUND_OR_CHANGE = "refund_or_change"
    EXCHANGE = "exchange"


class ChangeKind(StrEnum):
    """What a change before shipping is about (T37)."""

    COLOUR = "colour"
    SIZE = "size"
    ARTICLE = "article"
    QUANTITY = "quantity"
    ADDRESS = "address"
    COURIER = "courier"
    PRICE = "price"


class OrderLine(Part):
    """商品行: ``paid_total`` is what was paid for the line; it need not divide by its quantity (C10)."""

    line_no: Positive
    sku: str
    item_no: str | None = None
    product_name: str | None = None
    category: str | None = None
    quantity: Positive
    paid_total: Price
    cost: Price | None = None


class OrderState(Part):
    """All that others may know of an order (C10). ``agent`` is the alias as the order has it; ``surcharge`` the part
    of ``freight`` that is for a dearer courier, ``top_up_of`` the order that a top-up belongs to (T36);
    ``freight_insured`` says that an insurer pays the return's freight (T25); ``historic`` orders were imported and
    announce nothing; ``fake`` ones count in no figure (T32)."""

    order_id: UUID
    shop: Shop
    order_no: OrderNo
    account_id: UUID
    revision: Positive = 1
    currency: Currency = "CNY"
    goods_total: Price
    discount: Price
    freight: Price
    paid: Price | None = None
    cost: Price | None = None
    lines: tuple[OrderLine, ...]
    region: str | None = None
    channel: str | None = None
    agent: str | None = None
    courier: str | None = None
    payment_method: str | None = None
    top_up_of: OrderNo | None = None
    historic: bool = False
    fake: bool = False
    flag_meaning: FlagMeaning | None = None
    surcharge: Price | None = None
    freight_insured: bool = False
    placed_at: AwareDatetime
    paid_at: AwareDatetime | None = None
    shipped_at: AwareDatetime | None = None
    received_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    cancelled_at: AwareDatetime | None = None


class OrderEvent(Event):
    """What all events of an order share."""

    OWNER = "ticket"
    AGGREGATE = "order.order_id"

    order: OrderState


class OrderRecorded(OrderEvent):
    """订单入册: an order became known (E3); its times say how far it had come."""

    SUBJECT = "order.recorded"


class OrderCorrected(OrderEvent):
    """订单更正: a higher revision replaced the order (C10)."""

    SUBJECT = "order.corrected"

    revision_before: Positive


class OrderPaid(OrderEvent):
    """订单已付款: see ``order.paid_at``."""

    SUBJECT = "order.paid"


class OrderShipped(OrderEvent):
    """订单已发货: see ``order.shipped_at`` (T34)."""

    SUBJECT = "order.shipped"


class OrderReceived(OrderEvent):
    """订单已签收: see ``order.received_at`` (T23)."""

    SUBJECT = "order.received"


class OrderCompleted(OrderEvent):
    """交易完成: see ``order.completed_at``."""

    SUBJECT = "order.completed"


class OrderCancelled(OrderEvent):
    """订单已取消: see ``order.cancelled_at``; it counts in no figure any more (A6)."""

    SUBJECT = "order.cancelled"

    reason: Code | None = None


class OrderFlagged(OrderEvent):
    """插旗: a colour and a remark were put on an order (T30 to T32).

    ``agent`` and ``marked_on`` are read from the remark, as is ``content`` (a courier or a short note);
    ``staff_id`` is whose alias it is, empty when it matches nobody (A1); a remark that names
    nobody is its signer's. ``flagged_by_staff_id`` is who put it. No colour: the flag was taken off.
    """

    SUBJECT = "order.flagged"

    colour: FlagColour | None = None
    meaning: FlagMeaning | None = None
    agent: str | None = None
    staff_id: UUID | None = None
    content: str | None = None
    marked_on: date | None = None
    flagged_at: AwareDatetime
    flagged_by: Subject
    flagged_by_staff_id: UUID | None = None


class LineChange(Part):
    """How one line is to change; what stays as it is, is left empty (T37). ``paid_total`` is what the line costs
    then."""

    line_no: Positive
    sku: str | None = None
    quantity: Positive | None = None
    colour: str | None = None
    size: str | None = None
    paid_total: Price | None = None


class OrderChangeRequested(OrderEvent):
    """改单: a change before shipping was agreed and waits for the storefront's new version of the order (T37).

    A new address is read from the ticket service by ``change_id``. ``difference`` is what the order costs more
    (a top-up comes first) or less (it is refunded); ``charged_to_staff_id`` who booked a wrong price (T57).
    ``payment_key`` is set where a difference is to be refunded: one key is paid once, however often it is told;
    ``attempt`` counts how often that was, more than one says nothing new to anybody but the payment side.
    """

    SUBJECT = "order.change_requested"

    change_id: UUID
    kinds: tuple[ChangeKind, ...]
    lines: tuple[LineChange, ...] = ()
    courier: str | None = None
    difference: Difference | None = None
    reason: Code | None = None
    charged_to_staff_id: UUID | None = None
    payment_key: UUID | None = None
    attempt: Positive = 1
    requested_by: Subject
    requested_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    OrderRecorded,
    OrderCorrected,
    OrderPaid,
    OrderShipped,
    OrderReceived,
    OrderCompleted,
    OrderCancelled,
    OrderFlagged,
    OrderChangeRequested,
)
