"""Every query of shifts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, false, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.shift.lifecycle import STANDING, AskedStatus, ShiftStatus
from services.ticket.shift.models import Leave, Shift, Swap

A = TypeVar("A", Swap, Leave)
# Of these shops (None: of all), and those that concern this person.
Seen = tuple[Sequence[str] | None, UUID | None]
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
    session: AsyncSession, seen: Seen, wanted: Mapping[str, Any], after: Sequence[Any] | None, limit: int
) -> list[Shift]:
    """Shifts with these values, by their planned start: of these shops (None: of all), and of that person."""
    shops, me = seen
    if shops is None:
        return await _page(session, select(Shift), wanted, after, limit)
    of_shops = await _page(session, select(Shift).where(col(Shift.shop).in_(shops)), wanted, after, limit)
    if me is None:
        return of_shops
    # Two short looks by their indexes, where one for either would read the whole roster.
    own = await _page(session, select(Shift).where(col(Shift.staff_id) == me), wanted, after, limit)
    both = {shift.shift_id: shift for shift in (*of_shops, *own)}.values()
    return sorted(both, key=lambda shift: (shift.planned_start, shift.shift_id))[:limit]


async def _page(
    session: AsyncSession,
    statement: Select[Any],
    wanted: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Shift]:
    start, shift_id = col(Shift.planned_start), col(Shift.shift_id)
    for name, value in wanted.items():
        if name == "since":
            statement = statement.where(start >= value)
        elif name == "until":
            statement = statement.where(start < value)
        else:
            statement = statement.where(getattr(Shift, name) == value)
    if after is not None:
        statement = statement.where(tuple_(start, shift_id) > (datetime.fromisoformat(after[0]), UUID(after[1])))
    return list((await session.execute(statement.order_by(start, shift_id).limit(limit))).scalars())


async def get_swap(session: AsyncSession, swap_id: UUID, *, lock: bool = False) -> Swap | None:
    """One swap, perhaps under its row lock."""
    return await session.get(Swap, swap_id, with_for_update=lock, populate_existing=lock)


async def get_leave(session: AsyncSession, leave_id: UUID, *, lock: bool = False) -> Leave | None:
    """One leave, perhaps under its row lock."""
    return await session.get(Leave, leave_id, with_for_update=lock, populate_existing=lock)


async def lock_shifts(session: AsyncSession, shift_ids: Iterable[UUID]) -> dict[UUID, Shift]:
    """These shifts under their row locks, taken in one order."""
    statement = (
        select(Shift)
        .where(col(Shift.shift_id).in_(list(shift_ids)))
        .order_by(col(Shift.shift_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {shift.shift_id: shift for shift in (await session.execute(statement)).scalars()}


async def live_swap(session: AsyncSession, shift_ids: Sequence[UUID]) -> UUID | None:
    """A swap of one of these shifts that nobody has decided on."""
    statement = (
        select(col(Swap.swap_id))
        .where(
            or_(col(Swap.shift_id).in_(shift_ids), col(Swap.return_shift_id).in_(shift_ids)),
            col(Swap.status).in_((AskedStatus.REQUESTED, AskedStatus.AGREED)),
        )
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def approved_leaves(session: AsyncSession, staff_ids: Sequence[UUID], first: date, last: date) -> list[Leave]:
    """The leaves of these people that take any of these days."""
    statement = select(Leave).where(
        col(Leave.staff_id).in_(staff_ids),
        col(Leave.status) == AskedStatus.APPROVED,
        col(Leave.first_day) <= last,
        col(Leave.last_day) >= first,
    )
    return list((await session.execute(statement)).scalars())


async def swaps(session: AsyncSession, seen: Seen, status: str | None, after: UUID | None, limit: int) -> list[Swap]:
    """Swaps, newest first: of these shops and of that person."""
    return await _asked(session, Swap, "swap_id", ("from_staff_id", "to_staff_id"), seen, status, after, limit)


async def leaves(
    session: AsyncSession, seen: Seen, status: str | None, after: UUID | None, limit: int
) -> list[Leave]:
    """Leaves, newest first: of these shops and of that person."""
    return await _asked(session, Leave, "leave_id", ("staff_id", "cover_staff_id"), seen, status, after, limit)


async def _asked(
    session: AsyncSession,
    table: type[A],
    key: str,
    people: tuple[str, str],
    seen: Seen,
    status: str | None,
    after: UUID | None,
    limit: int,
) -> list[A]:
    shops, me = seen
    theirs = [getattr(table, name) == me for name in people] if me is not None else []
    statement = select(table)
    if shops is not None:
        statement = statement.where(or_(false(), col(table.shop).in_(shops), *theirs))
    if status is not None:
        statement = statement.where(col(table.status) == status)
    if after is not None:
        statement = statement.where(getattr(table, key) < after)
    return list((await session.execute(statement.order_by(getattr(table, key).desc()).limit(limit))).scalars())
