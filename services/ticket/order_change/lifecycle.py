"""改单的生命: requested, paid for, agreed, carried out by the storefront; and what that one is told (T37). Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.price import Difference, Price
from contracts.ticket.order import ChangeKind, LineChange, OrderChangeRequested, OrderState
from kit.lifecycle import Lifecycle
from kit.money import Money
from kit.privacy import scrub
from kit.problems import Problem


class ChangeStatus(StrEnum):
    """Where a change stands. *Topping up* waits for the buyer's top-up; *agreed* and *refunding* for the storefront's
    new version of the order, the latter with a difference that is given back meanwhile."""

    REQUESTED = "requested"
    TOPPING_UP = "topping_up"
    AGREED = "agreed"
    REFUNDING = "refunding"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_S = ChangeStatus
LIFE = Lifecycle(
    noun="order_change",
    states=ChangeStatus,
    initial=_S.REQUESTED,
    table={
        "approve": {_S.REQUESTED: _S.REQUESTED},
        "agree": {_S.REQUESTED: _S.AGREED},
        "ask-top-up": {_S.REQUESTED: _S.TOPPING_UP},
        "give-back": {_S.REQUESTED: _S.REFUNDING},
        "top-up": {_S.TOPPING_UP: _S.AGREED},
        "retry": {_S.REFUNDING: _S.REFUNDING, _S.CONFIRMED: _S.CONFIRMED},
        "confirm": {_S.AGREED: _S.CONFIRMED, _S.REFUNDING: _S.CONFIRMED},
        "refuse": dict.fromkeys((_S.REQUESTED, _S.TOPPING_UP, _S.AGREED, _S.REFUNDING), _S.REFUSED),
        "withdraw": dict.fromkeys((_S.REQUESTED, _S.TOPPING_UP), _S.WITHDRAWN),
    },
)
OPEN = (_S.REQUESTED, _S.TOPPING_UP, _S.AGREED, _S.REFUNDING)
TOLD = (_S.AGREED, _S.REFUNDING)
"""The storefront knows of it and is to carry it out."""
# Which of these a change takes when it is agreed to follows from what it costs, and from who has approved.
_AGREEING = frozenset({"approve", "agree", "ask-top-up", "give-back"})
_BY_ITSELF = frozenset({"top-up"})


class ChangeLike(Protocol):
    """A change as the table holds it."""

    change_id: UUID
    status: str
    kinds: list[str]
    lines: list[dict[str, Any]]
    courier: str | None
    currency: str
    difference_minor: int
    reason: str
    charged_to_staff_id: UUID | None
    payment_key: UUID | None
    attempt: int
    requested_by: str
    requested_at: datetime


def allowed(change: ChangeLike) -> list[str]:
    """The verbs that somebody may ask for now."""
    verbs = LIFE.allowed(ChangeStatus(change.status))
    shown = ["agree"] if _AGREEING.intersection(verbs) else []
    return shown + [
        verb
        for verb in verbs
        if verb not in _AGREEING | _BY_ITSELF and (verb != "retry" or change.payment_key is not None)
    ]


def move(change: ChangeLike, verb: str) -> None:
    """Take the change through a verb. Raises Problem `transition-refused`."""
    if ChangeStatus(change.status) not in LIFE.table[verb]:
        raise refusal(change, verb)
    LIFE.move(change, verb)


def refusal(change: ChangeLike, verb: str) -> Problem:
    """The 409 that names what somebody may ask for instead."""
    facts: dict[str, Any] = {"noun": LIFE.noun, "from": change.status, "verb": verb}
    return Problem("transition-refused", allowed=[one for one in allowed(change) if one != verb], **facts)


def requested(change: ChangeLike, order: OrderState) -> OrderChangeRequested:
    """改单: what the storefront is to carry out. People may write anything for a colour, so it is scrubbed (X6); an
    address is read by the change's id."""
    return OrderChangeRequested(
        order=order,
        change_id=change.change_id,
        kinds=tuple(ChangeKind(kind) for kind in change.kinds),
        lines=tuple(_line(line, change.currency) for line in change.lines),
        courier=scrub(change.courier) if change.courier else None,
        difference=_difference(change),
        reason=change.reason,
        charged_to_staff_id=change.charged_to_staff_id,
        payment_key=change.payment_key,
        attempt=change.attempt,
        requested_by=change.requested_by,
        requested_at=change.requested_at,
    )


def _difference(change: ChangeLike) -> Difference | None:
    if not change.difference_minor:
        return None
    return Difference(amount=Money(change.difference_minor, change.currency).amount, currency=change.currency)


def _line(change: Mapping[str, Any], currency: str) -> LineChange:
    old, new = change["old"], change["new"]
    return LineChange(
        line_no=change["line_no"],
        **{name: new[name] for name in ("sku", "quantity") if new[name] != old[name]},
        **{name: scrub(new[name]) for name in ("colour", "size") if new[name]},
        paid_total=_price(new["paid_minor"], currency) if new["paid_minor"] != old["paid_minor"] else None,
    )


def _price(minor: int, currency: str) -> Price:
    return Price(amount=Money(minor, currency).amount, currency=currency)
