"""Use cases of costs: booked to whoever is at fault, and to somebody else when it turns out so (T29, T57)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.price import Price
from contracts.ticket.aftercare import CostRebooked
from contracts.ticket.refund import CaseCost, CostBearer, CostKind, Fault
from kit import audit, outbox
from kit.clock import business_date
from kit.ids import new_id
from kit.money import Money
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.copies.service import UnitNamed
from services.ticket.liability import policy, store
from services.ticket.liability.models import BookedCost
from services.ticket.liability.policy import Bearer
from services.ticket.liability.store import Borne
from services.ticket.order.lifecycle import OrderLike
from services.ticket.sight import in_sight
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import TicketLike

__all__ = [
    "Bearer", "BookedCost", "Borne", "Cost", "book_costs", "borne", "costs_of", "list_costs", "rebook", "told",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """So much of one kind; `bearer` where it is known better than by the fault."""

    kind: CostKind
    amount: Money
    bearer: Bearer | None = None


async def book_costs(
    work: Work,
    ticket: TicketLike,
    order: OrderLike,
    fault: Fault,
    costs: Sequence[Cost],
    *,
    cause_id: UUID | None = None,
) -> list[CaseCost]:
    """Book what a case cost (T57); `cause_id` is the ticket's id unless something else beside it caused them.

    Booked again, the amounts are the new ones: a kind that isn't named any more costs nothing, and what somebody has
    rebooked stays with whom they named. Returns the costs as events tell them.
    """
    cause = cause_id or ticket.ticket_id
    usual = policy.at_fault(fault, unit_id=ticket.unit_id, courier=order.courier)
    rows = [_row(work, ticket, order, cause, fault, cost, cost.bearer or usual) for cost in costs]
    booked = {row.kind for row in rows}
    dropped = [row for row in await store.of_cause(work.session, cause) if row.kind not in booked]
    if rows or dropped:
        none_left = [BookedCost(**{**row.model_dump(), "amount_minor": 0}) for row in dropped]
        await store.book(work.session, [*rows, *none_left])
    return [told(row) for row in await store.of_cause(work.session, cause) if row.amount_minor]


async def costs_of(session: AsyncSession, ticket_id: UUID) -> list[CaseCost]:
    """What a ticket's case cost and who bears it, as events tell it; what goodwill cost is told by its own event."""
    return [told(row) for row in await store.costs_of(session, ticket_id) if row.kind != CostKind.GOODWILL]


async def list_costs(work: Work, ticket_id: UUID) -> list[BookedCost]:
    """A ticket's costs, for the house. Raises Problem `not-found`, also for one out of sight (X1)."""
    await tickets.get_ticket(work, ticket_id)
    return await store.costs_of(work.session, ticket_id)


async def rebook(work: Work, ticket_id: UUID, cost_id: UUID, bearer: Bearer, reason: str) -> BookedCost:
    """转责: somebody else bears it, with the reason (T57); the same bearer again changes nothing.

    Raises Problem `not-found`, `stale-version`, `not-yet-known` for a unit or somebody unknown here, and `own-case`
    for who would take it off themselves or off the unit that they lead.
    """
    ticket = await tickets.locked(work, ticket_id)
    cost = await store.get_for_update(work.session, cost_id)
    if cost is None or cost.ticket_id != ticket_id:
        raise Problem("not-found")
    work.expect_version(cost.version)
    if bearer == _bearer(cost):
        return cost
    await _expect_another(work, cost)
    await _expect_known(work, bearer)
    before, was_told = _audited(cost), told(cost)
    cost.bearer, cost.bearer_code = bearer.kind, bearer.code
    cost.unit_id, cost.staff_id = bearer.unit_id, bearer.staff_id
    cost.rebooked_by, cost.rebooked_at, cost.reason = work.actor.subject, work.now, reason
    cost.version += 1
    await outbox.record(work, cost, _rebooked(work, ticket, cost, was_told))
    after, why = _audited(cost), scrub(reason)
    await audit.record(work, "rebook", "cost", cost.cost_id, before=before, after=after, reason=why)
    return cost


async def borne(work: Work, month: str, shop: str | None) -> tuple[list[Borne], dict[UUID, UnitNamed]]:
    """Who bears what of a month's costs, the largest first, in the shops of the caller's token (X1, T57); and what
    the units among them are called."""
    shops = in_sight(work, {} if shop is None else {"shop": shop}).get("shop")
    found = await store.borne(work.session, month, shops)
    units = sorted({one.unit_id for one in found if one.unit_id is not None})
    return found, await copies.units_named(work.session, units)


def told(row: BookedCost) -> CaseCost:
    """A cost as events tell it."""
    return CaseCost(
        kind=CostKind(row.kind),
        amount=Price(amount=Money(row.amount_minor, row.currency).amount, currency=row.currency),
        bearer=CostBearer(row.bearer),
        bearer_code=row.bearer_code,
        unit_id=row.unit_id,
        staff_id=row.staff_id,
    )


def _rebooked(work: Work, ticket: TicketLike, cost: BookedCost, before: CaseCost) -> CostRebooked:
    return CostRebooked(
        cost_id=cost.cost_id,
        cause_id=cost.cause_id,
        ticket_id=cost.ticket_id,
        ticket_number=ticket.number,
        shop=cost.shop,
        order_id=cost.order_id,
        month=cost.month,
        cost=told(cost),
        before=before,
        rebooked_by=work.actor.subject,
        rebooked_at=work.now,
    )


def _row(
    work: Work, ticket: TicketLike, order: OrderLike, cause_id: UUID, fault: Fault, cost: Cost, bearer: Bearer
) -> BookedCost:
    return BookedCost(
        cost_id=new_id(),
        cause_id=cause_id,
        ticket_id=ticket.ticket_id,
        order_id=order.order_id,
        shop=ticket.shop,
        kind=cost.kind,
        currency=cost.amount.currency,
        amount_minor=cost.amount.minor,
        fault=fault,
        bearer=bearer.kind,
        bearer_code=bearer.code,
        unit_id=bearer.unit_id,
        staff_id=bearer.staff_id,
        month=f"{business_date(work.now):%Y-%m}",
        booked_at=work.now,
    )


def _bearer(cost: BookedCost) -> Bearer:
    return Bearer(CostBearer(cost.bearer), cost.bearer_code, cost.unit_id, cost.staff_id)


async def _expect_another(work: Work, cost: BookedCost) -> None:
    me = work.actor.staff_id
    bearers = {cost.staff_id}
    if cost.unit_id is not None:
        bearers.add(await copies.unit_lead(work.session, cost.unit_id))
    if me is not None and me in bearers:
        raise Problem("own-case")


async def _expect_known(work: Work, bearer: Bearer) -> None:
    """Somebody who has left and a unit that is closed may have been at fault all the same."""
    unit_id, staff_id = bearer.unit_id, bearer.staff_id
    if unit_id is not None and unit_id not in await copies.units_named(work.session, [unit_id]):
        raise Problem("not-yet-known", noun="unit", headers={"Retry-After": "1"})
    if staff_id is not None and await copies.staff_status(work.session, staff_id) is None:
        raise Problem("not-yet-known", noun="staff", headers={"Retry-After": "1"})


def _audited(cost: BookedCost) -> dict[str, Any]:
    return {
        "bearer": cost.bearer,
        "bearer_code": cost.bearer_code,
        "unit_id": str(cost.unit_id) if cost.unit_id else None,
        "staff_id": str(cost.staff_id) if cost.staff_id else None,
    }
