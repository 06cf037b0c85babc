"""Whose account it is; words and rules about refunds, goodwill, parcels, order changes, requests and drifts."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_0003_news_of_after_sales"
down_revision = "2026_11_22_0002_news_of_the_desk"

_Words = tuple[str, str]
_CASE = ["number", "kind", "shop", "order_no", "amount"]
# Words to customers begin with a greeting, which is put before them when they are shipped.
_TEMPLATES: tuple[tuple[str, list[str], _Words, _Words], ...] = (
    (
        "refund.approved",
        _CASE,
        ("{kind} {number} 已同意", "店铺 {shop} 的{kind} {number}（订单 {order_no}）已同意，金额 {amount}。"),
        ("{number} is approved", "The {kind} {number} of shop {shop} (order {order_no}) is approved: {amount}."),
    ),
    (
        "refund.approved.customer",
        ["number", "order_no", "amount"],
        ("您的退款申请 {number} 已同意", "您的退款申请 {number} 已同意，订单 {order_no} 将退还 {amount}。"),
        ("Your refund {number} is approved", "your refund {number} is approved: {amount} of order {order_no}."),
    ),
    (
        "refund.goods_wanted.customer",
        ["number", "kind", "order_no"],
        (
            "您的{kind}申请 {number} 已同意，请寄回商品",
            "您的{kind}申请 {number} 已同意。请将订单 {order_no} 的商品寄回，并在店铺登记快递公司和运单号。",
        ),
        (
            "Your {kind} {number} is approved: please send the goods back",
            "your {kind} {number} is approved. Please send the goods of order {order_no} back and name their parcel.",
        ),
    ),
    (
        "refund.resend_approved.customer",
        ["number", "order_no"],
        ("您的补寄申请 {number} 已同意", "您的补寄申请 {number} 已同意，订单 {order_no} 的商品将尽快寄出。"),
        ("Your replacement {number} is approved", "what order {order_no} lacks will be sent soon ({number})."),
    ),
    (
        "refund.paid",
        _CASE,
        ("{kind} {number} 已到账", "店铺 {shop} 的{kind} {number}（订单 {order_no}）已退款 {amount}。"),
        ("{number} is paid", "The {kind} {number} of shop {shop} (order {order_no}) is paid: {amount}."),
    ),
    (
        "refund.paid.customer",
        ["number", "order_no", "amount"],
        ("退款 {amount} 已到账", "订单 {order_no} 的退款 {amount} 已按原支付方式退回（{number}）。"),
        ("{amount} was paid back to you", "{amount} of order {order_no} was paid back to you ({number})."),
    ),
    (
        "refund.failed",
        [*_CASE, "failure"],
        (
            "{kind} {number} 付款失败",
            "店铺 {shop} 的{kind} {number}（订单 {order_no}）付款 {amount} 失败：{failure}，请处理后重试。",
        ),
        (
            "{number} could not be paid",
            "{amount} of {number}, shop {shop}, order {order_no}, could not be paid: {failure}. Please see to it.",
        ),
    ),
    (
        "refund.refused.customer",
        ["number", "kind", "order_no"],
        (
            "您的{kind}申请 {number} 未通过",
            "很抱歉，订单 {order_no} 的{kind}申请 {number} 未通过。原因请在店铺查看，如有疑问请联系我们。",
        ),
        (
            "Your {kind} {number} was refused",
            "we are sorry: your {kind} {number} for order {order_no} was refused. The shop shows why.",
        ),
    ),
    (
        "goodwill.granted.customer",
        ["number", "order_no", "amount"],
        ("给您的补偿 {amount}", "订单 {order_no} 将补偿您 {amount}，商品无需退回（{number}）。"),
        ("{amount} for your trouble", "we give you {amount} back for order {order_no}; keep the goods ({number})."),
    ),
    (
        "exchange.sent.customer",
        ["number", "order_no", "courier"],
        (
            "您的换货 {number} 已发出",
            "订单 {order_no} 的换货或补寄商品已由 {courier} 发出（{number}），运单号请在店铺查看。",
        ),
        (
            "Your replacement {number} is on its way",
            "the replacement for order {order_no} is on its way with {courier} ({number}).",
        ),
    ),
    (
        "order.shipped.customer",
        ["order_no", "courier"],
        ("您的订单 {order_no} 已发货", "您的订单 {order_no} 已由 {courier} 发出，运单号请在店铺查看。"),
        (
            "Your order {order_no} is on its way",
            "your order {order_no} is on its way with {courier}. The shop shows its tracking number.",
        ),
    ),
    (
        "order.change_requested.customer",
        ["order_no"],
        ("您的订单 {order_no} 将按约定修改", "您的订单 {order_no} 将按约定修改，修改后的内容请在店铺查看。"),
        (
            "Your order {order_no} is being changed",
            "your order {order_no} is being changed as agreed. The shop shows its new version.",
        ),
    ),
    (
        "order.wrong_price",
        ["order_no", "shop", "difference"],
        (
            "订单 {order_no} 的差价记在您名下",
            "店铺 {shop} 的订单 {order_no} 因报价有误改价，差价 {difference} 由您承担。",
        ),
        (
            "The price difference of order {order_no} is booked to you",
            "Order {order_no} of shop {shop} was changed for a wrong price: {difference} is booked to you.",
        ),
    ),
    (
        "service_request.returned.customer",
        ["number"],
        ("您的申请 {number} 需要补充资料", "您的申请 {number} 还缺少资料，请登录店铺补充后重新提交。"),
        ("Your request {number} lacks something", "your request {number} lacks something: please complete it."),
    ),
    (
        "service_request.done.customer",
        ["number"],
        ("您的申请 {number} 已办结", "您的申请 {number} 已办结。"),
        ("Your request {number} is done", "your request {number} is done."),
    ),
    (
        "service_request.coupon.customer",
        ["number", "coupon"],
        ("您的申请 {number} 已办结", "您的申请 {number} 已办结。感谢您的指正，送您 {coupon} 优惠券。"),
        ("Your request {number} is done", "your request {number} is done. Thank you: a coupon of {coupon} is yours."),
    ),
    (
        "payment.drifted",
        ["shop", "drift", "expected", "found", "alarm"],
        (
            "账款不符：{drift}",
            "店铺 {shop} 的账款不符（{drift}）：应为 {expected}，实为 {found}。告警编号 {alarm}，请核对。",
        ),
        (
            "Payments don't add up: {drift}",
            "Something doesn't add up in shop {shop} ({drift}): {expected} expected, {found} found. Alarm {alarm}.",
        ),
    ),
)
_GREETINGS = {"zh-CN": "您好：\n\n", "en": "Hello,\n\n"}
_CUSTOMER = [["customer"]]
_RULES: tuple[tuple[str, str, dict[str, str], str, list[list[str]], str], ...] = (
    ("exchange-sent-customer", "exchange.sent", {}, "exchange.sent.customer", _CUSTOMER, "email"),
    (
        "goodwill-granted-customer", "goodwill.granted", {"again": "no"}, "goodwill.granted.customer",
        _CUSTOMER, "email",
    ),
    (
        "order-change-customer", "order.change_requested", {"again": "no"}, "order.change_requested.customer",
        _CUSTOMER, "email",
    ),
    (
        "order-shipped-customer", "order.shipped", {"parcel": "yes"}, "order.shipped.customer", _CUSTOMER, "email",
    ),
    (
        "order-wrong-price", "order.change_requested", {"again": "no", "charged": "yes"}, "order.wrong_price",
        [["assignee"]], "inbox",
    ),
    (
        "payment-drifted", "payment.drifted", {}, "payment.drifted", [["role:finance"], ["role:manager"]], "inbox",
    ),
    ("refund-approved", "refund.approved", {"again": "no"}, "refund.approved", [["assignee"]], "inbox"),
    # Of these three one holds for each refund, by what comes next.
    (
        "refund-approved-customer", "refund.approved", {"again": "no", "next": "payment"}, "refund.approved.customer",
        _CUSTOMER, "email",
    ),
    (
        "refund-goods-wanted-customer", "refund.approved", {"again": "no", "next": "goods"},
        "refund.goods_wanted.customer", _CUSTOMER, "email",
    ),
    (
        "refund-resend-customer", "refund.approved", {"again": "no", "next": "parcel"},
        "refund.resend_approved.customer", _CUSTOMER, "email",
    ),
    (
        "refund-failed", "refund.failed", {}, "refund.failed", [["assignee", "role:supervisor"], ["role:finance"]],
        "inbox",
    ),
    ("refund-paid", "refund.paid", {}, "refund.paid", [["assignee"]], "inbox"),
    ("refund-paid-customer", "refund.paid", {}, "refund.paid.customer", _CUSTOMER, "email"),
    ("refund-refused-customer", "refund.refused", {}, "refund.refused.customer", _CUSTOMER, "email"),
    (
        "request-done-coupon-customer", "service_request.done", {"earned": "yes"}, "service_request.coupon.customer",
        _CUSTOMER, "email",
    ),
    (
        "request-done-customer", "service_request.done", {"earned": "no"}, "service_request.done.customer", _CUSTOMER,
        "email",
    ),
    (
        "request-returned-customer", "service_request.returned", {}, "service_request.returned.customer", _CUSTOMER,
        "email",
    ),
)  # fmt: skip


def upgrade() -> None:
    """Make the table; ship words and rules; what a customer hears by an event of its own isn't told again."""
    op.execute("CREATE TABLE account_copy (account_id uuid PRIMARY KEY, customer_id uuid NOT NULL)")
    names = ("name", "language", "subject", "body")
    table = sa.table("template", *map(sa.column, names), sa.column("version"), sa.column("variables", JSONB))
    op.bulk_insert(table, list(_wordings()))
    plain: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("name", "subject", "template", "channel", "active")
    ]
    rules = sa.table("notification_rule", *plain, sa.column("condition", JSONB), sa.column("recipients", JSONB))
    keys = ("name", "subject", "condition", "template", "recipients", "channel")
    op.bulk_insert(rules, [dict(zip(keys, rule, strict=True)) | {"active": True} for rule in _RULES])
    op.execute("""
    UPDATE notification_rule SET condition = condition || '{"told": "no"}' WHERE name = 'ticket-closed-customer'
    """)


def _wordings() -> Iterator[dict[str, Any]]:
    for name, variables, chinese, english in _TEMPLATES:
        for language, (subject, words) in (("zh-CN", chinese), ("en", english)):
            body = f"{_GREETINGS[language]}{words}\n" if name.endswith(".customer") else words
            shared = {"name": name, "version": 1, "language": language, "variables": variables}
            yield shared | {"subject": subject, "body": body}
