"""Every query of staff."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.appraisal.staff import StaffStatus
from kit.problems import Problem
from services.appraisal.staff.models import Staff

_NEXT = text("SELECT nextval('staff_number')")


async def next_number(session: AsyncSession) -> int:
    """The next of the never-reset sequence; gaps are allowed."""
    number: int = (await session.execute(_NEXT)).scalar_one()
    return number


async def add(session: AsyncSession, staff: Staff) -> None:
    """Insert a new member of staff."""
    session.add(staff)
    await session.flush()


async def get(session: AsyncSession, staff_id: UUID, *, lock: bool = False) -> Staff:
    """The member of staff, under the row lock when asked. Raises Problem `not-found`."""
    query = select(Staff).where(col(Staff.staff_id) == staff_id)
    found = (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if found is None:
        raise Problem("not-found")
    return found


async def hold(session: AsyncSession, staff_id: UUID) -> str | None:
    """Their status, which stays until this transaction ends; None for nobody of ours."""
    query = select(col(Staff.status)).where(col(Staff.staff_id) == staff_id)
    return (await session.execute(query.with_for_update(read=True))).scalar_one_or_none()


async def at_work_in(session: AsyncSession, **place: UUID) -> int:
    """How many who have not left are in this unit or team."""
    query = select(func.count()).select_from(Staff).where(col(Staff.status) != StaffStatus.LEFT)
    for name, value in place.items():
        query = query.where(getattr(Staff, name) == value)
    return (await session.execute(query)).scalar_one()


async def page(session: AsyncSession, filters: Mapping[str, Any], after: UUID | None, limit: int) -> Sequence[Staff]:
    """Staff by these columns, newest first, after the given id."""
    query = select(Staff).order_by(col(Staff.staff_id).desc()).limit(limit)
    for name, value in filters.items():
        query = query.where(getattr(Staff, name) == value)
    if after is not None:
        query = query.where(col(Staff.staff_id) < after)
    return (await session.execute(query)).scalars().all()
