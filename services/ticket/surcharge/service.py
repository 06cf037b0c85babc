"""Use cases of surcharges: quoted, noted on an order, and what top-ups have brought in (T36)."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit import audit
from kit.policies import in_force
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.book import service as books
from services.ticket.book.service import Movement
from services.ticket.order import service as orders
from services.ticket.order.service import Order
from services.ticket.surcharge import store
from services.ticket.surcharge.models import OrderSurcharge
from services.ticket.surcharge.policy import COURIER_FREIGHT, Surcharge, TopUp

__all__ = ["Topped", "money_of_top_ups", "note_surcharge", "quote", "top_ups"]


@dataclass(frozen=True, slots=True)
class Topped:
    """An order with what is noted on it, its top-ups, and the sums of it in minor units."""

    order: Order
    noted: OrderSurcharge | None
    top_ups: list[Order]
    paid_minor: int
    open_minor: int


async def quote(work: Work, shop: str, region: str | None, courier: str) -> tuple[Surcharge, int]:
    """What that courier costs there beyond the included ones, and the version of the table. Raises Problem
    `forbidden` for a shop out of sight, `invalid-request` for a courier that doesn't go there."""
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
    table = await in_force(work.session, COURIER_FREIGHT, shop, work.now)
    found = table.document.quote(region, courier)
    if found is None:
        names = "、".join(table.document.couriers(region))
        raise invalid("/courier", f"到该地区的快递只有：{names}", f"couriers that go there: {names}")
    return found, table.version


async def note_surcharge(work: Work, shop: str, order_no: str, courier: str) -> OrderSurcharge:
    """Note on an order which courier its buyer wants, and what that costs.

    Raises Problem `not-found`, `order-closed` once it has shipped or ended, `invalid-request` for a courier that
    doesn't go there or fees in another currency.
    """
    order = await orders.lock_order(work, shop, order_no)
    orders.expect_unshipped(order)
    found, version = await quote(work, shop, order.region, courier)
    if found.currency != order.currency:
        raise invalid("/courier", "运费表的货币与订单不同", "the table's currency is not the order's")
    before = await store.get(work.session, order.order_id)
    noted = OrderSurcharge(
        order_id=order.order_id,
        courier=courier,
        region=order.region,
        currency=found.currency,
        fee_minor=found.fee_minor,
        included_minor=found.included_minor,
        surcharge_minor=found.surcharge_minor,
        policy_version=version,
        noted_by=work.actor.subject,
        noted_by_staff_id=work.actor.staff_id,
        noted_at=work.now,
    )
    said = None if before is None else {"surcharge_minor": before.surcharge_minor}
    kept = await store.keep(work.session, noted)
    after = {"surcharge_minor": found.surcharge_minor, "policy": version}
    await audit.record(work, "note-surcharge", "order", order.order_id, before=said, after=after)
    return kept


async def top_ups(work: Work, shop: str, order_no: str) -> Topped:
    """An order's noted surcharge and its top-ups. Raises Problem `not-found`, also for another buyer's (T40)."""
    order, _ = await orders.get_order(work, shop, order_no)
    noted = await store.get(work.session, order.order_id)
    linked = await orders.top_ups_of(work.session, shop, order_no)
    brought = await _brought_in(work, order, linked)
    paid = sum(one.paid_minor for one in brought)
    held = paid - sum(one.given_back_minor for one in brought)
    # What the order itself has taken for its courier needs no top-up any more.
    wanted = max(noted.surcharge_minor - order.surcharge_minor, 0) if noted is not None else 0
    return Topped(order, noted, linked, paid, max(wanted - held, 0))


async def money_of_top_ups(work: Work, order: Order) -> list[list[Movement]]:
    """What each of the order's top-ups brought in and what went back of it when, the oldest top-up first (T36, T55).
    Of one that was cancelled all goes back then."""
    linked = await orders.top_ups_of(work.session, order.shop, order.order_no)
    paid = [one for one in linked if one.paid_minor and one.currency == order.currency]
    moved = await books.movements_of(work.session, [one.order_id for one in paid])
    return [_until_cancelled(one, moved.get(one.order_id, [])) for one in paid]


def _until_cancelled(order: Order, moved: list[Movement]) -> list[Movement]:
    if order.cancelled_at is None:
        return moved
    before = [one for one in moved if one.at <= order.cancelled_at]
    return [*before, Movement(order.cancelled_at, -sum(one.minor for one in before))]


async def _brought_in(work: Work, order: Order, linked: Sequence[Order]) -> list[TopUp]:
    paid = [one for one in linked if one.paid_minor and one.cancelled_at is None and one.currency == order.currency]
    gone = await books.given_back(work.session, [one.order_id for one in paid])
    return [TopUp(one.paid_minor or 0, gone.get(one.order_id, 0)) for one in paid]
