"""Every query of saved views."""

from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.view.models import View
from services.ticket.view.sharing import Circle, within


async def add(session: AsyncSession, view: View) -> None:
    """Insert a new view."""
    await session.execute(insert(View).values(view.model_dump()))


async def count_own(session: AsyncSession, owner: str) -> int:
    """How many views somebody has."""
    statement = select(func.count()).where(col(View.owner) == owner, col(View.removed_at).is_(None))
    return int((await session.execute(statement)).scalar_one())


async def get(session: AsyncSession, view_id: UUID) -> View | None:
    """One view."""
    statement = select(View).where(col(View.view_id) == view_id, col(View.removed_at).is_(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def get_for_update(session: AsyncSession, view_id: UUID) -> View | None:
    """One view under its row lock."""
    statement = select(View).where(col(View.view_id) == view_id, col(View.removed_at).is_(None))
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def page(session: AsyncSession, circle: Circle, after: UUID | None, limit: int) -> list[View]:
    """Views of somebody, and those shared with their groups and shops, newest first."""
    statement = select(View).where(col(View.removed_at).is_(None), within(circle, View))
    if after is not None:
        statement = statement.where(col(View.view_id) < after)
    return list((await session.execute(statement.order_by(col(View.view_id).desc()).limit(limit))).scalars())
