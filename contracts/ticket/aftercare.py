"""善后: exchanges sent, goodwill, emergencies contained and bad reviews worked. Exchange, emergency and review carry
the id of their ticket."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Month, OrderNo, Part, Positive, Seconds, Shop, Subject
from contracts.price import Difference, Price
from contracts.ticket.refund import CaseCost, Fault, RefundReason


class Lateness(StrEnum):
    """How late an emergency was contained (T42): up to 10 minutes, up to 30, later."""

    IN_TIME = "in_time"
    MODERATE = "moderate"
    SEVERE = "severe"


class ReviewCause(StrEnum):
    """Why the review is bad (T45)."""

    NEW_BUYER = "new_buyer"
    DISSATISFIED = "dissatisfied"
    CANNOT_USE = "cannot_use"


class ReviewResult(StrEnum):
    """What became of the review (T45)."""

    CHANGED = "changed"
    KEPT = "kept"
    REMOVED = "removed"


class ReviewManner(StrEnum):
    """How the buyer was spoken to: by phone first, then by text (T45)."""

    PHONE = "phone"
    TEXT = "text"


class Replacement(Part):
    """What was sent instead of a line, or once more (T22)."""

    line_no: Positive
    sku: str
    quantity: Positive


class ExchangeSent(Event):
    """换货发出: the replacement is on its way (T22). ``ahead`` when it went before the return arrived, under
    the number ``replacement_order_no``; ``difference`` is what the new article costs more or less."""

    SUBJECT = "exchange.sent"
    OWNER = "ticket"
    AGGREGATE = "exchange_id"

    exchange_id: UUID
    ticket_number: str
    shop: Shop
    order_id: UUID
    order_no: OrderNo
    customer_id: UUID | None = None
    account_id: UUID | None = None
    assignee_staff_id: UUID | None = None
    reason: RefundReason
    fault: Fault
    replacements: tuple[Replacement, ...]
    replacement_order_no: OrderNo | None = None
    ahead: bool = False
    courier: str | None = None
    difference: Difference | None = None
    sent_at: AwareDatetime


class GoodwillEvent(Event):
    """小额补偿 (T27): what every event of a goodwill tells; it is paid once under ``payment_key``."""

    OWNER = "ticket"
    AGGREGATE = "goodwill_id"

    goodwill_id: UUID
    ticket_id: UUID
    ticket_number: str
    shop: Shop
    order_id: UUID
    order_no: OrderNo
    line_no: Positive | None = None
    customer_id: UUID | None = None
    account_id: UUID | None = None
    amount: Price
    payment_key: UUID


class GoodwillGranted(GoodwillEvent):
    """小额补偿: part of the price is given back and the goods are kept (T27). It is told again, with the next
    ``attempt``, when paying is tried once more; ``payment_key`` is the same and is paid once."""

    SUBJECT = "goodwill.granted"

    attempt: Positive = 1
    payee_token: str | None = None
    staff_id: UUID | None = None
    granted_by: tuple[Subject, ...]
    policy_version: Positive
    granted_at: AwareDatetime


class GoodwillPaid(GoodwillEvent):
    """补偿到账: the money is with the customer (T27). ``order_refunded`` is the order's sum so far, refunds among it,
    and ``order_fully_refunded`` takes the order out of the commission pool (A6); ``costs`` say who pays in the end
    (T57)."""

    SUBJECT = "goodwill.paid"

    payment_reference: Code
    order_refunded: Price
    order_fully_refunded: bool
    costs: tuple[CaseCost, ...] = ()
    paid_at: AwareDatetime


class GoodwillFailed(GoodwillEvent):
    """补偿失败: the payment side could not pay; it can be tried again, or is taken back (T27)."""

    SUBJECT = "goodwill.failed"

    staff_id: UUID | None = None
    failure: Code
    attempt: Positive
    retryable: bool
    failed_at: AwareDatetime


class CostRebooked(Event):
    """转责: a case's cost is laid at somebody else's door (T57). ``cost`` says who bears it from now on, ``before``
    who did; kind and amount are the same, and so is the month that it counts in."""

    SUBJECT = "cost.rebooked"
    OWNER = "ticket"
    AGGREGATE = "cost_id"

    cost_id: UUID
    cause_id: UUID
    ticket_id: UUID
    ticket_number: str
    shop: Shop
    order_id: UUID
    month: Month
    cost: CaseCost
    before: CaseCost
    rebooked_by: Subject
    rebooked_at: AwareDatetime


class EmergencyContained(Event):
    """突发事件受控: how long it took by the wall clock, and what that means for its assignee (T42, A12);
    ``alone`` when nobody had to help (A4)."""

    SUBJECT = "emergency.contained"
    OWNER = "ticket"
    AGGREGATE = "emergency_id"

    emergency_id: UUID
    ticket_number: str
    shop: Shop
    customer_id: UUID | None = None
    unit_id: UUID | None = None
    assignee_staff_id: UUID | None = None
    alone: bool
    elapsed_seconds: Seconds
    lateness: Lateness
    policy_version: Positive
    opened_at: AwareDatetime
    contained_at: AwareDatetime


class ReviewWorked(Event):
    """中差评处理: the buyer was spoken to; what was offered is on record (T45)."""

    SUBJECT = "review.worked"
    OWNER = "ticket"
    AGGREGATE = "review_id"

    review_id: UUID
    ticket_number: str
    shop: Shop
    order_id: UUID | None = None
    customer_id: UUID | None = None
    account_id: UUID | None = None
    staff_id: UUID
    cause: ReviewCause
    manner: ReviewManner
    result: ReviewResult
    offered: Price | None = None
    worked_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    ExchangeSent,
    GoodwillGranted,
    GoodwillPaid,
    GoodwillFailed,
    CostRebooked,
    EmergencyContained,
    ReviewWorked,
)
