"""Every query of flags."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.flag.models import Flag

HISTORY = 200
_PROBLEMS = text("""
SELECT flagged.order_id, flagged.order_no
FROM shop_order flagged JOIN LATERAL (
    SELECT coalesce(flag.staff_id, flag.flagged_by_staff_id) AS staff_id
    FROM order_flag flag WHERE flag.order_id = flagged.order_id ORDER BY flag.flag_id DESC LIMIT 1
) newest ON newest.staff_id = :staff_id
WHERE flagged.flag_meaning = 'problem'
ORDER BY flagged.placed_at, flagged.order_id LIMIT :limit
""")


def add(session: AsyncSession, flag: Flag) -> None:
    """Add a flag to the history."""
    session.add(flag)


async def problems_of(session: AsyncSession, staff_id: UUID, limit: int) -> list[tuple[UUID, str]]:
    """The orders whose *problem* flag that member of staff put, by id and number."""
    found = await session.execute(_PROBLEMS, {"staff_id": staff_id, "limit": limit})
    return [(order_id, number) for order_id, number in found]


async def history(session: AsyncSession, order_id: UUID) -> list[Flag]:
    """The order's flags, newest first, at most 200."""
    statement = select(Flag).where(col(Flag.order_id) == order_id).order_by(col(Flag.flag_id).desc()).limit(HISTORY)
    return list((await session.execute(statement)).scalars())
