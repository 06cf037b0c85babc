"""The types of requests that the department takes from the first day (T60): version 1 of their policy."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
_DECIMAL = "^(0|[1-9][0-9]{0,11})([.][0-9]{1,6})?$"
_MONEY = "^(0|[1-9][0-9]{0,11})([.][0-9]{1,2})?$"


def _called(zh: str, en: str) -> Json:
    return {"title": zh, "x-title-en": en}


def _line(zh: str, en: str, personal: str | None = None) -> Json:
    covered = {"x-personal": personal} if personal else {}
    return {"type": "string", "minLength": 1, "maxLength": 200, **_called(zh, en), **covered}


def _text(zh: str, en: str) -> Json:
    return {"type": "string", "minLength": 1, "maxLength": 2000, **_called(zh, en)}


def _choice(zh: str, en: str, *codes: str) -> Json:
    return {"enum": list(codes), **_called(zh, en)}


def _day(zh: str, en: str) -> Json:
    return {"type": "string", "format": "date", **_called(zh, en)}


def _number(zh: str, en: str, pattern: str = _DECIMAL) -> Json:
    return {"type": "string", "pattern": pattern, **_called(zh, en)}


def _form(fields: Mapping[str, Json], *optional: str, **more: Any) -> Json:
    required = [name for name in fields if name not in optional]
    return {
        "type": "object", "additionalProperties": False, "properties": dict(fields), "required": required, **more,
    }  # fmt: skip


def _is(name: str, code: str) -> Json:
    return {"required": [name], "properties": {name: {"const": code}}}


def _named(code: str, zh: str, en: str, **more: Any) -> Json:
    return {"code": code, "name": {"zh": zh, "en": en}, **more}


_NAME = _line("姓名", "Name", "name")
_PHONE = _line("电话", "Phone", "phone")
_ADDRESS = _line("地址", "Address", "address")
_CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$", **_called("币种", "Currency")}
_CARGO = {
    "cargo": _line("货物", "Cargo"),
    "quantity": _number("数量", "Quantity"),
    "unit": _line("计量单位", "Unit of measure"),
    "from_port": _line("起运港", "From"),
    "to_port": _line("目的港", "To"),
    "loading_from": _day("受载期起", "Loading from"),
    "loading_until": _day("受载期止", "Loading until"),
    "remarks": _text("备注", "Remarks"),
}
_OFFER = {
    "carrier": _line("承运人", "Carrier"),
    "price": _number("价格", "Price", _MONEY),
    "currency": _CURRENCY,
    "arrival": _day("预计到达", "Arrival"),
    "valid_until": _day("有效期至", "Valid until"),
    "terms": _text("条款", "Terms"),
}
_TRACKING = _form({"carrier": _line("承运人", "Carrier"), "number": _line("单号", "Number", "code")})
_DECLINED = _named("declined", "客户放弃", "Declined by the customer", early=True)

_OF_THE_SHOP: tuple[Json, ...] = (
    _named(
        "correction", "网页或库存纠错", "Correction of a page or of stock",
        form=_form({
            "about": _choice("纠错对象", "What is wrong", "page", "stock"),
            "place": _line("页面地址或货号", "Page or article"),
            "wrong": _text("错误内容", "What it says"),
            "right": _text("正确内容", "What is right"),
        }, "right"),
        group="service", unit="content",
        documents=[_named("screenshot", "截图", "Screenshot", required=False)],
        steps=[_named("checked", "已核实", "Checked", phase="review"), _named("corrected", "已更正", "Corrected")],
        outcomes=[_named("confirmed", "属实", "Confirmed"), _named("unfounded", "不属实", "Unfounded", early=True)],
        coupon={"outcome": "confirmed", "price": {"amount": "3.00", "currency": "CNY"}},
    ),
    _named(
        "cancellation", "退订", "Cancellation",
        form=_form({
            "what": _line("退订内容", "What is cancelled"),
            "from_day": _day("自何日起", "From"),
            "reason": _text("原因", "Reason"),
        }, "from_day"),
        group="service", unit="subscriptions",
        steps=[_named(
            "save-attempt", "挽留", "Attempt to keep the customer", shown=False,
            form=_form({"offer": _text("挽留方案", "What was offered"), "said": _text("客户答复", "Answer")}, "said"),
        )],
        outcomes=[_named("saved", "已挽留", "Saved"), _named("left", "已退订", "Left")],
        causes=[
            _named("price", "价格", "Price"), _named("quality", "质量", "Quality"),
            _named("delivery", "配送", "Delivery"), _named("service", "服务", "Service"),
            _named("moved", "搬迁", "Moved away"), _named("no-need", "不再需要", "No longer needed"),
            _named("competitor", "选择他家", "Went to a competitor"), _named("other", "其他", "Other"),
        ],
    ),
    _named(
        "invoice", "开具发票", "Invoice",
        form=_form({
            "title": _line("发票抬头", "Title", "name"),
            "title_kind": _choice("抬头类型", "Kind of title", "person", "company"),
            "tax_number": _line("税号", "Tax number", "code"),
            "amount": _number("金额", "Amount", _MONEY),
            "delivery": _choice("寄送方式", "Delivery", "with_goods", "monthly"),
            "address": _ADDRESS,
        }, "tax_number", "amount", "address", allOf=[
            {"if": _is("title_kind", "company"), "then": {"required": ["tax_number"]}},
            {"if": _is("delivery", "monthly"), "then": {"required": ["address"]}},
        ]),
        group="service", unit="finance", postage="ours",
        steps=[
            _named("issued", "已开票", "Issued", form=_form({"number": _line("发票号码", "Invoice number")})),
            _named("sent", "已寄出", "Sent", form=_TRACKING),
        ],
    ),
    _named(
        "open-shop", "商家开店", "Opening a shop",
        form=_form({
            "company": _line("企业名称", "Company"),
            "licence_number": _line("营业执照号", "Licence number", "code"),
            "contact": _NAME, "phone": _PHONE,
            "goods": _text("主营商品", "Goods"),
        }),
        group="service", unit="merchants",
        documents=[
            _named("business-licence", "营业执照", "Business licence"),
            _named("brand-authorisation", "品牌授权", "Authorisation of the brand", required=False),
        ],
        steps=[
            _named("registration", "商家登记", "Registration", phase="review"),
            _named("display", "商品展示", "Display of the goods", phase="review"),
            _named("company-check", "企业核查", "Check of the company", phase="review", shown=False),
            _named("opened", "店铺开通", "Shop opened"),
        ],
    ),
    _named(
        "change-address", "更改配送地址", "Change of delivery address",
        form=_form({
            "name": _NAME, "phone": _PHONE, "address": _ADDRESS,
            "from_day": _day("自何日起", "From"),
            "remarks": _text("备注", "Remarks"),
        }, "from_day", "remarks"),
        group="service", unit="delivery",
        steps=[_named("changed", "已更改", "Changed")],
    ),
    _named(
        "pause-subscription", "暂停订阅", "Pausing a subscription",
        form=_form({
            "subscription": _line("订阅号", "Subscription", "code"),
            "from_day": _day("停送起", "From"),
            "until_day": _day("停送止", "Until"),
            "reason": _text("原因", "Reason"),
        }, "until_day", "reason"),
        group="service", unit="subscriptions",
        steps=[_named("paused", "已暂停", "Paused")],
    ),
    _named(
        "resume-subscription", "恢复订阅", "Resuming a subscription",
        form=_form({
            "subscription": _line("订阅号", "Subscription", "code"),
            "from_day": _day("恢复起", "From"),
        }),
        group="service", unit="subscriptions",
        steps=[_named("resumed", "已恢复", "Resumed")],
    ),
    _named(
        "replace-box", "更换配送箱", "Replacing a delivery box",
        form=_form({
            "why": _choice("原因", "Why", "lost", "broken", "lock", "moved"),
            "phone": _PHONE, "address": _ADDRESS,
        }),
        group="service", unit="delivery",
        steps=[_named("replaced", "已更换", "Replaced")],
    ),
    _named(
        "phone-order", "电话订购", "Order by phone",
        form=_form({
            "name": _NAME, "phone": _PHONE, "address": _ADDRESS,
            "items": {
                "type": "array", "minItems": 1, "maxItems": 50, **_called("商品", "Articles"),
                "items": _form({
                    "article": _line("商品", "Article"),
                    "quantity": {"type": "integer", "minimum": 1, "maximum": 9999, **_called("数量", "Quantity")},
                }),
            },
            "wanted_on": _day("送货日期", "Wanted on"),
            "remarks": _text("备注", "Remarks"),
        }, "wanted_on", "remarks"),
        group="service", unit="delivery", at_once=True, from_customers=False,
        steps=[_named("accepted", "单位已接单", "Accepted by the unit")],
        outcomes=[_named("delivered", "已送达", "Delivered"), _DECLINED],
    ),
)  # fmt: skip
_OF_LOGISTICS: tuple[Json, ...] = (
    _named(
        "logistics", "物流委托单", "Logistics order",
        form=_form(_CARGO, "remarks"),
        group="logistics", unit="logistics-platform", at_once=True, over_short=True,
        documents=[_named("contract", "购销合同", "Contract of sale", required=False)],
        steps=[_named(
            "booked", "平台已受理", "Taken by the platform",
            form=_form({"reference": _line("平台单号", "Number of the platform")}),
        )],
        outcomes=[_named("carried", "已承运", "Carried"), _DECLINED],
    ),
    _named(
        "logistics-plan", "物流方案", "Logistics plan",
        form=_form(_CARGO, "remarks"),
        group="logistics", unit="logistics",
        steps=[
            _named("offer", "提出方案", "Plan offered", form=_form(_OFFER, "valid_until", "terms"), repeats=True),
            _named("choose", "客户选择", "Chosen by the customer", by="customer", picks="offer"),
            _named("payment", "客户付款", "Paid", by="customer", form=_form({"order_no": _line("订单号", "Order")})),
        ],
        outcomes=[_named("paid", "已付款", "Paid"), _DECLINED],
    ),
    _named(
        "charter", "租船询价", "Charter request",
        form=_form({**_CARGO, "vessel": _line("船型要求", "Vessel wanted")}, "remarks", "vessel"),
        group="logistics", unit="logistics",
        steps=[
            _named(
                "quote", "船东报价", "Quote of a carrier", form=_form(_OFFER, "valid_until", "terms"), repeats=True,
                shown=False,
            ),
            _named(
                "offer", "向客户报价", "Offered", picks="quote", repeats=True,
                form=_form(_OFFER, "carrier", "valid_until", "terms"),
            ),
            _named("agree", "客户同意", "Agreed by the customer", by="customer", picks="offer"),
            _named("sign", "签约", "Signed", form=_form({"contract": _line("合同号", "Contract")})),
        ],
        outcomes=[_named("signed", "已签约", "Signed"), _DECLINED],
    ),
)  # fmt: skip
SHIPPED: tuple[Json, ...] = (*_OF_THE_SHOP, *_OF_LOGISTICS)
