"""Every query of teams."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.db import violated
from kit.problems import Problem
from services.appraisal.team.models import Team


async def add(session: AsyncSession, team: Team) -> None:
    """Insert a new team. Raises Problem `already-exists` for a code that another one has."""
    session.add(team)
    try:
        await session.flush()
    except IntegrityError as error:
        if violated(error) == "team_code_key":
            raise Problem("already-exists", field="/code") from error
        raise


async def get(session: AsyncSession, team_id: UUID, *, lock: bool = False) -> Team:
    """The team, under the row lock when asked. Raises Problem `not-found`."""
    query = select(Team).where(col(Team.team_id) == team_id)
    found = (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if found is None:
        raise Problem("not-found")
    return found


async def hold(session: AsyncSession, team_id: UUID) -> str | None:
    """Its status, which stays until this transaction ends; None for one that doesn't exist."""
    query = select(col(Team.status)).where(col(Team.team_id) == team_id)
    return (await session.execute(query.with_for_update(read=True))).scalar_one_or_none()


async def led_by(session: AsyncSession, staff_id: UUID) -> Sequence[str]:
    """The codes of those that this member of staff leads."""
    query = select(col(Team.code)).where(col(Team.lead_staff_id) == staff_id).order_by(col(Team.code))
    return (await session.execute(query)).scalars().all()


async def page(session: AsyncSession, filters: Mapping[str, Any], after: UUID | None, limit: int) -> Sequence[Team]:
    """Teams by these columns, newest first, after the given id."""
    query = select(Team).order_by(col(Team.team_id).desc()).limit(limit)
    for name, value in filters.items():
        query = query.where(getattr(Team, name) == value)
    if after is not None:
        query = query.where(col(Team.team_id) < after)
    return (await session.execute(query)).scalars().all()
