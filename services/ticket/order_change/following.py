"""What orders that came in mean for their books and for the changes that wait for them (T36, T37, T55).

The caller holds the row locks of these orders. Their books are locked next, and rows of changes last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit import audit, outbox, timers
from kit.ids import derived_id
from kit.work import Work
from services.ticket.book import service as books
from services.ticket.book.service import Book
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import is_unshipped, state_of
from services.ticket.order.service import Order
from services.ticket.order_change import lifecycle, sealing, store
from services.ticket.order_change.gross import Apart, apart_of, paid_for, unused
from services.ticket.order_change.lifecycle import TOLD, ChangeStatus
from services.ticket.order_change.models import OrderChange
from services.ticket.order_change.terms import digest_of, is_carried_out
from services.ticket.surcharge import service as surcharges

TOP_UP = "order-change-top-up"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a new version of an order says about what was paid, and about the change that waited for it."""

    order: Order
    paid_minor: int
    change: OrderChange | None
    apart: Apart


async def follow_orders(work: Work, new: Sequence[Order], moved: Sequence[Order]) -> None:
    """Bring books and changes up to orders that are new or have changed, in a fixed number of statements for all that
    nothing waits for."""
    read = await _read(work, moved)
    paid = {one.order.order_id: one.paid_minor for one in read}
    told = [order for order in (*new, *moved) if order.paid_minor is not None]
    await books.take_payments(
        work,
        [
            books.Paid(order.order_id, order.currency, paid.get(order.order_id, order.paid_minor or 0))
            for order in told
        ],
    )
    for one in read:
        if one.change is not None:
            await _confirm(work, one)
    for order in told:
        await _look_at_main(work, order)


async def follow_top_up(work: Work, _: UUID, facts: Mapping[str, Any]) -> None:
    """补差价到账: a change whose top-up is paid goes to the storefront (T36, T37). One of an order that has left,
    ended, got other terms or gives something of it back stays where it is, for people to refuse."""
    order_id = UUID(facts["order_id"])
    order = await orders.lock_by_id(work, order_id)
    change = await store.open_of(work.session, order_id) if order is not None else None
    if order is None or change is None or change.status != ChangeStatus.TOPPING_UP:
        return
    if not is_unshipped(order) or digest_of(order) != change.terms:
        return
    if going_back(await books.look(work.session, order_id), change.lines):
        return
    if await topped_up(work, order) < change.difference_minor:
        return
    locked = await store.lock(work.session, change.change_id)
    if locked is None:
        return
    before = {"status": locked.status}
    lifecycle.move(locked, "top-up")
    locked.agreed_at = work.now
    locked.version += 1
    await outbox.record(work, order, lifecycle.requested(locked, state_of(order)))
    await audit.record(
        work, "top-up", "order_change", locked.change_id, before=before, after={"status": locked.status}
    )


async def topped_up(work: Work, order: Order) -> int:
    """What top-ups of the order have brought in and still hold that no confirmed change has used up, in minor
    units."""
    changes = (await store.moving_money(work.session, [order.order_id])).get(order.order_id, [])
    return unused(changes, await surcharges.money_of_top_ups(work, order))


def going_back(book: Book | None, lines: Sequence[Mapping[str, Any]]) -> list[int]:
    """Of these lines those of which pieces or money go back: what is left of them is for after-sales to say."""
    known = book.lines if book is not None else {}
    touched = {
        line_no for line_no, one in known.items() if one.taken_back or one.refunded_minor or one.in_flight_minor
    }
    return [line["line_no"] for line in lines if line["line_no"] in touched]


async def _read(work: Work, moved: Sequence[Order]) -> list[Reading]:
    """Of the orders that changed those of which money moved apart, or whose change is carried out."""
    ids = [order.order_id for order in moved]
    if not ids:
        return []
    changes = await store.moving_money(work.session, ids)
    top_ups = await orders.topped_up(work.session, moved)
    found = [order for order in moved if order.order_id in changes or order.order_id in top_ups]
    return [
        await _read_one(work, order, changes.get(order.order_id, []), top_ups.get(order.order_id, 0))
        for order in found
    ]


async def _read_one(work: Work, order: Order, changes: Sequence[OrderChange], top_ups: int) -> Reading:
    apart = apart_of(changes, top_ups)
    book = await books.look(work.session, order.order_id)
    told = order.paid_minor or 0
    paid = paid_for(told, book.paid_minor, apart) if book is not None else told
    waiting = next((one for one in changes if one.status in TOLD), None)
    carried_out = waiting is not None and await is_confirmed(work, order, waiting)
    return Reading(order, paid, waiting if carried_out else None, apart)


async def is_confirmed(work: Work, order: Order, change: OrderChange) -> bool:
    """Whether the order's present version, a later one than the change was asked for, is what it asked for."""
    if order.revision <= change.revision:
        return False
    if not is_carried_out(order, change.lines, change.courier, change.due_minor, change.difference_minor):
        return False
    if change.sealed_recipient is None:
        return True
    wanted = sealing.opened(work.vault, change.change_id, change.sealed_recipient)
    party = await orders.party_of(work, order.order_id)
    return all(want is None or want == is_now for want, is_now in zip(wanted, party.recipient, strict=True))


async def _confirm(work: Work, read: Reading) -> None:
    """确认: the storefront has carried the change out; what it costs from now on is what is told."""
    change = await store.lock(work.session, read.change.change_id) if read.change is not None else None
    if change is not None:
        await confirm(work, change, read.order, read.paid_minor, read.apart)


async def confirm(work: Work, change: OrderChange, order: Order, paid_minor: int, apart: Apart) -> None:
    """The same for whoever holds the change's lock and knows what was paid."""
    before = {"status": change.status, "revision": change.revision}
    lifecycle.move(change, "confirm")
    told = order.paid_minor
    change.reflected_minor = 0 if told is None else paid_minor - told - apart.reflected
    change.confirmed_at, change.confirmed_revision = work.now, order.revision
    change.version += 1
    after = {"status": change.status, "revision": order.revision}
    await audit.record(work, "confirm", "order_change", change.change_id, before=before, after=after)


async def _look_at_main(work: Work, top_up: Order) -> None:
    """A paid top-up may be what a change of another order waits for. That order may be somebody else's to lock now,
    so it is looked at by itself, a moment later."""
    if top_up.top_up_of is None or top_up.historic or top_up.cancelled_at is not None:
        return
    told = derived_id("top-up", str(top_up.order_id), str(top_up.version))
    main = orders.order_id_of(top_up.shop, top_up.top_up_of)
    await timers.start(work, TOP_UP, told, work.now, {"order_id": str(main)})
