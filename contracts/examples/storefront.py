"""Examples of what the storefront tells us. The person is invented."""

from contracts.event import Event
from contracts.examples.cast import ORDER_NO, REFUND, SHOP, at, cny, uid
from contracts.storefront import (
    Recipient,
    StorefrontLine,
    StorefrontMessageReceived,
    StorefrontOrder,
    StorefrontOrderCancelled,
    StorefrontOrderCompleted,
    StorefrontOrderCorrected,
    StorefrontOrderPaid,
    StorefrontOrderPlaced,
    StorefrontOrderReceived,
    StorefrontOrderShipped,
    StorefrontRefundFailed,
    StorefrontRefundPaid,
)

PLACED = StorefrontOrder(
    revision=1,
    buyer_ref="tb_moonlight_88",
    currency="CNY",
    goods_total=cny("188.00"),
    discount=cny("20.00"),
    freight=cny("0.00"),
    lines=(
        StorefrontLine(
            line_no=1,
            sku="TEA-500-RED",
            item_no="TEA-500",
            product_name="正山小种 500 g",
            category="红茶",
            colour="红罐",
            quantity=2,
            unit_price=cny("69.00"),
            paid_total=cny("123.32"),
            cost=cny("70.00"),
        ),
        StorefrontLine(
            line_no=2,
            sku="CUP-350",
            item_no="CUP-350",
            product_name="玻璃杯 350 ml",
            category="茶具",
            quantity=1,
            unit_price=cny("50.00"),
            paid_total=cny("44.68"),
            cost=cny("18.00"),
        ),
    ),
    recipient=Recipient(name="王小明", phone="13800005378", address="江苏省连云港市海州区示例路 8 号"),
    courier="中通",
    region="江苏",
    channel="search",
    agent="菲菲",
    placed_at=at(3, 10, 12),
)

EXAMPLES: tuple[Event, ...] = (
    StorefrontOrderPlaced(shop=SHOP, order_no=ORDER_NO, order=PLACED),
    StorefrontOrderPaid(
        shop=SHOP,
        order_no=ORDER_NO,
        paid=cny("168.00"),
        payment_method="alipay",
        payer_token="payer_7f3a91",  # noqa: S106 - opaque, of an invented payer
        paid_at=at(3, 10, 15),
    ),
    StorefrontOrderShipped(
        shop=SHOP, order_no=ORDER_NO, courier="中通", tracking_no="ZT7300012345678", shipped_at=at(4, 15)
    ),
    StorefrontOrderReceived(shop=SHOP, order_no=ORDER_NO, received_at=at(7, 9, 40)),
    StorefrontOrderCompleted(shop=SHOP, order_no=ORDER_NO, completed_at=at(17, 9, 40)),
    StorefrontOrderCancelled(
        shop=SHOP, order_no="2026112100018", reason="buyer_changed_mind", cancelled_at=at(3, 18)
    ),
    StorefrontOrderCorrected(
        shop=SHOP, order_no=ORDER_NO, order=PLACED.model_copy(update={"revision": 2, "courier": "顺丰"})
    ),
    StorefrontRefundPaid(
        refund_id=REFUND, amount=cny("44.68"), payment_reference="PAY-20261110-0042", paid_at=at(10, 16, 5)
    ),
    StorefrontRefundFailed(
        refund_id=REFUND,
        amount=cny("44.68"),
        payment_reference="PAY-20261110-0041",
        failure="payee_account_frozen",
        retryable=True,
        failed_at=at(10, 15, 30),
    ),
    StorefrontMessageReceived(
        message_id=uid(0xA01),
        shop=SHOP,
        buyer_ref="tb_moonlight_88",
        order_no=ORDER_NO,
        text="杯子收到时已经碎了, 怎么处理?",
        received_at=at(7, 10, 2),
    ),
)
