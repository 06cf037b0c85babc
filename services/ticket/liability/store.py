"""Every query of costs."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ColumnElement, Select, case, cast, distinct, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.liability.models import BookedCost

# Said as the index says it.
_COSTS: ColumnElement[bool] = literal_column("case_cost.amount_minor > 0", Boolean())


class Borne(NamedTuple):
    """What one bearer bears of one kind of cost, in minor units of a currency, and of how many cases."""

    bearer: str
    bearer_code: str | None
    unit_id: UUID | None
    staff_id: UUID | None
    kind: str
    currency: str
    minor: int
    cases: int


async def book(session: AsyncSession, costs: Sequence[BookedCost]) -> None:
    """Book the costs of a cause, one of each kind; who was named for a kind by somebody stays named."""
    statement = insert(BookedCost).values([cost.model_dump() for cost in costs])
    new: Any = statement.excluded
    named = col(BookedCost.rebooked_at).is_(None)
    changes = {"amount_minor": new.amount_minor, "version": col(BookedCost.version) + 1} | {
        name: case((named, new[name]), else_=getattr(BookedCost, name))
        for name in ("fault", "bearer", "bearer_code", "unit_id", "staff_id")
    }
    await session.execute(statement.on_conflict_do_update(index_elements=["cause_id", "kind"], set_=changes))


async def costs_of(session: AsyncSession, ticket_id: UUID) -> list[BookedCost]:
    """What a ticket's case cost, in the order of its booking."""
    statement = select(BookedCost).where(col(BookedCost.ticket_id) == ticket_id, _COSTS)
    return await _rows(session, statement)


async def of_cause(session: AsyncSession, cause_id: UUID) -> list[BookedCost]:
    """What one cause cost, what it no longer costs among it."""
    return await _rows(session, select(BookedCost).where(col(BookedCost.cause_id) == cause_id))


async def get_for_update(session: AsyncSession, cost_id: UUID) -> BookedCost | None:
    """One cost under its row lock."""
    statement = select(BookedCost).where(col(BookedCost.cost_id) == cost_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def borne(session: AsyncSession, month: str, shops: Sequence[str] | None) -> list[Borne]:
    """What everybody bears of a month's costs, in these shops (None: in all)."""
    names = ("bearer", "bearer_code", "unit_id", "staff_id", "kind", "currency")
    columns = [getattr(BookedCost, name) for name in names]
    total = cast(func.sum(col(BookedCost.amount_minor)), BigInteger).label("minor")
    cases = func.count(distinct(col(BookedCost.ticket_id))).label("cases")
    statement: Select[Any] = select(*columns, total, cases).where(col(BookedCost.month) == month, _COSTS)
    if shops is not None:
        statement = statement.where(col(BookedCost.shop).in_(shops))
    found = await session.execute(statement.group_by(*columns).order_by(total.desc(), *columns))
    return [Borne(*row) for row in found]


async def _rows(session: AsyncSession, statement: Select[Any]) -> list[BookedCost]:
    """As they stand now, whatever the session has seen of them before they were booked anew."""
    ordered = statement.order_by(col(BookedCost.cost_id)).execution_options(populate_existing=True)
    return list((await session.execute(ordered)).scalars())
