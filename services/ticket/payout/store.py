"""Every query of reconciliations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.payout.models import Reconciliation


async def add(session: AsyncSession, reconciliation: Reconciliation) -> None:
    """Keep what a list came to."""
    await session.execute(insert(Reconciliation).values(reconciliation.model_dump()))


async def nights(session: AsyncSession, since: datetime) -> set[datetime]:
    """When the days began whose lists were compared by night, since then."""
    nightly = select(col(Reconciliation.starts_at)).where(
        col(Reconciliation.nightly), col(Reconciliation.starts_at) >= since
    )
    return set((await session.execute(nightly)).scalars())


async def page(session: AsyncSession, after: UUID | None, limit: int) -> list[Reconciliation]:
    """Reconciliations, newest first, after the given one."""
    statement = select(Reconciliation)
    if after is not None:
        statement = statement.where(col(Reconciliation.reconciliation_id) < after)
    statement = statement.order_by(col(Reconciliation.reconciliation_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())
