"""Use cases of costs: booked to whoever is at fault, and to somebody else when it turns out so (T29, T57)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.price import Price
from contracts.ticket.refund import CaseCost, CostBearer, CostKind, Fault
from kit.clock import business_date
from kit.ids import new_id
from kit.money import Money
from kit.work import Work
from services.ticket.liability import policy, store
from services.ticket.liability.models import BookedCost
from services.ticket.liability.policy import Bearer
from services.ticket.order.lifecycle import OrderLike
from services.ticket.ticket.service import TicketLike

__all__ = ["Bearer", "Cost", "book_costs", "costs_of", "told"]


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
    """What a ticket's case cost and who bears it, as events tell it."""
    return [told(row) for row in await store.costs_of(session, ticket_id)]


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
