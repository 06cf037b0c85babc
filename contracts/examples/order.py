"""Examples of what happens to orders."""

from datetime import date

from contracts.event import Event
from contracts.examples.cast import (
    ACCOUNT,
    AGENT,
    AS_AGENT,
    CHANGE,
    DIFFERENCE_KEY,
    ORDER,
    ORDER_NO,
    SHOP,
    at,
    cny,
    cny_difference,
)
from contracts.ticket.order import (
    ChangeKind,
    FlagColour,
    FlagMeaning,
    LineChange,
    OrderCancelled,
    OrderChangeRequested,
    OrderCompleted,
    OrderCorrected,
    OrderFlagged,
    OrderLine,
    OrderPaid,
    OrderReceived,
    OrderRecorded,
    OrderShipped,
    OrderState,
)

PLACED = OrderState(
    order_id=ORDER,
    shop=SHOP,
    order_no=ORDER_NO,
    account_id=ACCOUNT,
    revision=1,
    currency="CNY",
    goods_total=cny("188.00"),
    discount=cny("20.00"),
    freight=cny("0.00"),
    cost=cny("88.00"),
    lines=(
        OrderLine(
            line_no=1,
            sku="TEA-500-RED",
            item_no="TEA-500",
            product_name="正山小种 500 g",
            category="红茶",
            quantity=2,
            paid_total=cny("123.32"),
            cost=cny("70.00"),
        ),
        OrderLine(
            line_no=2,
            sku="CUP-350",
            item_no="CUP-350",
            product_name="玻璃杯 350 ml",
            category="茶具",
            quantity=1,
            paid_total=cny("44.68"),
            cost=cny("18.00"),
        ),
    ),
    region="江苏",
    channel="search",
    agent="菲菲",
    courier="中通",
    placed_at=at(3, 10, 12),
)
PAID = PLACED.model_copy(update={"paid": cny("168.00"), "payment_method": "alipay", "paid_at": at(3, 10, 15)})
CLEARED = PAID.model_copy(update={"flag_meaning": FlagMeaning.CLEARED})
CORRECTED = CLEARED.model_copy(update={"revision": 2, "courier": "顺丰", "freight_insured": True})
SHIPPED = CORRECTED.model_copy(update={"shipped_at": at(4, 15)})
RECEIVED = SHIPPED.model_copy(update={"received_at": at(7, 9, 40)})
COMPLETED = RECEIVED.model_copy(update={"completed_at": at(17, 9, 40)})
CANCELLED = PLACED.model_copy(update={"cancelled_at": at(3, 18)})

EXAMPLES: tuple[Event, ...] = (
    OrderRecorded(order=PLACED),
    OrderCorrected(order=CORRECTED, revision_before=1),
    OrderPaid(order=PAID),
    OrderShipped(order=SHIPPED),
    OrderReceived(order=RECEIVED),
    OrderCompleted(order=COMPLETED),
    OrderCancelled(order=CANCELLED, reason="buyer_changed_mind"),
    OrderFlagged(
        order=CLEARED,
        colour=FlagColour.RED,
        meaning=FlagMeaning.CLEARED,
        agent="菲菲",
        staff_id=AGENT,
        content="中通",
        marked_on=date(2026, 11, 3),
        flagged_at=at(3, 10, 30),
        flagged_by=AS_AGENT,
    ),
    OrderChangeRequested(
        order=CLEARED,
        change_id=CHANGE,
        kinds=(ChangeKind.COLOUR, ChangeKind.PRICE, ChangeKind.COURIER),
        lines=(LineChange(line_no=2, colour="蓝", paid_total=cny("39.68")),),
        courier="顺丰",
        difference=cny_difference("-5.00"),
        reason="activity",
        payment_key=DIFFERENCE_KEY,
        requested_by=AS_AGENT,
        requested_at=at(3, 11),
    ),
)
