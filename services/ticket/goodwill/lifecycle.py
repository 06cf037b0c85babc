"""小额补偿的生命: offered, paying, paid or failed; refused, withdrawn (T27). Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.price import Price
from contracts.ticket.aftercare import GoodwillFailed, GoodwillGranted, GoodwillPaid
from contracts.ticket.refund import CaseCost
from kit.lifecycle import Lifecycle
from kit.money import Money
from kit.principals import Principal
from kit.problems import Problem


class GoodwillStatus(StrEnum):
    """Where goodwill stands."""

    OFFERED = "offered"
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_S = GoodwillStatus
LIFE = Lifecycle(
    noun="goodwill",
    states=GoodwillStatus,
    initial=_S.OFFERED,
    table={
        # Until everybody who has to has approved it, an approval leaves it where it is.
        "approve/in_part": {_S.OFFERED: _S.OFFERED},
        "approve/complete": {_S.OFFERED: _S.PAYING},
        "refuse": {_S.OFFERED: _S.REFUSED},
        "withdraw": {_S.OFFERED: _S.WITHDRAWN, _S.FAILED: _S.WITHDRAWN},
        # A late answer may say that what had failed is paid after all.
        "pay": {_S.PAYING: _S.PAID, _S.FAILED: _S.PAID},
        "fail": {_S.PAYING: _S.FAILED},
        "retry": {_S.FAILED: _S.PAYING},
    },
)
# What the payment side brings about is no verb of anybody's.
_OF_OTHERS = frozenset({"pay", "fail"})
LIVING = frozenset(GoodwillStatus) - {_S.REFUSED, _S.WITHDRAWN}


class GoodwillLike(Protocol):
    """Goodwill as the table holds it."""

    goodwill_id: UUID
    ticket_id: UUID
    shop: str
    order_id: UUID
    order_no: str
    line_no: int
    account_id: UUID | None
    status: str
    currency: str
    amount_minor: int
    policy_version: int
    payment_key: UUID
    offered_by_staff_id: UUID | None
    approved_by: list[str]
    approved_at: datetime | None
    paid_at: datetime | None
    payment_reference: str | None
    failure: str | None
    attempts: int
    ended_by: str | None
    ended_at: datetime | None
    reason: str | None


class AboutLike(Protocol):
    """What goodwill needs of its ticket."""

    number: str
    customer_id: UUID | None


def allowed(goodwill: GoodwillLike) -> list[str]:
    """The verbs that somebody may ask for now."""
    drawn = dict.fromkeys(verb.partition("/")[0] for verb in LIFE.allowed(GoodwillStatus(goodwill.status)))
    return [verb for verb in drawn if verb not in _OF_OTHERS]


def expect_drawn(goodwill: GoodwillLike, verb: str) -> None:
    """Raises Problem `transition-refused` where the verb isn't drawn; asked before anything else is looked at."""
    if verb not in allowed(goodwill):
        facts: dict[str, Any] = {"noun": LIFE.noun, "from": goodwill.status, "verb": verb}
        raise Problem("transition-refused", allowed=allowed(goodwill), **facts)


def approve(goodwill: GoodwillLike, by: tuple[str, ...], at: datetime, *, complete: bool) -> None:
    """批准: by so many by now; once it is complete it is paid."""
    LIFE.move(goodwill, "approve/complete" if complete else "approve/in_part")
    goodwill.approved_by = list(by)
    if complete:
        goodwill.approved_at, goodwill.attempts = at, 1


def granted(goodwill: GoodwillLike, about: AboutLike, payee_token: str | None, at: datetime) -> GoodwillGranted:
    """What is told once it is approved, and when paying is tried again: the payment side may pay (T22, T27)."""
    return GoodwillGranted(
        **_common(goodwill, about),
        attempt=goodwill.attempts,
        payee_token=payee_token,
        staff_id=goodwill.offered_by_staff_id,
        granted_by=tuple(goodwill.approved_by),
        policy_version=goodwill.policy_version,
        granted_at=at,
    )


def was_paid(
    goodwill: GoodwillLike, about: AboutLike, of_order: Money, costs: Sequence[CaseCost], *, fully: bool, at: datetime
) -> GoodwillPaid:
    """补偿到账 (T27, T57)."""
    return GoodwillPaid(
        **_common(goodwill, about),
        payment_reference=goodwill.payment_reference or "",
        order_refunded=Price(amount=of_order.amount, currency=of_order.currency),
        order_fully_refunded=fully,
        costs=tuple(costs),
        paid_at=at,
    )


def has_failed(goodwill: GoodwillLike, about: AboutLike, *, retryable: bool, at: datetime) -> GoodwillFailed:
    """补偿失败 (T27)."""
    return GoodwillFailed(
        **_common(goodwill, about),
        staff_id=goodwill.offered_by_staff_id,
        failure=goodwill.failure or "unknown",
        attempt=goodwill.attempts,
        retryable=retryable,
        failed_at=at,
    )


def end(goodwill: GoodwillLike, verb: str, by: Principal, at: datetime, reason: str) -> None:
    """拒绝、撤回: nothing is given."""
    LIFE.move(goodwill, verb)
    goodwill.ended_by, goodwill.ended_at, goodwill.reason = by.subject, at, reason


def pay(goodwill: GoodwillLike, reference: str | None, at: datetime) -> None:
    """到账: the money is with the customer."""
    LIFE.move(goodwill, "pay")
    goodwill.paid_at, goodwill.payment_reference, goodwill.failure = at, reference, None


def fail(goodwill: GoodwillLike, failure: str | None) -> None:
    """失败: the payment side could not pay."""
    LIFE.move(goodwill, "fail")
    goodwill.failure = failure


def retry(goodwill: GoodwillLike) -> None:
    """再试: once more, under the same number."""
    LIFE.move(goodwill, "retry")
    goodwill.failure = None
    goodwill.attempts += 1


def _common(goodwill: GoodwillLike, about: AboutLike) -> dict[str, Any]:
    """What all events of goodwill say."""
    amount = Money(goodwill.amount_minor, goodwill.currency)
    return {
        "goodwill_id": goodwill.goodwill_id,
        "ticket_id": goodwill.ticket_id,
        "ticket_number": about.number,
        "shop": goodwill.shop,
        "order_id": goodwill.order_id,
        "order_no": goodwill.order_no,
        "line_no": goodwill.line_no,
        "customer_id": about.customer_id,
        "account_id": goodwill.account_id,
        "amount": Price(amount=amount.amount, currency=amount.currency),
        "payment_key": goodwill.payment_key,
    }
