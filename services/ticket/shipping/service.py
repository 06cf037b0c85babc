"""Use cases of shipping: what may be promised, and what waits too long (T33, T35)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kit.policies import in_force
from kit.problems import Problem
from kit.work import Work
from services.ticket.calendar import service as calendars
from services.ticket.order import service as orders
from services.ticket.order.service import Order, Waiting
from services.ticket.shipping.policy import DISPATCH_RULES, ORDER_WORKLISTS
from services.ticket.shipping.schemas import DispatchTimes, Worklist, WorklistItem
from services.ticket.ticket import service as tickets

Place = tuple[datetime, UUID]
# Problem orders on which somebody works are passed over, so many at once and so many times for one page.
AT_ONCE, ROUNDS = 200, 10


async def dispatch_times(work: Work, shop: str, paid_at: datetime) -> DispatchTimes:
    """What holds for an order paid at that instant. Raises Problem `forbidden` for a shop out of sight."""
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
    rules = await in_force(work.session, DISPATCH_RULES, shop, paid_at)
    _, calendar = await calendars.calendar_in_force(work.session, shop, paid_at)
    zone = calendar.hours.time_zone
    promise = rules.document.promise(paid_at, zone, lambda day: bool(calendar.spans_of(day)))
    end = promise.printed_at + (promise.leaves_until - promise.printed_at.astimezone(zone).date())
    return DispatchTimes(
        shop=shop,
        paid_at=paid_at,
        printed_at=promise.printed_at.astimezone(zone),
        leaves_from=promise.leaves_from,
        leaves_until=promise.leaves_until,
        arrives_from=promise.arrives_from,
        arrives_until=promise.arrives_until,
        policy_version=rules.version,
        years_not_announced=list(calendars.note_unannounced(calendar, paid_at, end)),
    )


async def list_waiting(
    work: Work, name: Worklist, shop: str, after: Place | None, limit: int
) -> tuple[list[WorklistItem], Place | None]:
    """A list of a shop, what waits longest first, and the place after which it goes on. Raises Problem `forbidden`
    for a shop out of sight."""
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
    hours = (await in_force(work.session, ORDER_WORKLISTS, shop, work.now)).document
    if name is Worklist.PROBLEM:
        return await _problems(work, shop, work.now - timedelta(hours=hours.problem_hours), after, limit)
    wanted = {
        Worklist.UNFLAGGED: (Waiting.UNFLAGGED, hours.unflagged_hours),
        Worklist.UNSHIPPED: (Waiting.UNSHIPPED, hours.unshipped_hours),
    }
    waiting, most = wanted[name]
    before = work.now - timedelta(hours=most)
    found = await orders.waiting(work.session, waiting, shop, before, after, limit + 1)
    items = [_item(order, since) for order, since in found[:limit]]
    return items, _place(items) if len(found) > limit else None


async def _problems(
    work: Work, shop: str, before: datetime, after: Place | None, limit: int
) -> tuple[list[WorklistItem], Place | None]:
    """Problem orders on whose tickets nothing has been done since `before` (T33)."""
    items: list[WorklistItem] = []
    for _ in range(ROUNDS):
        found = await orders.waiting(work.session, Waiting.PROBLEM, shop, before, after, AT_ONCE)
        done = await tickets.last_activity(work.session, [order.order_id for order, _ in found])
        for order, since in found:
            touched = done.get(order.order_id)
            if touched is not None and touched >= before:
                continue
            items.append(_item(order, since, touched))
            if len(items) > limit:
                return items[:limit], _place(items[:limit])
        if len(found) < AT_ONCE:
            return items, None
        after = found[-1][1], found[-1][0].order_id
    return items, after


def _item(order: Order, since: datetime, touched: datetime | None = None) -> WorklistItem:
    return WorklistItem.model_validate(
        {**order.model_dump(), "since": max(since, touched or since), "last_activity_at": touched}
    )


def _place(items: Sequence[WorklistItem]) -> Place:
    last = items[-1]
    flagged = last.flag_changed_at if last.last_activity_at is not None else None
    return flagged or last.since, last.order_id
