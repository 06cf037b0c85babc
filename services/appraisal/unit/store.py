"""Every query of units."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.db import violated
from kit.problems import Problem
from services.appraisal.unit.models import Unit


async def add(session: AsyncSession, unit: Unit) -> None:
    """Insert a new unit. Raises Problem `already-exists` for a code that another one has."""
    session.add(unit)
    try:
        await session.flush()
    except IntegrityError as error:
        if violated(error) == "unit_code_key":
            raise Problem("already-exists", field="/code") from error
        raise


async def get(session: AsyncSession, unit_id: UUID, *, lock: bool = False) -> Unit:
    """The unit, under the row lock when asked. Raises Problem `not-found`."""
    query = select(Unit).where(col(Unit.unit_id) == unit_id)
    found = (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if found is None:
        raise Problem("not-found")
    return found


async def hold(session: AsyncSession, unit_id: UUID) -> str | None:
    """Its status, which stays until this transaction ends; None for one that doesn't exist."""
    query = select(col(Unit.status)).where(col(Unit.unit_id) == unit_id)
    return (await session.execute(query.with_for_update(read=True))).scalar_one_or_none()


async def led_by(session: AsyncSession, staff_id: UUID) -> Sequence[str]:
    """The codes of those that this member of staff leads."""
    query = select(col(Unit.code)).where(col(Unit.lead_staff_id) == staff_id).order_by(col(Unit.code))
    return (await session.execute(query)).scalars().all()


async def page(session: AsyncSession, filters: Mapping[str, Any], after: UUID | None, limit: int) -> Sequence[Unit]:
    """Units by these columns, newest first, after the given id."""
    query = select(Unit).order_by(col(Unit.unit_id).desc()).limit(limit)
    for name, value in filters.items():
        query = query.where(getattr(Unit, name) == value)
    if after is not None:
        query = query.where(col(Unit.unit_id) < after)
    return (await session.execute(query)).scalars().all()
