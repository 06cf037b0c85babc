"""Every query of costs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.liability.models import BookedCost


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
    statement = select(BookedCost).where(col(BookedCost.ticket_id) == ticket_id, col(BookedCost.amount_minor) > 0)
    return list((await session.execute(statement.order_by(col(BookedCost.cost_id)))).scalars())


async def of_cause(session: AsyncSession, cause_id: UUID) -> list[BookedCost]:
    """What one cause cost, what it no longer costs among it."""
    statement = select(BookedCost).where(col(BookedCost.cause_id) == cause_id).order_by(col(BookedCost.cost_id))
    return list((await session.execute(statement)).scalars())


async def get_for_update(session: AsyncSession, cost_id: UUID) -> BookedCost | None:
    """One cost under its row lock."""
    statement = select(BookedCost).where(col(BookedCost.cost_id) == cost_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()
