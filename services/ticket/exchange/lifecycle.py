"""补发件的生命: chosen, paid for where it is dearer, out of stock, sent, lost, received (T22). Pure.

Where the request stands is the refund room's to say; this is where the replacement stands beside it. A verb with a
stroke is one door with the result that decides where it leads.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.price import Difference
from contracts.ticket.aftercare import ExchangeSent, Replacement
from kit.lifecycle import Lifecycle
from kit.money import Money
from services.ticket.exchange.pricing import Article


class ExchangeStatus(StrEnum):
    """Where the replacement stands. `unsettled`: what came back is less than what it was chosen for."""

    READY = "ready"
    UNPAID = "unpaid"
    UNSETTLED = "unsettled"
    OUT_OF_STOCK = "out_of_stock"
    SENT = "sent"
    RECEIVED = "received"
    SETTLED_IN_MONEY = "settled_in_money"


class CallResult(StrEnum):
    """What a call about a replacement came to (T22)."""

    ANOTHER_ARTICLE = "another_article"
    MONEY = "money"
    WAITS = "waits"
    MISSED = "missed"


_S = ExchangeStatus
_OPEN = (_S.READY, _S.UNPAID, _S.UNSETTLED, _S.OUT_OF_STOCK)


def _leads(to: ExchangeStatus, *states: ExchangeStatus) -> dict[ExchangeStatus, ExchangeStatus]:
    return dict.fromkeys(states, to)


LIFE = Lifecycle(
    noun="exchange",
    states=ExchangeStatus,
    initial=_S.READY,
    table={
        "replace/paid": _leads(_S.READY, *_OPEN),
        "replace/owed": _leads(_S.UNPAID, *_OPEN),
        "top-up/paid": _leads(_S.READY, _S.UNPAID),
        "top-up/owed": _leads(_S.UNPAID, _S.UNPAID),
        "run-out": _leads(_S.OUT_OF_STOCK, _S.READY, _S.UNPAID, _S.UNSETTLED),
        "restock/paid": _leads(_S.READY, _S.OUT_OF_STOCK),
        "restock/owed": _leads(_S.UNPAID, _S.OUT_OF_STOCK),
        "restock/short": _leads(_S.UNSETTLED, _S.OUT_OF_STOCK),
        "call-customer": {state: state for state in (_S.UNPAID, _S.UNSETTLED, _S.OUT_OF_STOCK)},
        "reckon/paid": _leads(_S.READY, _S.READY, _S.UNPAID, _S.UNSETTLED),
        "reckon/owed": _leads(_S.UNPAID, _S.READY, _S.UNPAID, _S.UNSETTLED),
        "reckon/short": _leads(_S.UNSETTLED, _S.READY, _S.UNPAID, _S.UNSETTLED),
        "send": _leads(_S.SENT, _S.READY),
        "lose/paid": _leads(_S.READY, _S.SENT),
        "lose/owed": _leads(_S.UNPAID, _S.SENT),
        "lose/short": _leads(_S.UNSETTLED, _S.SENT),
        "receive": _leads(_S.RECEIVED, _S.SENT, _S.RECEIVED),
        "settle-in-money": _leads(_S.SETTLED_IN_MONEY, *_OPEN),
    },
)
ON_ITS_WAY = (_S.SENT, _S.RECEIVED)
# What the inspection of the goods does to it; nobody asks for it by itself.
_INSIDE = ("reckon/paid", "reckon/owed", "reckon/short")


def door(arrow: str) -> str:
    """The verb that callers know an arrow by: `replace` for `replace/paid`."""
    return arrow.partition("/")[0]


def allowed(state: ExchangeStatus) -> list[str]:
    """The verbs that callers may ask for in this state."""
    return list(dict.fromkeys(door(arrow) for arrow in LIFE.allowed(state) if arrow not in _INSIDE))


def sent(
    shared: dict[str, Any],
    articles: Iterable[Article],
    difference: Money,
    *,
    order_no: str | None,
    courier: str,
    ahead: bool,
    at: datetime,
) -> ExchangeSent:
    """换货发出: what is told when the replacement leaves; `shared` are the facts that its request tells as well."""
    amount = Difference(amount=difference.amount, currency=difference.currency) if difference.minor else None
    return ExchangeSent(
        **shared,
        replacements=replacements(articles),
        replacement_order_no=order_no,
        ahead=ahead,
        courier=courier,
        difference=amount,
        sent_at=at,
    )


def replacements(articles: Iterable[Article]) -> tuple[Replacement, ...]:
    """The articles as events name them."""
    return tuple(Replacement(line_no=one.line_no, sku=one.sku, quantity=one.quantity) for one in articles)


def exchange_facts(told: dict[str, Any]) -> dict[str, Any]:
    """What an event of an exchange says of its request: its id under its own name, without kind and lines."""
    exchange_id: UUID = told["refund_id"]
    left_out: Sequence[str] = ("refund_id", "kind", "lines")
    return {"exchange_id": exchange_id, **{name: fact for name, fact in told.items() if name not in left_out}}
