"""Examples of refunds, exchanges and goodwill."""

from contracts.event import Event
from contracts.examples.cast import (
    ACCOUNT,
    AGENT,
    AS_AGENT,
    AS_STOREFRONT,
    AS_SUPERVISOR,
    COMPLAINT,
    CUSTOMER,
    ORDER,
    ORDER_NO,
    PAYMENT_KEY,
    REFUND,
    SHOP,
    at,
    cny,
    cny_difference,
    uid,
)
from contracts.ticket.aftercare import (
    CostRebooked,
    ExchangeSent,
    GoodwillFailed,
    GoodwillGranted,
    GoodwillPaid,
    Replacement,
)
from contracts.ticket.payment import DriftKind, PaidFor, PaymentDrifted, PaymentPaidLate
from contracts.ticket.refund import (
    CaseCost,
    CostBearer,
    CostKind,
    Fault,
    RefundApproved,
    RefundFailed,
    RefundGoodsReceived,
    RefundInspected,
    RefundKind,
    RefundLine,
    RefundPaid,
    RefundReason,
    RefundRefused,
    RefundRequested,
    RefundWithdrawn,
)

NUMBER = "T20261107-000130"

_CASE = {
    "refund_id": REFUND,
    "ticket_number": NUMBER,
    "shop": SHOP,
    "order_id": ORDER,
    "order_no": ORDER_NO,
    "customer_id": CUSTOMER,
    "account_id": ACCOUNT,
    "assignee_staff_id": AGENT,
    "kind": RefundKind.RETURN_AND_MONEY,
    "reason": RefundReason.DAMAGED_IN_TRANSIT,
    "fault": Fault.COURIER,
    "lines": (RefundLine(line_no=2, quantity=1, amount=cny("44.68")),),
}

_GOODWILL = {
    "goodwill_id": uid(0x334),
    "ticket_id": COMPLAINT,
    "ticket_number": "T20261107-000123",
    "shop": SHOP,
    "order_id": ORDER,
    "order_no": ORDER_NO,
    "line_no": 1,
    "customer_id": CUSTOMER,
    "account_id": ACCOUNT,
    "amount": cny("12.00"),
    "payment_key": uid(0x902),
}

REFUNDS: tuple[Event, ...] = (
    RefundRequested.model_validate(
        {**_CASE, "wanted": cny("44.68"), "requested_by": AS_STOREFRONT, "requested_at": at(7, 10, 20)}
    ),
    RefundApproved.model_validate(
        {
            **_CASE,
            "amount": cny("44.68"),
            "goods": cny("44.68"),
            "freight": cny("0.00"),
            "deducted": cny("0.00"),
            "pay_now": False,
            "payment_key": PAYMENT_KEY,
            "payee_token": "payer_7f3a91",
            "approved_by": (AS_SUPERVISOR,),
            "policy_version": 1,
            "approved_at": at(7, 11),
        }
    ),
    RefundRefused.model_validate(
        {
            **_CASE,
            "refund_id": uid(0x331),
            "ticket_number": "T20261107-000131",
            "reason": RefundReason.NO_REASON,
            "fault": Fault.CUSTOMER,
            "grounds": "window_closed",
            "unfounded": True,
            "refused_by": AS_AGENT,
            "refused_at": at(20, 11),
        }
    ),
    RefundGoodsReceived.model_validate({**_CASE, "received_at": at(10, 9)}),
    RefundInspected.model_validate(
        {
            **_CASE,
            "passed": True,
            "amount": cny("44.68"),
            "deducted": cny("0.00"),
            "payment_key": PAYMENT_KEY,
            "inspected_by": AS_AGENT,
            "inspected_at": at(10, 14),
        }
    ),
    RefundPaid.model_validate(
        {
            **_CASE,
            "amount": cny("44.68"),
            "payment_reference": "PAY-20261110-0042",
            "order_refunded": cny("44.68"),
            "order_fully_refunded": False,
            "costs": (
                CaseCost(kind=CostKind.GOODS, amount=cny("44.68"), bearer=CostBearer.COURIER, bearer_code="zto"),
            ),
            "paid_at": at(10, 16, 5),
        }
    ),
    RefundFailed.model_validate(
        {
            **_CASE,
            "amount": cny("44.68"),
            "failure": "payee_account_frozen",
            "attempt": 1,
            "retryable": True,
            "failed_at": at(10, 15, 30),
        }
    ),
    RefundWithdrawn.model_validate(
        {
            **_CASE,
            "refund_id": uid(0x332),
            "ticket_number": "T20261107-000132",
            "withdrawn_by": AS_STOREFRONT,
            "withdrawn_at": at(8, 9),
        }
    ),
)

EXAMPLES: tuple[Event, ...] = (
    *REFUNDS,
    ExchangeSent(
        exchange_id=uid(0x333),
        ticket_number="T20261107-000133",
        shop=SHOP,
        order_id=ORDER,
        order_no=ORDER_NO,
        customer_id=CUSTOMER,
        account_id=ACCOUNT,
        assignee_staff_id=AGENT,
        reason=RefundReason.WRONG_CHOICE,
        fault=Fault.CUSTOMER,
        replacements=(Replacement(line_no=1, sku="TEA-500-GREEN", quantity=2),),
        courier="中通",
        difference=cny_difference("-6.00"),
        sent_at=at(11, 15),
    ),
    GoodwillGranted.model_validate(
        {
            **_GOODWILL,
            "payee_token": "payer_7f3a91",
            "staff_id": AGENT,
            "granted_by": (AS_AGENT,),
            "policy_version": 1,
            "granted_at": at(7, 16, 30),
        }
    ),
    GoodwillPaid.model_validate(
        {
            **_GOODWILL,
            "payment_reference": "P-20261107-41",
            "order_refunded": cny("12.00"),
            "order_fully_refunded": False,
            "costs": (CaseCost(kind=CostKind.GOODWILL, amount=cny("12.00"), bearer=CostBearer.COMPANY),),
            "paid_at": at(7, 16, 31),
        }
    ),
    GoodwillFailed.model_validate(
        {
            **_GOODWILL,
            "staff_id": AGENT,
            "failure": "account_closed",
            "attempt": 1,
            "retryable": True,
            "failed_at": at(7, 16, 31),
        }
    ),
    CostRebooked(
        cost_id=uid(0x335),
        cause_id=uid(0x334),
        ticket_id=COMPLAINT,
        ticket_number="T20261107-000123",
        shop=SHOP,
        order_id=ORDER,
        month="2026-11",
        cost=CaseCost(kind=CostKind.GOODWILL, amount=cny("12.00"), bearer=CostBearer.COURIER, bearer_code="zto"),
        before=CaseCost(kind=CostKind.GOODWILL, amount=cny("12.00"), bearer=CostBearer.COMPANY),
        rebooked_by=AS_SUPERVISOR,
        rebooked_at=at(9, 10),
    ),
    PaymentPaidLate(
        payment_key=uid(0x904),
        cause=PaidFor.REFUND,
        cause_id=REFUND,
        ticket_id=REFUND,
        shop=SHOP,
        order_id=ORDER,
        order_no=ORDER_NO,
        amount=cny("44.68"),
        payment_reference="P-20261112-9",
        order_refunded=cny("44.68"),
        order_fully_refunded=False,
        paid_at=at(12, 3),
        booked_by=AS_SUPERVISOR,
        booked_at=at(12, 10),
    ),
    PaymentDrifted(
        alarm_id=uid(0x903),
        kind=DriftKind.LISTED_DIFFERS,
        shop=SHOP,
        order_id=ORDER,
        payment_key=PAYMENT_KEY,
        expected=cny_difference("44.68"),
        found=cny_difference("44.67"),
        raised_at=at(12, 3),
    ),
)
