"""Every query of penalty lists."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.penalty.models import PenaltyList, PenaltyListLine, SensitivePeriod

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('penalty-lists', 13))")


async def lock(session: AsyncSession) -> None:
    """Make lists one after the other until this transaction ends: each builds on those before."""
    await session.execute(_ONE_AT_A_TIME)


async def add(session: AsyncSession, penalties: PenaltyList) -> None:
    """Insert a new list."""
    await session.execute(insert(PenaltyList).values(penalties.model_dump()))


async def get(session: AsyncSession, penalty_list_id: UUID) -> PenaltyList | None:
    """One list."""
    return await session.get(PenaltyList, penalty_list_id)


async def get_for_update(session: AsyncSession, penalty_list_id: UUID) -> PenaltyList | None:
    """One list under its row lock."""
    statement = select(PenaltyList).where(col(PenaltyList.penalty_list_id) == penalty_list_id).with_for_update()
    return await _one(session, statement)


async def last(session: AsyncSession) -> PenaltyList | None:
    """The list of the latest month."""
    return await _one(session, select(PenaltyList).order_by(col(PenaltyList.month).desc()).limit(1))


async def page(session: AsyncSession, after: str | None, limit: int) -> list[PenaltyList]:
    """Lists, the latest month first, after the given one."""
    statement = select(PenaltyList)
    if after is not None:
        statement = statement.where(col(PenaltyList.month) < after)
    return list((await session.execute(statement.order_by(col(PenaltyList.month).desc()).limit(limit))).scalars())


async def lines(session: AsyncSession, penalty_list_id: UUID) -> list[PenaltyListLine]:
    """The lines of a list, in their order."""
    statement = select(PenaltyListLine).where(col(PenaltyListLine.penalty_list_id) == penalty_list_id)
    return list((await session.execute(statement.order_by(col(PenaltyListLine.place)))).scalars())


async def replace_lines(session: AsyncSession, penalty_list_id: UUID, made: Sequence[PenaltyListLine]) -> None:
    """Give a draft these lines and no others."""
    await session.execute(delete(PenaltyListLine).where(col(PenaltyListLine.penalty_list_id) == penalty_list_id))
    if made:
        await session.execute(insert(PenaltyListLine), [line.model_dump() for line in made])


async def charged_before(session: AsyncSession, month: str) -> dict[UUID, int]:
    """What the published lists of earlier months charged for each ticket, in minor units."""
    statement = (
        select(col(PenaltyListLine.ticket_id), func.sum(col(PenaltyListLine.charged_minor)))
        .join(PenaltyList, col(PenaltyList.penalty_list_id) == col(PenaltyListLine.penalty_list_id))
        .where(col(PenaltyList.month) < month)
        .group_by(col(PenaltyListLine.ticket_id))
    )
    return {found[0]: int(found[1]) for found in (await session.execute(statement)).all()}


async def add_period(session: AsyncSession, period: SensitivePeriod) -> None:
    """Insert a new period."""
    await session.execute(insert(SensitivePeriod).values(period.model_dump()))


async def period(session: AsyncSession, period_id: UUID) -> SensitivePeriod | None:
    """One period under its row lock."""
    statement = select(SensitivePeriod).where(col(SensitivePeriod.period_id) == period_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def periods(session: AsyncSession) -> list[SensitivePeriod]:
    """All declared periods that hold, the latest first; a few in a year."""
    statement = select(SensitivePeriod).where(col(SensitivePeriod.ended_at).is_(None))
    ordered = statement.order_by(col(SensitivePeriod.first_day).desc(), col(SensitivePeriod.period_id))
    return list((await session.execute(ordered)).scalars())


async def _one(session: AsyncSession, statement: Select[Any]) -> PenaltyList | None:
    found: PenaltyList | None = (await session.execute(statement)).scalar_one_or_none()
    return found
