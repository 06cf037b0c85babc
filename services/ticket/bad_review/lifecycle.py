"""中差评的生命: the cause first, then the phone, then text, then what became of it (T45). Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.price import Price
from contracts.ticket.aftercare import ReviewCause, ReviewManner, ReviewResult, ReviewWorked
from contracts.ticket.ticket import TicketOutcome, TicketStatus
from kit.lifecycle import Lifecycle
from kit.money import Money
from kit.problems import Problem


class ReviewStatus(StrEnum):
    """Where a bad review stands."""

    RECORDED = "recorded"
    CAUSE_FOUND = "cause_found"
    PHONED = "phoned"
    WRITTEN = "written"
    SETTLED = "settled"
    CANCELLED = "cancelled"


_S = ReviewStatus
LIFE = Lifecycle(
    noun="bad_review",
    states=ReviewStatus,
    initial=_S.RECORDED,
    table={
        "find-cause": {
            _S.RECORDED: _S.CAUSE_FOUND, _S.CAUSE_FOUND: _S.CAUSE_FOUND, _S.PHONED: _S.PHONED, _S.WRITTEN: _S.WRITTEN,
        },
        "phone": {_S.CAUSE_FOUND: _S.PHONED, _S.PHONED: _S.PHONED, _S.WRITTEN: _S.WRITTEN},
        "write": {_S.PHONED: _S.WRITTEN, _S.WRITTEN: _S.WRITTEN},
        "settle": {_S.PHONED: _S.SETTLED, _S.WRITTEN: _S.SETTLED},
        "reopen": {_S.SETTLED: _S.CAUSE_FOUND},
        "cancel": dict.fromkeys((_S.RECORDED, _S.CAUSE_FOUND, _S.PHONED, _S.WRITTEN), _S.CANCELLED),
    },
)  # fmt: skip
VERB_OF = {ReviewManner.PHONE: "phone", ReviewManner.TEXT: "write"}
# The common status follows from the status and from nothing else (T2).
STATUS = {
    _S.RECORDED: TicketStatus.NEW,
    **dict.fromkeys((_S.CAUSE_FOUND, _S.PHONED, _S.WRITTEN), TicketStatus.OPEN),
    _S.SETTLED: TicketStatus.CLOSED,
    _S.CANCELLED: TicketStatus.CANCELLED,
}
OUTCOME = {_S.SETTLED: TicketOutcome.SOLVED, _S.CANCELLED: TicketOutcome.CANCELLED}


class ReviewLike(Protocol):
    """A bad review as the table holds it; the offer is in minor units (X4)."""

    review_id: UUID
    number: str
    shop: str
    status: str
    cause: str | None
    manner: str | None
    result: str | None
    offered_minor: int | None
    currency: str | None
    settled_at: datetime | None


class AboutLike(Protocol):
    """What a bad review needs of its ticket."""

    customer_id: UUID | None
    account_id: UUID | None
    order_id: UUID | None


def find_cause(review: ReviewLike, cause: ReviewCause) -> None:
    """归因: a new buyer, really dissatisfied, or can't use it; it can be put right until the review is settled."""
    LIFE.move(review, "find-cause")
    review.cause = cause.value


def contact(review: ReviewLike, manner: ReviewManner, offered: Money | None) -> None:
    """联系买家: by phone first, by text after that; what was offered last stands (T45)."""
    LIFE.move(review, VERB_OF[manner])
    review.manner = manner.value
    if offered is not None:
        review.offered_minor, review.currency = offered.minor, offered.currency


def settle(
    review: ReviewLike, about: AboutLike, result: ReviewResult, staff_id: UUID | None, at: datetime
) -> ReviewWorked:
    """办结: the review was changed, removed or kept. Raises Problem `transition-refused` before the buyer was spoken
    to, `forbidden` for a caller who is no member of staff."""
    LIFE.move(review, "settle")
    if staff_id is None:
        raise Problem("forbidden")
    review.result, review.settled_at = result.value, at
    return ReviewWorked(
        review_id=review.review_id,
        ticket_number=review.number,
        shop=review.shop,
        order_id=about.order_id,
        customer_id=about.customer_id,
        account_id=about.account_id,
        staff_id=staff_id,
        cause=ReviewCause(str(review.cause)),
        manner=ReviewManner(str(review.manner)),
        result=result,
        offered=price(review.offered_minor, review.currency),
        worked_at=at,
    )


def reopen(review: ReviewLike) -> None:
    """重开: the buyer wrote again; the cause stays, the phone comes first again."""
    LIFE.move(review, "reopen")
    review.result = review.settled_at = review.manner = None


def price(minor: int | None, currency: str | None) -> Price | None:
    """An offer in the words of events and answers."""
    if minor is None or currency is None:
        return None
    return Price(amount=Money(minor, currency).amount, currency=currency)
