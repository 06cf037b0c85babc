"""退款: refunds, with or without a return, and exchanges up to the inspection (T20 to T29). A refund's id is its
ticket's id."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, OrderNo, Part, Positive, Shop, Subject
from contracts.price import Price


class RefundKind(StrEnum):
    """What is asked for (T20)."""

    MONEY_ONLY = "money_only"
    RETURN_AND_MONEY = "return_and_money"
    EXCHANGE = "exchange"
    RESEND = "resend"


class RefundReason(StrEnum):
    """原因代码 (T21)."""

    NO_REASON = "no_reason"
    WRONG_CHOICE = "wrong_choice"
    QUALITY = "quality"
    NOT_AS_DESCRIBED = "not_as_described"
    WRONG_ITEM = "wrong_item"
    MISSING_PART = "missing_part"
    OUT_OF_STOCK = "out_of_stock"
    LOST_IN_TRANSIT = "lost_in_transit"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    UNDELIVERABLE_AREA = "undeliverable_area"
    MISROUTED = "misrouted"
    REFUSED_DELIVERY = "refused_delivery"
    LATE = "late"
    DUPLICATE_ORDER = "duplicate_order"


class Fault(StrEnum):
    """责任方: the party at fault (T21)."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    COURIER = "courier"


class CostKind(StrEnum):
    """What a case cost (T57)."""

    GOODS = "goods"
    FREIGHT = "freight"
    GOODWILL = "goodwill"
    FEE = "fee"


class CostBearer(StrEnum):
    """Who pays in the end (T57)."""

    COMPANY = "company"
    UNIT = "unit"
    COURIER = "courier"
    SUPPLIER = "supplier"
    STAFF = "staff"


class RefundLine(Part):
    """So many pieces of one line and what is paid back for them (T26)."""

    line_no: Positive
    quantity: Positive
    amount: Price | None = None


class CaseCost(Part):
    """One cost of a case and who bears it (T29, T57): one of a ``kind`` for each cause (the refund, the goodwill, the
    late payment). ``bearer_code`` names a courier or supplier."""

    kind: CostKind
    amount: Price
    bearer: CostBearer
    bearer_code: Code | None = None
    unit_id: UUID | None = None
    staff_id: UUID | None = None


class RefundEvent(Event):
    """What all events of a refund share."""

    OWNER = "ticket"
    AGGREGATE = "refund_id"

    refund_id: UUID
    ticket_number: str
    shop: Shop
    order_id: UUID
    order_no: OrderNo
    customer_id: UUID | None = None
    account_id: UUID | None = None
    assignee_staff_id: UUID | None = None
    kind: RefundKind
    reason: RefundReason
    fault: Fault
    lines: tuple[RefundLine, ...] = ()


class RefundRequested(RefundEvent):
    """申请退款 (T20); ``wanted`` is what was asked for, empty when it follows from the lines."""

    SUBJECT = "refund.requested"

    wanted: Price | None = None
    requested_by: Subject
    requested_at: AwareDatetime


class RefundApproved(RefundEvent):
    """同意退款: the payment side may pay ``amount`` once goods, if any are wanted back, have passed (T22, T28).

    ``pay_now`` says that nothing is waited for. ``payment_key`` is the same however often paying is tried: one key is
    paid once, and ``attempt`` counts from 1. ``payee_token`` stands for the payee's account. ``goods``, ``freight``
    and ``deducted`` add up to the amount (T26); ``policy_version`` is the refund policy that decided.
    """

    SUBJECT = "refund.approved"

    amount: Price
    goods: Price
    freight: Price
    deducted: Price
    pay_now: bool
    payment_key: UUID
    payee_token: str | None = None
    approved_by: tuple[Subject, ...]
    policy_version: Positive
    attempt: Positive = 1
    approved_at: AwareDatetime


class RefundRefused(RefundEvent):
    """拒绝退款; ``unfounded`` when there was nothing in it, which counts for the customer's credit (C8)."""

    SUBJECT = "refund.refused"

    grounds: Code
    unfounded: bool = False
    refused_by: Subject
    refused_at: AwareDatetime


class RefundGoodsReceived(RefundEvent):
    """退货到仓: the goods are back in the warehouse (T22)."""

    SUBJECT = "refund.goods_received"

    received_at: AwareDatetime


class RefundInspected(RefundEvent):
    """验货: what came back, what is deducted for damage, and whether the fault was another's (T21, T26). ``amount``
    is what will be paid now; it is empty for an exchange."""

    SUBJECT = "refund.inspected"

    passed: bool
    fault_before: Fault | None = None
    amount: Price | None = None
    deducted: Price | None = None
    payment_key: UUID | None = None
    inspected_by: Subject
    inspected_at: AwareDatetime


class RefundPaid(RefundEvent):
    """退款到账: the money is with the customer (T22). ``order_refunded`` is the order's sum so far, and
    ``order_fully_refunded`` takes the order out of the commission pool (A6); ``costs`` say who pays in the end
    (T57)."""

    SUBJECT = "refund.paid"

    amount: Price
    payment_reference: Code
    order_refunded: Price
    order_fully_refunded: bool
    costs: tuple[CaseCost, ...] = ()
    paid_at: AwareDatetime


class RefundFailed(RefundEvent):
    """退款失败: the payment side could not pay; it can be tried again, and is never paid twice (T22)."""

    SUBJECT = "refund.failed"

    amount: Price
    failure: Code
    attempt: Positive
    retryable: bool
    failed_at: AwareDatetime


class RefundWithdrawn(RefundEvent):
    """撤回申请: the customer no longer wants it (T22)."""

    SUBJECT = "refund.withdrawn"

    withdrawn_by: Subject
    withdrawn_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    RefundRequested,
    RefundApproved,
    RefundRefused,
    RefundGoodsReceived,
    RefundInspected,
    RefundPaid,
    RefundFailed,
    RefundWithdrawn,
)
