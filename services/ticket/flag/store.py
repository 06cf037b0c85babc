"""Every query of flags."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.flag.models import Flag

HISTORY = 200


def add(session: AsyncSession, flag: Flag) -> None:
    """Add a flag to the history."""
    session.add(flag)


async def history(session: AsyncSession, order_id: UUID) -> list[Flag]:
    """The order's flags, newest first, at most 200."""
    statement = select(Flag).where(col(Flag.order_id) == order_id).order_by(col(Flag.flag_id).desc()).limit(HISTORY)
    return list((await session.execute(statement)).scalars())
