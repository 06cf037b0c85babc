"""Every query of goodwill."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Select, func, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.goodwill.models import Goodwill

# Said as the index says it.
_LIVING: ColumnElement[bool] = literal_column("goodwill.status NOT IN ('withdrawn', 'refused')", Boolean())


async def add(session: AsyncSession, goodwill: Goodwill) -> None:
    """Insert new goodwill; the session takes no notice of the object."""
    await session.execute(insert(Goodwill).values(goodwill.model_dump()))


async def get(session: AsyncSession, goodwill_id: UUID) -> Goodwill | None:
    """One; whoever changes it holds its ticket's row lock, which is its own as well."""
    return await _one(session, select(Goodwill).where(col(Goodwill.goodwill_id) == goodwill_id))


async def of_line(session: AsyncSession, order_id: UUID, line_no: int) -> int:
    """What was offered or given on a line and neither refused nor withdrawn, in minor units."""
    statement = select(func.coalesce(func.sum(col(Goodwill.amount_minor)), 0)).where(
        col(Goodwill.order_id) == order_id, col(Goodwill.line_no) == line_no, _LIVING
    )
    return int((await session.execute(statement)).scalar_one())


async def page(session: AsyncSession, ticket_id: UUID, after: UUID | None, limit: int) -> list[Goodwill]:
    """A ticket's, newest first, after the given one."""
    statement = select(Goodwill).where(col(Goodwill.ticket_id) == ticket_id)
    if after is not None:
        statement = statement.where(col(Goodwill.goodwill_id) < after)
    ordered = statement.order_by(col(Goodwill.goodwill_id).desc()).limit(limit)
    return list((await session.execute(ordered)).scalars())


async def _one(session: AsyncSession, statement: Select[Any]) -> Goodwill | None:
    fresh = statement.execution_options(populate_existing=True)
    found: Goodwill | None = (await session.execute(fresh)).scalar_one_or_none()
    return found
