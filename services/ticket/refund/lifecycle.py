"""售后阶段: what a refund, a return, an exchange and a resend can become, each as one table (T22).

A verb with a stroke is one door with the result that decides where it leads.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.ticket.refund import RefundKind
from contracts.ticket.ticket import TicketKind, TicketOutcome, TicketStatus, WaitingOn
from kit.lifecycle import Lifecycle
from kit.problems import Problem
from services.ticket.clock.policy import SlaCase


class Stage(StrEnum):
    """Where a request stands (T22)."""

    REQUESTED = "requested"
    UNDER_REVIEW = "under_review"
    EVIDENCE_WANTED = "evidence_wanted"
    APPROVED = "approved"
    WAITING_FOR_GOODS = "waiting_for_goods"
    GOODS_RECEIVED = "goods_received"
    INSPECTED = "inspected"
    PAYING = "paying"
    PAY_FAILED = "pay_failed"
    PAID = "paid"
    SENT = "sent"
    RECEIVED = "received"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RefundLike(Protocol):
    """A request as the table holds it, as far as its stages ask for it."""

    refund_id: UUID
    kind: str
    status: str
    shipped: bool
    ahead: bool
    goods_moved: bool
    attempt: int
    amount_minor: int
    approved_at: datetime | None
    failure: str | None


_S = Stage
Table = Mapping[str, Mapping[Stage, Stage]]
ENDED = (_S.CLOSED, _S.REFUSED, _S.WITHDRAWN)
BEFORE_APPROVAL = (_S.REQUESTED, _S.UNDER_REVIEW, _S.EVIDENCE_WANTED)
_UNTIL_PAYING = (_S.WAITING_FOR_GOODS, _S.GOODS_RECEIVED, _S.INSPECTED)
# What can't be done any more once the replacement has gone ahead of the return, once goods are on their way back,
# once the difference of an exchange is being paid, as long as something is owed, once it has been approved, and as
# long as no payment of an exchange has failed.
_NOT_AHEAD = frozenset({"withdraw", "refuse", "edit", "settle-in-money", "replace", "top-up", "run-out"})
_NOT_MOVED = frozenset({"edit"})
_NOT_OWING = frozenset({"close"})
_NOT_AGAIN = frozenset({"approve"})
_NOT_FAILED = frozenset({"retry"})
_NOT_PAYING = frozenset({"withdraw", "refuse", "edit", "settle-in-money", "replace", "approve"})


def _stays(*stages: Stage) -> dict[Stage, Stage]:
    return {stage: stage for stage in stages}


def _leads(to: Stage, *stages: Stage) -> dict[Stage, Stage]:
    return dict.fromkeys(stages, to)


# Until it is approved every kind is looked at in the same way; what was approved is looked at anew once it is edited.
_REVIEW: Table = {
    "review": _leads(_S.UNDER_REVIEW, _S.REQUESTED),
    "want-evidence": _leads(_S.EVIDENCE_WANTED, _S.UNDER_REVIEW),
    "give-evidence": {
        **_stays(_S.REQUESTED, _S.UNDER_REVIEW),
        **_leads(_S.UNDER_REVIEW, _S.EVIDENCE_WANTED),
    },
    "approve/in_part": _stays(_S.UNDER_REVIEW),
}
# A parcel is corrected, looked for and written off until the inspection, also when another one has been opened; one
# that comes later is inspected anew.
_GOODS_COME_BACK: Table = {
    **dict.fromkeys(
        ("ship-back", "correct", "search", "find", "write-off"), _stays(_S.WAITING_FOR_GOODS, _S.GOODS_RECEIVED)
    ),
    "receive-goods": _leads(_S.GOODS_RECEIVED, _S.WAITING_FOR_GOODS, _S.GOODS_RECEIVED, _S.INSPECTED),
    "inspect": _leads(_S.INSPECTED, _S.WAITING_FOR_GOODS, _S.GOODS_RECEIVED),
}
_MONEY_GOES: Table = {
    "paid": _leads(_S.PAID, _S.PAYING, _S.PAY_FAILED),
    "fail": _leads(_S.PAY_FAILED, _S.PAYING),
    "retry": _leads(_S.PAYING, _S.PAY_FAILED),
    "close": _leads(_S.CLOSED, _S.PAID),
}

MONEY_ONLY = Lifecycle(
    noun="refund",
    states=Stage,
    initial=_S.REQUESTED,
    table={
        **_REVIEW,
        "edit": _stays(*BEFORE_APPROVAL),
        "stop-parcel": _stays(*BEFORE_APPROVAL),
        "approve/complete": _leads(_S.PAYING, _S.UNDER_REVIEW),
        **_MONEY_GOES,
        "refuse": _leads(_S.REFUSED, _S.UNDER_REVIEW, _S.EVIDENCE_WANTED, _S.PAY_FAILED),
        "withdraw": _leads(_S.WITHDRAWN, *BEFORE_APPROVAL),
    },
)
RETURN = Lifecycle(
    noun="refund",
    states=Stage,
    initial=_S.REQUESTED,
    table={
        **_REVIEW,
        "edit": {**_stays(*BEFORE_APPROVAL), **_leads(_S.UNDER_REVIEW, _S.WAITING_FOR_GOODS)},
        "approve/in_part": _stays(_S.UNDER_REVIEW, _S.INSPECTED),
        "approve/complete": {_S.UNDER_REVIEW: _S.WAITING_FOR_GOODS, _S.INSPECTED: _S.PAYING},
        **_GOODS_COME_BACK,
        "pay": _leads(_S.PAYING, _S.INSPECTED),
        **_MONEY_GOES,
        "close/nothing": _leads(_S.CLOSED, _S.INSPECTED),
        "refuse": _leads(_S.REFUSED, _S.UNDER_REVIEW, _S.EVIDENCE_WANTED, *_UNTIL_PAYING, _S.PAY_FAILED),
        "withdraw": _leads(_S.WITHDRAWN, *BEFORE_APPROVAL, *_UNTIL_PAYING),
    },
)
# The money of an exchange is the difference to a cheaper article; it goes beside the stages.
_BESIDE = (*_UNTIL_PAYING, _S.SENT, _S.RECEIVED, _S.CLOSED)
_ABOUT_THE_ARTICLE = ("replace", "top-up", "run-out", "restock", "call-customer")
EXCHANGE = Lifecycle(
    noun="refund",
    states=Stage,
    initial=_S.REQUESTED,
    table={
        **_REVIEW,
        "edit": {**_stays(*BEFORE_APPROVAL), **_leads(_S.UNDER_REVIEW, _S.WAITING_FOR_GOODS)},
        "approve/in_part": _stays(_S.UNDER_REVIEW, *_UNTIL_PAYING),
        "approve/complete": {_S.UNDER_REVIEW: _S.WAITING_FOR_GOODS, **_stays(*_UNTIL_PAYING)},
        **_GOODS_COME_BACK,
        **dict.fromkeys(_ABOUT_THE_ARTICLE, _stays(*_UNTIL_PAYING)),
        # Sent ahead of the return, the goods are still waited for.
        "send": {**_leads(_S.SENT, _S.INSPECTED), **_stays(_S.WAITING_FOR_GOODS, _S.GOODS_RECEIVED)},
        "lose": {**_leads(_S.INSPECTED, _S.SENT), **_stays(*_UNTIL_PAYING)},
        "receive": {
            **_leads(_S.RECEIVED, _S.SENT, _S.INSPECTED),
            **_stays(_S.WAITING_FOR_GOODS, _S.GOODS_RECEIVED),
        },
        "settle-in-money": {
            _S.WAITING_FOR_GOODS: _S.UNDER_REVIEW,
            **_stays(_S.GOODS_RECEIVED, _S.INSPECTED),
        },
        **dict.fromkeys(("pay", "paid", "fail", "retry"), _stays(*_BESIDE)),
        "close": _leads(_S.CLOSED, _S.RECEIVED),
        "refuse": _leads(_S.REFUSED, _S.UNDER_REVIEW, _S.EVIDENCE_WANTED, *_UNTIL_PAYING),
        "withdraw": _leads(_S.WITHDRAWN, *BEFORE_APPROVAL, *_UNTIL_PAYING),
    },
)
RESEND = Lifecycle(
    noun="refund",
    states=Stage,
    initial=_S.REQUESTED,
    table={
        **_REVIEW,
        "edit": {**_stays(*BEFORE_APPROVAL), **_leads(_S.UNDER_REVIEW, _S.APPROVED)},
        "approve/complete": _leads(_S.APPROVED, _S.UNDER_REVIEW),
        **dict.fromkeys(_ABOUT_THE_ARTICLE, _stays(_S.APPROVED)),
        "send": _leads(_S.SENT, _S.APPROVED),
        "lose": _leads(_S.APPROVED, _S.SENT),
        "receive": _leads(_S.RECEIVED, _S.SENT),
        "settle-in-money": _leads(_S.UNDER_REVIEW, _S.APPROVED),
        "close": _leads(_S.CLOSED, _S.RECEIVED),
        "refuse": _leads(_S.REFUSED, _S.UNDER_REVIEW, _S.EVIDENCE_WANTED, _S.APPROVED),
        "withdraw": _leads(_S.WITHDRAWN, *BEFORE_APPROVAL, _S.APPROVED),
    },
)
LIVES: Mapping[RefundKind, Lifecycle[Stage]] = {
    RefundKind.MONEY_ONLY: MONEY_ONLY,
    RefundKind.RETURN_AND_MONEY: RETURN,
    RefundKind.EXCHANGE: EXCHANGE,
    RefundKind.RESEND: RESEND,
}
TICKET_KIND: Mapping[RefundKind, TicketKind] = {
    RefundKind.MONEY_ONLY: TicketKind.REFUND,
    RefundKind.RETURN_AND_MONEY: TicketKind.REFUND,
    RefundKind.EXCHANGE: TicketKind.EXCHANGE,
    RefundKind.RESEND: TicketKind.EXCHANGE,
}

# The common status follows from the stage, and for whom it waits (T2).
STATUS: Mapping[Stage, tuple[TicketStatus, WaitingOn | None]] = {
    _S.REQUESTED: (TicketStatus.NEW, None),
    _S.UNDER_REVIEW: (TicketStatus.OPEN, None),
    _S.EVIDENCE_WANTED: (TicketStatus.WAITING, WaitingOn.CUSTOMER),
    _S.APPROVED: (TicketStatus.WAITING, WaitingOn.WAREHOUSE),
    _S.WAITING_FOR_GOODS: (TicketStatus.WAITING, WaitingOn.CUSTOMER),
    _S.GOODS_RECEIVED: (TicketStatus.WAITING, WaitingOn.WAREHOUSE),
    _S.INSPECTED: (TicketStatus.OPEN, None),
    _S.PAYING: (TicketStatus.OPEN, None),
    _S.PAY_FAILED: (TicketStatus.OPEN, None),
    _S.PAID: (TicketStatus.SOLVED, None),
    _S.SENT: (TicketStatus.WAITING, WaitingOn.COURIER),
    _S.RECEIVED: (TicketStatus.SOLVED, None),
    **dict.fromkeys(ENDED, (TicketStatus.CLOSED, None)),
}
OUTCOME: Mapping[Stage, TicketOutcome] = {
    _S.CLOSED: TicketOutcome.SOLVED,
    _S.REFUSED: TicketOutcome.REFUSED,
    _S.WITHDRAWN: TicketOutcome.WITHDRAWN,
}


def life_of(refund: RefundLike) -> Lifecycle[Stage]:
    """The table that the request's kind goes by."""
    return LIVES[RefundKind(refund.kind)]


def course_of(kind: RefundKind, *, shipped: bool) -> SlaCase:
    """The line of the table of targets that holds for it (T43): an order that never left has its own."""
    match kind:
        case RefundKind.EXCHANGE:
            return SlaCase.EXCHANGE
        case RefundKind.RESEND:
            return SlaCase.RESEND
        case RefundKind.MONEY_ONLY if not shipped:
            return SlaCase.REFUND_UNSHIPPED
        case _:
            return SlaCase.RETURN


def door(arrow: str) -> str:
    """The verb that callers know an arrow by: `approve` for `approve/complete`."""
    return arrow.partition("/")[0]


def allowed(refund: RefundLike) -> list[str]:
    """The verbs that its stage allows, as far as what is under way lets them: a replacement that was sent ahead is
    not taken back by withdrawing, nor are other goods asked for once some are on their way (T22)."""
    drawn = dict.fromkeys(door(arrow) for arrow in life_of(refund).allowed(Stage(refund.status)))
    paying = refund.kind == RefundKind.EXCHANGE and refund.attempt > 0
    owing = refund.status == Stage.INSPECTED and refund.amount_minor > 0
    over = {
        _NOT_AHEAD: refund.ahead,
        _NOT_MOVED: refund.goods_moved,
        _NOT_PAYING: paying,
        _NOT_OWING: owing,
        _NOT_AGAIN: refund.approved_at is not None,
        _NOT_FAILED: refund.kind == RefundKind.EXCHANGE and refund.failure is None,
    }
    gone = frozenset().union(*(verbs for verbs, holds in over.items() if holds))
    return [verb for verb in drawn if verb not in gone]


def expect_drawn(refund: RefundLike, verb: str) -> None:
    """Raises Problem `transition-refused` when the present stage has no such verb; asked before what the verb brings
    is looked at, so that a wrong stage is told first."""
    if door(verb) not in allowed(refund):
        raise refusal(refund, verb)


def move(refund: RefundLike, arrow: str) -> Stage:
    """Take it along an arrow of its table and return the stage it left.

    Raises Problem `transition-refused` when it isn't drawn there; nothing is changed then.
    """
    expect_drawn(refund, arrow)
    before = Stage(refund.status)
    after = life_of(refund).table.get(arrow, {}).get(before)
    if after is None:
        raise refusal(refund, arrow)
    refund.status = after.value
    return before


def refusal(refund: RefundLike, verb: str) -> Problem:
    """The 409 of a verb that the stage doesn't have; it names those that it has."""
    facts: dict[str, Any] = {"noun": "refund", "from": refund.status, "verb": door(verb)}
    return Problem("transition-refused", allowed=allowed(refund), **facts)
