"""业务受理的生命: handed in, reviewed, returned and completed, approved, dispatched, done (T60). Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.price import Price
from contracts.ticket.service_request import (
    ServiceRequestApproved,
    ServiceRequestDone,
    ServiceRequestReturned,
    ServiceRequestSubmitted,
)
from contracts.ticket.ticket import TicketOutcome, TicketStatus, WaitingOn
from kit.lifecycle import Lifecycle
from kit.money import Money
from kit.principals import Principal
from kit.problems import invalid
from services.ticket.service_request.policy import Phase, RequestStep, RequestType, StepBy


class RequestStatus(StrEnum):
    """Where a service request stands."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    APPROVED = "approved"
    DISPATCHED = "dispatched"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


_S = RequestStatus
_BEFORE_APPROVAL = (_S.SUBMITTED, _S.UNDER_REVIEW, _S.RETURNED)
LIFE = Lifecycle(
    noun="service_request",
    states=RequestStatus,
    initial=_S.SUBMITTED,
    table={
        "review": {_S.SUBMITTED: _S.UNDER_REVIEW},
        "return": {_S.UNDER_REVIEW: _S.RETURNED},
        "resubmit": {_S.RETURNED: _S.SUBMITTED},
        "approve": {_S.UNDER_REVIEW: _S.APPROVED},
        "reject": {_S.UNDER_REVIEW: _S.REJECTED},
        "dispatch": {_S.APPROVED: _S.DISPATCHED},
        "finish": {_S.DISPATCHED: _S.DONE},
        "withdraw": dict.fromkeys((*_BEFORE_APPROVAL, _S.APPROVED), _S.WITHDRAWN),
        # What is added to a request, and moves it nowhere.
        "document": {state: state for state in _BEFORE_APPROVAL},
        "record": {state: state for state in (_S.UNDER_REVIEW, _S.DISPATCHED)},
        "weigh": {state: state for state in (_S.APPROVED, _S.DISPATCHED)},
    },
)
# What a customer may do as well; the rest is the department's.
OF_CUSTOMERS = ("resubmit", "withdraw", "document", "record")
OUTCOME = {_S.DONE: TicketOutcome.SOLVED, _S.REJECTED: TicketOutcome.REFUSED}
_STATUS = {
    _S.SUBMITTED: TicketStatus.OPEN,
    _S.UNDER_REVIEW: TicketStatus.OPEN,
    _S.RETURNED: TicketStatus.WAITING,
    _S.APPROVED: TicketStatus.OPEN,
    _S.DISPATCHED: TicketStatus.OPEN,
    _S.DONE: TicketStatus.CLOSED,
    _S.REJECTED: TicketStatus.CLOSED,
    _S.WITHDRAWN: TicketStatus.CANCELLED,
}
_PHASE_OF = {_S.UNDER_REVIEW: Phase.REVIEW, _S.DISPATCHED: Phase.WORK}


class RequestLike(Protocol):
    """A service request as the table holds it."""

    request_id: UUID
    number: str
    type: str
    shop: str
    account_id: UUID | None
    organisation_id: UUID | None
    order_id: UUID | None
    unit_id: UUID | None
    status: str
    round: int
    missing: list[str]
    outcome: str | None
    cause: str | None
    coupon_minor: int | None
    coupon_currency: str | None
    reason: str | None
    policy_version: int


class AboutLike(Protocol):
    """What a request needs of its ticket."""

    customer_id: UUID | None
    account_id: UUID | None
    assignee_staff_id: UUID | None


def status_of(request: RequestLike, next_step: RequestStep | None) -> tuple[TicketStatus, WaitingOn | None]:
    """The common status (T2): a request waits for the customer when it was returned, and when a step is theirs."""
    state = RequestStatus(request.status)
    theirs = next_step is not None and next_step.by is StepBy.CUSTOMER and next_step.phase is _PHASE_OF.get(state)
    if state is _S.RETURNED or theirs:
        return TicketStatus.WAITING, WaitingOn.CUSTOMER
    return _STATUS[state], None


def phase_of(request: RequestLike) -> Phase | None:
    """Which steps are recorded now; None when none are."""
    return _PHASE_OF.get(RequestStatus(request.status))


def submitted(request: RequestLike, about: AboutLike, by: Principal, at: datetime) -> ServiceRequestSubmitted:
    """提交: for the first time, or completed."""
    return ServiceRequestSubmitted(**_told(request, about), submitted_by=by.subject, submitted_at=at)


def send_back(
    request: RequestLike, about: AboutLike, missing: Sequence[str], by: Principal, at: datetime
) -> ServiceRequestReturned:
    """退回补充. Raises Problem `transition-refused`."""
    LIFE.move(request, "return")
    request.missing = list(missing)
    return ServiceRequestReturned(
        **_told(request, about), missing=tuple(missing), returned_by=by.subject, returned_at=at
    )


def resubmit(request: RequestLike, about: AboutLike, by: Principal, at: datetime) -> ServiceRequestSubmitted:
    """补充后再次提交: the next round. Raises Problem `transition-refused`."""
    LIFE.move(request, "resubmit")
    request.round, request.missing = request.round + 1, []
    return submitted(request, about, by, at)


def approve(request: RequestLike, about: AboutLike, by: Principal, at: datetime) -> ServiceRequestApproved:
    """受理通过; the event names the unit that can be told to do it. Raises Problem `transition-refused`."""
    LIFE.move(request, "approve")
    return ServiceRequestApproved(**_told(request, about), approved_by=by.subject, approved_at=at)


def finish(
    request: RequestLike,
    about: AboutLike,
    kind: RequestType,
    ended: tuple[str | None, str | None],
    by: Principal,
    at: datetime,
) -> ServiceRequestDone:
    """办结, with its outcome and cause; a customer whose request ended so earns the coupon of its type.

    Raises Problem `transition-refused`, `invalid-request` for an outcome or a cause that isn't one of the type's.
    """
    outcome, cause = ended
    LIFE.move(request, "finish")
    _expect_one_of("/outcome", outcome, [one.code for one in kind.outcomes])
    _expect_one_of("/cause", cause, [one.code for one in kind.causes])
    request.outcome, request.cause = outcome, cause
    coupon = _earned(request, about, kind)
    if coupon is not None:
        request.coupon_minor, request.coupon_currency = coupon.minor, coupon.currency
    return ServiceRequestDone(
        **_told(request, about), outcome=outcome, coupon=price(coupon), done_by=by.subject, done_at=at
    )


def price(money: Money | None) -> Price | None:
    """An amount as answers and events carry it."""
    return None if money is None else Price(amount=money.amount, currency=money.currency)


def _earned(request: RequestLike, about: AboutLike, kind: RequestType) -> Money | None:
    """Customers earn it; what the house hands in for itself earns nothing."""
    nobody = about.customer_id is None and about.account_id is None
    if kind.coupon is None or nobody or request.outcome != kind.coupon.outcome:
        return None
    return Money.parse(kind.coupon.price.amount, kind.coupon.price.currency)


def _expect_one_of(pointer: str, said: str | None, codes: Sequence[str]) -> None:
    if said is None and codes:
        raise invalid(pointer, f"必填：{', '.join(codes)}", f"is required: {', '.join(codes)}")
    if said is not None and said not in codes:
        allowed = ", ".join(codes) or "–"
        raise invalid(pointer, f"只能是：{allowed}", f"must be one of {allowed}")


def _told(request: RequestLike, about: AboutLike) -> dict[str, Any]:
    """What all events of a request say."""
    return {
        "service_request_id": request.request_id,
        "ticket_number": request.number,
        "type": request.type,
        "shop": request.shop,
        "customer_id": about.customer_id,
        "account_id": request.account_id,
        "organisation_id": request.organisation_id,
        "order_id": request.order_id,
        "assignee_staff_id": about.assignee_staff_id,
        "unit_id": request.unit_id,
        "round": request.round,
        "policy_version": request.policy_version,
    }
