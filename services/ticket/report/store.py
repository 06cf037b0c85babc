"""Every query of volumes."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.report.models import UnitVolume

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 17))")


async def lock(session: AsyncSession, unit_id: UUID, month: str) -> None:
    """Hold a unit's month, whether it has a volume yet or not, until this transaction ends."""
    await session.execute(_ONE_AT_A_TIME, {"place": f"{unit_id} {month}"})


async def get(session: AsyncSession, unit_id: UUID, month: str) -> UnitVolume | None:
    """A unit's volume of a month."""
    return await session.get(UnitVolume, (month, unit_id))


async def of_month(session: AsyncSession, month: str) -> list[UnitVolume]:
    """All volumes of a month, by unit."""
    statement = select(UnitVolume).where(col(UnitVolume.month) == month).order_by(col(UnitVolume.unit_id))
    return list((await session.execute(statement)).scalars())
