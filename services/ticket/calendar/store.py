"""Every query of holidays."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.calendar.models import HolidayYear

_FROM_YEAR = select(HolidayYear.__table__.c.year, HolidayYear.__table__.c.days)  # type: ignore[attr-defined]


async def years_from(session: AsyncSession, region: str, first: int) -> Sequence[Any]:
    """The region's known years from `first` on, with their days."""
    known = _FROM_YEAR.where(col(HolidayYear.region) == region, col(HolidayYear.year) >= first)
    return (await session.execute(known)).all()


async def years(session: AsyncSession, region: str) -> list[int]:
    """Every year of the region that is known."""
    known = select(col(HolidayYear.year)).where(col(HolidayYear.region) == region).order_by(col(HolidayYear.year))
    return list((await session.execute(known)).scalars())


async def get_for_update(session: AsyncSession, region: str, year: int) -> HolidayYear | None:
    """One year under its row lock."""
    statement = select(HolidayYear).where(col(HolidayYear.region) == region, col(HolidayYear.year) == year)
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def get(session: AsyncSession, region: str, year: int) -> HolidayYear | None:
    """One year."""
    return await session.get(HolidayYear, (region, year))


def add(session: AsyncSession, year: HolidayYear) -> None:
    """Insert a year that wasn't known."""
    session.add(year)
