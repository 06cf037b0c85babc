"""Use cases of orders: recorded, corrected, looked at (C10, E3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ticket.order import OrderEvent
from kit import audit, outbox
from kit.http.edge import see_own
from kit.ids import derived_id
from kit.problems import Problem
from kit.work import Work
from services.ticket.order import lifecycle, rows, sealing, store
from services.ticket.order.lifecycle import OrderLike
from services.ticket.order.models import Delivery, Milestone, Order
from services.ticket.order.schemas import OrderItem, OrderMilestone
from services.ticket.order.sealing import Party
from services.ticket.order.store import Waiting, waiting

__all__ = [
    "CORRECTED", "RECORDED", "UNCHANGED", "AmountsDoNotAddUpError", "Order", "Recorded", "Taken",
    "UnknownOrderError", "Waiting", "expect_floor", "expect_unshipped", "find", "get_order", "lock_by_id",
    "lock_order", "order_id_of", "party_of", "record_orders", "top_ups_of", "topped_up", "waiting",
]  # fmt: skip
RECORDED, CORRECTED, UNCHANGED = "recorded", "corrected", "unchanged"


@dataclass(frozen=True)
class Taken:
    """What became of one order that was sent."""

    order_id: UUID
    outcome: str


@dataclass(frozen=True)
class Recorded:
    """What became of what was sent, in its order; the orders that are new, and the known ones that changed."""

    taken: list[Taken]
    new: list[Order]
    moved: list[Order]


@dataclass(frozen=True)
class Change:
    """One thing that was done to an order, for the trail, and what is told about it from `first` on."""

    order: Order
    action: str
    events: Sequence[OrderEvent]
    first: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


class UnknownOrderError(Exception):
    """A milestone of an order that nobody has told about yet."""


class AmountsDoNotAddUpError(Exception):
    """The sums that were told don't make one order (X4, C10)."""


def order_id_of(shop: str, order_no: str) -> UUID:
    """The id of an order: always the same for its shop and number, whoever computes it."""
    return derived_id("order", shop, order_no)


async def record_orders(
    work: Work, items: Sequence[OrderItem], milestones: Sequence[OrderMilestone] = ()
) -> Recorded:
    """Record new orders, let higher revisions replace known ones, and put milestones told by themselves on them.

    Equal or lower revisions change nothing (C10). The same orders sent twice, in any order and by any number of
    callers at once, leave the same state and tell each thing once. Of several revisions in one batch the highest
    counts, of equal ones the first. A milestone fills in what the revision leaves open, whichever comes first (E3).

    Raises Problem `forbidden` for a token narrowed to one buyer: the order book is not that buyer's to write (X6);
    UnknownOrderError for a milestone of no known order, AmountsDoNotAddUpError when another sum was paid than is due.
    """
    if work.actor.account_id is not None:
        raise Problem("forbidden", permission="order:write")
    counted = _counted(items)
    sent = {order_id: rows.order_row(work, order_id, item) for order_id, item in sorted(counted.items())}
    told = _by_order(milestones)
    recorded = await _record(work, sent) if sent else []
    new = {change.order.order_id for change in recorded}
    moved, reached = await _move_on(work, {key: order for key, order in sent.items() if key not in new}, told)
    changes = [*recorded, *moved]
    await _tell(work, changes)
    outcomes = {one.order.order_id: one.action for one in changes if one.action in (RECORDED, CORRECTED)}
    await store.keep_deliveries(
        work.session, [rows.delivery_row(work, key, counted[key]) for key in sorted(outcomes)]
    )
    await store.complete_deliveries(work.session, reached)
    taken = [_taken(item, counted, outcomes) for item in items]
    return Recorded(
        taken, [one.order for one in recorded], list({id(one.order): one.order for one in moved}.values())
    )


async def get_order(work: Work, shop: str, order_no: str) -> tuple[Order, Delivery | None]:
    """The order with its delivery. Raises Problem `not-found`, also for another buyer's order (T40)."""
    found = await store.get(work.session, order_id_of(shop, order_no))
    if found is None or not work.actor.serves(shop):
        raise Problem("not-found")
    see_own(work, found[0].account_id, noun="order", aggregate_id=found[0].order_id)
    return found


def expect_floor(work: Work) -> None:
    """Raises Problem `forbidden` for a token narrowed to one buyer: flags are the shop's own business (X6)."""
    if work.actor.account_id is not None:
        raise Problem("forbidden", permission="order:flag")


def expect_unshipped(order: OrderLike) -> None:
    """Raises Problem `order-closed` for an order that has shipped or ended."""
    if not lifecycle.is_unshipped(order):
        raise Problem("order-closed")


async def lock_order(work: Work, shop: str, order_no: str) -> Order:
    """The order under its row lock. Raises Problem `not-found`."""
    order = await store.get_for_update(work.session, order_id_of(shop, order_no))
    if order is None or not work.actor.serves(shop):
        raise Problem("not-found")
    see_own(work, order.account_id, noun="order", aggregate_id=order.order_id)
    return order


async def find(session: AsyncSession, order_id: UUID) -> Order | None:
    """The order as it stands, whoever may see it; for rooms that have looked at that already."""
    found = await store.get(session, order_id)
    return None if found is None else found[0]


async def lock_by_id(work: Work, order_id: UUID) -> Order | None:
    """The same under its row lock, which comes before a ticket's and a book's."""
    return await store.get_for_update(work.session, order_id)


async def party_of(work: Work, order_id: UUID) -> Party:
    """Who gets the order's parcel, how to follow it and who paid, open; for use inside the service alone (X6)."""
    found = await store.get(work.session, order_id)
    return sealing.opened(work.vault, found[1]) if found is not None and found[1] is not None else Party()


async def top_ups_of(session: AsyncSession, shop: str, order_no: str) -> list[Order]:
    """The top-up orders that belong to an order, oldest first (T36)."""
    return await store.top_ups_of(session, shop, order_no)


async def topped_up(session: AsyncSession, orders: Sequence[Order]) -> dict[UUID, int]:
    """What the paid top-ups of these orders come to, in minor units; orders without any are not in it (T36)."""
    return await store.topped_up(session, [order.order_id for order in orders])


def _counted(items: Sequence[OrderItem]) -> dict[UUID, OrderItem]:
    counted: dict[UUID, OrderItem] = {}
    for item in items:
        order_id = order_id_of(item.shop, item.order_no)
        if item.revision > counted.setdefault(order_id, item).revision:
            counted[order_id] = item
    return counted


def _by_order(milestones: Sequence[OrderMilestone]) -> dict[UUID, list[OrderMilestone]]:
    told: dict[UUID, list[OrderMilestone]] = {}
    for milestone in milestones:
        told.setdefault(order_id_of(milestone.shop, milestone.order_no), []).append(milestone)
    return told


async def _record(work: Work, sent: Mapping[UUID, Order]) -> list[Change]:
    """Record the orders that nobody knew yet."""
    changes = [
        _change(order, RECORDED, lifecycle.recorded(order), after={"revision": order.revision})
        for order in sent.values()
    ]
    new = await store.insert_new(work.session, [order.model_dump() for order in sent.values()])
    return [change for change in changes if change.order.order_id in new]


async def _move_on(
    work: Work, sent: Mapping[UUID, Order], told: Mapping[UUID, Sequence[OrderMilestone]]
) -> tuple[list[Change], list[Milestone]]:
    """Correct the known orders that were sent with a higher revision, then put told milestones on theirs.

    Returns what was done, and the milestones that stand on an order because they were told by themselves.
    """
    known = await store.lock_many(work.session, sorted({*sent, *told})) if sent or told else {}
    if told.keys() - known.keys():
        raise UnknownOrderError
    higher = {key for key, order in known.items() if key in sent and sent[key].revision > order.revision}
    if not higher and not told:
        return [], []
    earlier = await store.milestones_of(work.session, sorted({*higher, *told}))
    for milestone in chain.from_iterable(earlier.values()):
        sealing.renew(work.vault, milestone)
    changes: list[Change] = []
    reached: list[Milestone] = []
    fresh: list[Milestone] = []
    for order_id, order in known.items():
        if order_id in higher:
            changes.append(_correct(order, sent[order_id], earlier[order_id], reached))
        for item in told.get(order_id, ()):
            milestone = rows.milestone_row(work, order_id, item)
            if milestone.name in {one.name for one in earlier[order_id]}:
                continue
            _expect_due(order, milestone, item.currency)
            earlier[order_id].append(milestone)
            fresh.append(milestone)
            if lifecycle.reach(order, milestone):
                reached.append(milestone)
                changes.append(_reached(order, milestone))
    await store.keep_milestones(work.session, fresh)
    await store.save_many(work.session, list({change.order.order_id: change.order for change in changes}.values()))
    return changes, reached


def _correct(known: Order, correction: Order, earlier: Sequence[Milestone], reached: list[Milestone]) -> Change:
    """Replace the order by its higher revision; milestones that the revision leaves open stay as they were told."""
    before, revision_before = lifecycle.state_of(known), known.revision
    for name in store.CORRECTED:
        setattr(known, name, getattr(correction, name))
    reached += [milestone for milestone in earlier if lifecycle.reach(known, milestone)]
    known.version += 1
    events = lifecycle.corrected(known, revision_before=revision_before, before=before)
    return _change(known, CORRECTED, events, {"revision": revision_before}, {"revision": known.revision})


def _reached(order: Order, milestone: Milestone) -> Change:
    order.version += 1
    name, events = f"{milestone.name}_at", [lifecycle.reached(order, milestone)]
    return _change(order, milestone.name, events, {name: None}, {name: milestone.at.isoformat()})


def _expect_due(order: Order, milestone: Milestone, currency: str | None) -> None:
    """Raises AmountsDoNotAddUpError for a payment, news to the order, of another sum than it costs (X4, C10)."""
    if milestone.name != "paid" or order.paid_at is not None:
        return
    if (milestone.paid_minor, currency) != (lifecycle.due(order), order.currency):
        raise AmountsDoNotAddUpError


def _change(
    order: Order,
    action: str,
    events: Sequence[OrderEvent],
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Change:
    first = order.event_seq + 1
    order.event_seq += len(events)
    return Change(order, action, events, first, before, after or {})


async def _tell(work: Work, changes: Sequence[Change]) -> None:
    """Events and audit rows of all changed orders, in two statements."""
    events = [(event, change.first + place) for change in changes for place, event in enumerate(change.events)]
    await outbox.record_many(work, events)
    await audit.record_many(work, [_audited(work, change) for change in changes])


def _audited(work: Work, change: Change) -> Mapping[str, Any]:
    order_id = change.order.order_id
    return audit.entry(work, change.action, "order", order_id, before=change.before, after=change.after)


def _taken(item: OrderItem, counted: Mapping[UUID, OrderItem], outcomes: Mapping[UUID, str]) -> Taken:
    order_id = order_id_of(item.shop, item.order_no)
    outcome = outcomes.get(order_id, UNCHANGED) if counted[order_id] is item else UNCHANGED
    return Taken(order_id, outcome)
