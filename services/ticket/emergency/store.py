"""Every query of emergencies."""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.emergency.models import Emergency
from services.ticket.sight import Wanted


async def add(session: AsyncSession, emergency: Emergency) -> None:
    """Insert a new emergency."""
    await session.execute(insert(Emergency).values(emergency.model_dump()))


async def get(session: AsyncSession, emergency_id: UUID) -> Emergency | None:
    """One emergency; whoever changes it holds its ticket's row lock, which is the emergency's as well."""
    statement = select(Emergency).where(col(Emergency.emergency_id) == emergency_id)
    fresh = statement.execution_options(populate_existing=True)
    found: Emergency | None = (await session.execute(fresh)).scalar_one_or_none()
    return found


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Emergency]:
    """Emergencies with these values in their columns, newest first, after the given one."""
    statement = select(Emergency)
    for name, values in wanted.items():
        statement = statement.where(getattr(Emergency, name).in_(values))
    if after is not None:
        statement = statement.where(col(Emergency.emergency_id) < after)
    statement = statement.order_by(col(Emergency.emergency_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())
