"""对账: what doesn't add up between the books, their entries and the payment side (T55)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, OrderNo, Shop, Subject
from contracts.price import Difference, Price


class DriftKind(StrEnum):
    """What doesn't add up.

    Of a book: its counters against its entries, a line's against its entries, a payment against what its case has in
    the entries, a correction of the order to less than has been given back. Of an answer of the payment side: another
    amount or currency than was ordered, a number nobody ordered, a second payment under one number, a reference that
    stands for another payment, money that isn't in flight any more, one that its case could not take, or none for too
    long. Of the payment side's list: a payment that we don't know as paid, one of ours that isn't in it, one that
    differs.
    """

    BOOK_COUNTERS = "book_counters"
    BOOK_LINES = "book_lines"
    BOOK_PAYMENTS = "book_payments"
    CORRECTION_REFUSED = "correction_refused"
    ANSWER_AMOUNT = "answer_amount"
    ANSWER_UNKNOWN = "answer_unknown"
    ANSWER_TWICE = "answer_twice"
    ANSWER_REFERENCE = "answer_reference"
    ANSWER_UNRESERVED = "answer_unreserved"
    ANSWER_UNAPPLIED = "answer_unapplied"
    UNRESOLVED = "unresolved"
    LISTED_UNKNOWN = "listed_unknown"
    LISTED_MISSING = "listed_missing"
    LISTED_DIFFERS = "listed_differs"


class PaymentDrifted(Event):
    """对账不符: something doesn't add up, and somebody has to look (T55). ``expected`` is what our side says,
    ``found`` what the other one does; either is empty where it says nothing."""

    SUBJECT = "payment.drifted"
    OWNER = "ticket"
    AGGREGATE = "alarm_id"

    alarm_id: UUID
    kind: DriftKind
    shop: Shop | None = None
    order_id: UUID | None = None
    payment_key: UUID | None = None
    expected: Difference | None = None
    found: Difference | None = None
    raised_at: AwareDatetime


class PaidFor(StrEnum):
    """What a payment is for: a refund or what an exchange leaves (T22), goodwill (T27), a cheaper order (T37)."""

    REFUND = "refund"
    GOODWILL = "goodwill"
    DIFFERENCE = "difference"


class PaymentPaidLate(Event):
    """迟到账: what had been given up is with the customer after all, and finance has put it into the books (T55). Its
    case stays as it ended. ``order_refunded`` is the order's sum so far, this one among it, and
    ``order_fully_refunded`` takes the order out of the commission pool (A6)."""

    SUBJECT = "payment.paid_late"
    OWNER = "ticket"
    AGGREGATE = "payment_key"

    payment_key: UUID
    cause: PaidFor
    cause_id: UUID
    ticket_id: UUID | None = None
    shop: Shop
    order_id: UUID
    order_no: OrderNo
    amount: Price
    payment_reference: Code
    order_refunded: Price
    order_fully_refunded: bool
    paid_at: AwareDatetime
    booked_by: Subject
    booked_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (PaymentDrifted, PaymentPaidLate)
