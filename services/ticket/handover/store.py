"""Every query of handover sheets."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.handover.models import Item, Sheet


async def add(session: AsyncSession, sheet: Sheet) -> None:
    """Add a new sheet."""
    session.add(sheet)
    await session.flush()


async def get(session: AsyncSession, handover_id: UUID, *, lock: bool = False) -> Sheet | None:
    """One sheet, perhaps under its row lock, as it is now."""
    return await session.get(Sheet, handover_id, with_for_update=lock, populate_existing=lock)


async def of_shift(session: AsyncSession, shift_id: UUID) -> Sheet | None:
    """The sheet of a shift, under its row lock."""
    statement = select(Sheet).where(col(Sheet.shift_id) == shift_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def items(session: AsyncSession, handover_id: UUID) -> list[Item]:
    """What is on a sheet: orders, then tickets, what is due first first."""
    statement = (
        select(Item)
        .where(col(Item.handover_id) == handover_id)
        .order_by(col(Item.kind), col(Item.due_at), col(Item.subject_id))
    )
    return list((await session.execute(statement)).scalars())


async def write_items(session: AsyncSession, handover_id: UUID, items: Iterable[Item]) -> None:
    """The sheet has exactly these items."""
    await session.execute(delete(Item).where(col(Item.handover_id) == handover_id))
    rows = [item.model_dump() for item in items]
    if rows:
        await session.execute(insert(Item), rows)


async def page(
    session: AsyncSession,
    shops: Sequence[str] | None,
    own: UUID | None,
    wanted: dict[str, Any],
    after: UUID | None,
    limit: int,
) -> list[Sheet]:
    """Sheets with these values, newest first: of these shops (None: of all), or, of `own`, those one is part of."""
    statement = select(Sheet)
    if shops is not None:
        statement = statement.where(col(Sheet.shop).in_(shops))
    if own is not None:
        statement = statement.where(or_(col(Sheet.staff_id) == own, col(Sheet.to_staff_id) == own))
    for name, value in wanted.items():
        statement = statement.where(getattr(Sheet, name) == value)
    if after is not None:
        statement = statement.where(col(Sheet.handover_id) < after)
    return list((await session.execute(statement.order_by(col(Sheet.handover_id).desc()).limit(limit))).scalars())
