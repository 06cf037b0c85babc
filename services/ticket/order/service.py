"""Use cases of orders: recorded, corrected, looked at (C10, E3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ticket.order import OrderEvent
from kit import audit, outbox
from kit.http.edge import see_own
from kit.ids import account_id, derived_id
from kit.money import Money
from kit.problems import Problem
from kit.work import Work
from services.ticket.order import lifecycle, store
from services.ticket.order.models import Delivery, Order
from services.ticket.order.schemas import OrderItem

RECORDED, CORRECTED, UNCHANGED = "recorded", "corrected", "unchanged"
_PLAIN = {
    "shop", "order_no", "revision", "currency", "region", "channel", "agent", "courier", "payment_method",
    "top_up_of", "historic", "placed_at", "paid_at", "shipped_at", "received_at", "completed_at", "cancelled_at",
}  # fmt: skip
_PARTY = ("recipient_name", "recipient_phone", "recipient_address", "tracking_number", "payer_token")


@dataclass(frozen=True)
class Taken:
    """What became of one order that was sent."""

    order_id: UUID
    outcome: str


@dataclass(frozen=True)
class Change:
    """One order that was recorded or corrected, and what is told about it."""

    order: Order
    outcome: str
    events: Sequence[OrderEvent]
    revision_before: int | None = None


def order_id_of(shop: str, order_no: str) -> UUID:
    """The id of an order: always the same for its shop and number, whoever computes it."""
    return derived_id("order", shop, order_no)


async def record_orders(work: Work, items: Sequence[OrderItem]) -> list[Taken]:
    """Record new orders and let higher revisions replace known ones; equal or lower ones change nothing (C10).

    The same orders sent twice, in any order and by any number of callers at once, leave the same state and tell each
    thing once. Of several revisions in one batch the highest counts, of equal ones the first.

    Raises Problem `forbidden` for a token narrowed to one buyer: the order book is not that buyer's to write (X6).
    """
    if work.actor.account_id is not None:
        raise Problem("forbidden", permission="order:write")
    counted = _counted(items)
    sent = {order_id: _order(work, order_id, item) for order_id, item in sorted(counted.items())}
    changes = [Change(order, RECORDED, lifecycle.recorded(order)) for order in sent.values()]
    for change in changes:
        change.order.event_seq = len(change.events)
    new = await store.insert_new(work.session, [order.model_dump() for order in sent.values()])
    changes = [change for change in changes if change.order.order_id in new]
    changes += await _correct(work, {key: order for key, order in sent.items() if key not in new})
    await _tell(work, changes)
    await store.keep_deliveries(
        work.session, [_delivery(key, counted[key]) for key in sorted(change.order.order_id for change in changes)]
    )
    outcomes = {change.order.order_id: change.outcome for change in changes}
    return [_taken(item, counted, outcomes) for item in items]


async def get_order(work: Work, shop: str, order_no: str) -> tuple[Order, Delivery | None]:
    """The order with its delivery. Raises Problem `not-found`, also for another buyer's order (T40)."""
    found = await store.get(work.session, order_id_of(shop, order_no))
    if found is None or not work.actor.serves(shop):
        raise Problem("not-found")
    see_own(work, found[0].account_id)
    return found


def expect_floor(work: Work) -> None:
    """Raises Problem `forbidden` for a token narrowed to one buyer: flags are the shop's own business (X6)."""
    if work.actor.account_id is not None:
        raise Problem("forbidden", permission="order:flag")


async def lock_order(work: Work, shop: str, order_no: str) -> Order:
    """The order under its row lock. Raises Problem `not-found`."""
    order = await store.get_for_update(work.session, order_id_of(shop, order_no))
    if order is None or not work.actor.serves(shop):
        raise Problem("not-found")
    see_own(work, order.account_id)
    return order


def _counted(items: Sequence[OrderItem]) -> dict[UUID, OrderItem]:
    counted: dict[UUID, OrderItem] = {}
    for item in items:
        order_id = order_id_of(item.shop, item.order_no)
        if item.revision > counted.setdefault(order_id, item).revision:
            counted[order_id] = item
    return counted


async def _correct(work: Work, sent: Mapping[UUID, Order]) -> list[Change]:
    """Replace the known orders that were sent with a higher revision."""
    if not sent:
        return []
    changes = []
    for order_id, known in (await store.lock_many(work.session, list(sent))).items():
        correction = sent[order_id]
        if correction.revision > known.revision:
            before, revision_before = lifecycle.state_of(known), known.revision
            for name in store.CORRECTED:
                setattr(known, name, getattr(correction, name))
            known.version += 1
            events = lifecycle.corrected(known, revision_before=revision_before, before=before)
            known.event_seq += len(events)
            changes.append(Change(known, CORRECTED, events, revision_before))
    return changes


async def _tell(work: Work, changes: Sequence[Change]) -> None:
    """Events and audit rows of all changed orders, in two statements."""
    events = []
    for change in changes:
        first = change.order.event_seq - len(change.events) + 1
        events += [(event, first + place) for place, event in enumerate(change.events)]
    await outbox.record_many(work, events)
    await audit.record_many(work, [_audited(work, change) for change in changes])


def _audited(work: Work, change: Change) -> Mapping[str, Any]:
    before = {"revision": change.revision_before} if change.revision_before else None
    after = {"revision": change.order.revision}
    return audit.entry(work, change.outcome, "order", change.order.order_id, before=before, after=after)


def _taken(item: OrderItem, counted: Mapping[UUID, OrderItem], outcomes: Mapping[UUID, str]) -> Taken:
    order_id = order_id_of(item.shop, item.order_no)
    outcome = outcomes.get(order_id, UNCHANGED) if counted[order_id] is item else UNCHANGED
    return Taken(order_id, outcome)


def _order(work: Work, order_id: UUID, item: OrderItem) -> Order:
    """The row that the storefront's words mean; not in any session yet."""
    costs = [_minor(line.cost, item.currency) for line in item.lines]
    return Order(
        **item.model_dump(include=_PLAIN),
        order_id=order_id,
        account_id=account_id(work.key, item.shop, item.buyer_ref),
        goods_minor=sum(_minor(line.paid_total, item.currency) or 0 for line in item.lines),
        discount_minor=_minor(item.discount, item.currency) or 0,
        freight_minor=_minor(item.freight, item.currency) or 0,
        paid_minor=_minor(item.paid, item.currency),
        cost_minor=None if None in costs else sum(cost for cost in costs if cost is not None),
        lines=[_line(line, item.currency) for line in item.lines],
        recorded_at=work.now,
    )


def _line(line: Any, currency: str) -> dict[str, Any]:
    kept = line.model_dump(include={"line_no", "sku", "item_no", "product_name", "category", "options", "quantity"})
    return {
        **kept,
        "unit_minor": _minor(line.unit_price, currency),
        "paid_minor": _minor(line.paid_total, currency),
        "cost_minor": _minor(line.cost, currency),
    }


def _delivery(order_id: UUID, item: OrderItem) -> dict[str, Any]:
    to = item.recipient
    values = (to and to.name, to and to.phone, to and to.address, item.tracking_number, item.payer_token)
    return {"order_id": order_id, **dict(zip(_PARTY, values, strict=True))}


def _minor(amount: str | None, currency: str) -> int | None:
    return None if amount is None else Money.parse(amount, currency).minor
