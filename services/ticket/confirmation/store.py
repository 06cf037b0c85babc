"""Every query of ticks."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.confirmation.models import Tick


async def of_order(session: AsyncSession, order_id: UUID) -> dict[str, Tick]:
    """The order's ticks by step; whoever changes them holds the order's row lock."""
    statement = select(Tick).where(col(Tick.order_id) == order_id).execution_options(populate_existing=True)
    return {tick.step: tick for tick in (await session.execute(statement)).scalars()}


async def keep(session: AsyncSession, ticks: Sequence[Tick]) -> None:
    """Keep ticks, in place of earlier ones of the same steps."""
    statement = insert(Tick).values([tick.model_dump() for tick in ticks])
    fresh = {name: statement.excluded[name] for name in Tick.model_fields if name not in ("order_id", "step")}
    await session.execute(statement.on_conflict_do_update(index_elements=["order_id", "step"], set_=fresh))


async def drop(session: AsyncSession, order_id: UUID, steps: Collection[str]) -> None:
    """Take ticks off."""
    await session.execute(delete(Tick).where(col(Tick.order_id) == order_id, col(Tick.step).in_(steps)))
