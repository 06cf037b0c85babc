"""Every query of shifts."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.shift.lifecycle import STANDING, ShiftStatus
from services.ticket.shift.models import Shift

_LOCK_PERSON = text("SELECT pg_advisory_xact_lock(hashtextextended(:person, 17))")
_WORKED = (ShiftStatus.PLANNED, ShiftStatus.STARTED, ShiftStatus.ENDED)


async def lock_people(session: AsyncSession, staff_ids: Iterable[UUID]) -> None:
    """Nobody else changes these people's roster until this transaction ends; taken in one order, so that two who
    change it never wait for each other."""
    for staff_id in sorted(set(staff_ids)):
        await session.execute(_LOCK_PERSON, {"person": str(staff_id)})


def add(session: AsyncSession, shift: Shift) -> None:
    """Add a new shift."""
    session.add(shift)


async def get(session: AsyncSession, shift_id: UUID) -> Shift | None:
    """One shift."""
    return await session.get(Shift, shift_id)


async def get_for_update(session: AsyncSession, shift_id: UUID) -> Shift | None:
    """One shift under its row lock, as it is now."""
    statement = (
        select(Shift)
        .where(col(Shift.shift_id) == shift_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def standing(session: AsyncSession, staff_ids: Sequence[UUID], start: datetime, end: datetime) -> list[Shift]:
    """The shifts of these people that take any of that time: planned or started, the end exclusive."""
    statement = (
        select(Shift)
        .where(
            col(Shift.staff_id).in_(staff_ids),
            col(Shift.status).in_(STANDING),
            col(Shift.planned_start) < end,
            col(Shift.planned_end) > start,
        )
        .order_by(col(Shift.planned_start))
    )
    return list((await session.execute(statement)).scalars())


async def planned_between(session: AsyncSession, staff_id: UUID, first: date, last: date) -> list[Shift]:
    """The planned shifts of somebody on these days, under their row locks."""
    statement = (
        select(Shift)
        .where(
            col(Shift.staff_id) == staff_id,
            col(Shift.status) == ShiftStatus.PLANNED,
            col(Shift.business_date).between(first, last),
        )
        .order_by(col(Shift.shift_id))
        .with_for_update()
    )
    return list((await session.execute(statement)).scalars())


async def days_of(session: AsyncSession, staff_ids: Sequence[UUID], first: date, last: date) -> dict[UUID, set[date]]:
    """On which of these days each of them has work."""
    statement = select(col(Shift.staff_id), col(Shift.business_date)).where(
        col(Shift.staff_id).in_(staff_ids),
        col(Shift.status).in_(_WORKED),
        col(Shift.business_date).between(first, last),
    )
    found: dict[UUID, set[date]] = {staff_id: set() for staff_id in staff_ids}
    for staff_id, day in await session.execute(statement):
        found[staff_id].add(day)
    return found


async def started(session: AsyncSession, staff_ids: Sequence[UUID] | None = None) -> list[Shift]:
    """The running shifts, of these people or of all."""
    statement = select(Shift).where(col(Shift.status) == ShiftStatus.STARTED)
    if staff_ids is not None:
        statement = statement.where(col(Shift.staff_id).in_(staff_ids))
    return list((await session.execute(statement.order_by(col(Shift.planned_start), col(Shift.shift_id)))).scalars())


async def next_planned(session: AsyncSession, staff_id: UUID, after: datetime) -> Shift | None:
    """The next shift of somebody that ends after that instant and has not begun."""
    statement = (
        select(Shift)
        .where(
            col(Shift.staff_id) == staff_id,
            col(Shift.status) == ShiftStatus.PLANNED,
            col(Shift.planned_end) > after,
        )
        .order_by(col(Shift.planned_start))
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def first_after(session: AsyncSession, shop: str, after: datetime, until: datetime) -> Shift | None:
    """The first shift of the shop that begins in that time."""
    statement = (
        select(Shift)
        .where(
            col(Shift.shop) == shop,
            col(Shift.status) == ShiftStatus.PLANNED,
            col(Shift.planned_start) >= after,
            col(Shift.planned_start) <= until,
        )
        .order_by(col(Shift.planned_start), col(Shift.shift_id))
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def page(
    session: AsyncSession,
    seen: tuple[Sequence[str], UUID | None] | None,
    wanted: dict[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Shift]:
    """Shifts with these values, by their planned start. `seen`: of these shops, and of that person; None: all."""
    statement = select(Shift)
    if seen is not None:
        shops, me = seen
        statement = statement.where(or_(col(Shift.shop).in_(shops), col(Shift.staff_id) == me))
    since, until = wanted.pop("since", None), wanted.pop("until", None)
    if since is not None:
        statement = statement.where(col(Shift.planned_start) >= since)
    if until is not None:
        statement = statement.where(col(Shift.planned_start) < until)
    for name, value in wanted.items():
        statement = statement.where(getattr(Shift, name) == value)
    place = tuple_(col(Shift.planned_start), col(Shift.shift_id))
    if after is not None:
        statement = statement.where(place > (datetime.fromisoformat(after[0]), UUID(after[1])))
    statement = statement.order_by(col(Shift.planned_start), col(Shift.shift_id)).limit(limit)
    return list((await session.execute(statement)).scalars())
