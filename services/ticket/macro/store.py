"""Every query of macros."""

from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.macro.models import Macro, MacroVersion
from services.ticket.view.sharing import Circle, within


async def add(session: AsyncSession, macro: Macro) -> None:
    """Insert a new macro."""
    await session.execute(insert(Macro).values(macro.model_dump()))


async def add_version(session: AsyncSession, version: MacroVersion) -> None:
    """Insert what was saved."""
    await session.execute(insert(MacroVersion).values(version.model_dump()))


async def count_own(session: AsyncSession, owner: str) -> int:
    """How many macros somebody has."""
    statement = select(func.count()).where(col(Macro.owner) == owner, col(Macro.removed_at).is_(None))
    return int((await session.execute(statement)).scalar_one())


async def get(session: AsyncSession, macro_id: UUID) -> Macro | None:
    """One macro."""
    statement = select(Macro).where(col(Macro.macro_id) == macro_id, col(Macro.removed_at).is_(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def get_for_update(session: AsyncSession, macro_id: UUID) -> Macro | None:
    """One macro under its row lock."""
    statement = select(Macro).where(col(Macro.macro_id) == macro_id, col(Macro.removed_at).is_(None))
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def page(session: AsyncSession, circle: Circle, after: UUID | None, limit: int) -> list[Macro]:
    """Macros of somebody, and those shared with their groups and shops, newest first."""
    statement = select(Macro).where(col(Macro.removed_at).is_(None), within(circle, Macro))
    if after is not None:
        statement = statement.where(col(Macro.macro_id) < after)
    return list((await session.execute(statement.order_by(col(Macro.macro_id).desc()).limit(limit))).scalars())


async def versions(session: AsyncSession, macro_id: UUID, before: int | None, limit: int) -> list[MacroVersion]:
    """What was saved of a macro, newest first."""
    statement = select(MacroVersion).where(col(MacroVersion.macro_id) == macro_id)
    if before is not None:
        statement = statement.where(col(MacroVersion.version) < before)
    ordered = statement.order_by(col(MacroVersion.version).desc()).limit(limit)
    return list((await session.execute(ordered)).scalars())
