"""Every query of personal values."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.customer.personal.models import PersonalValue

Key = tuple[str, bytes]


async def of_customers(
    session: AsyncSession, customer_ids: Collection[UUID], kinds: Collection[str]
) -> Sequence[PersonalValue]:
    """The values of these kinds, in their order."""
    statement = select(PersonalValue).where(
        col(PersonalValue.customer_id).in_(customer_ids), col(PersonalValue.kind).in_(kinds)
    )
    place = (col(PersonalValue.customer_id), col(PersonalValue.kind), col(PersonalValue.place))
    return (await session.execute(statement.order_by(*place))).scalars().all()


async def add_new(session: AsyncSession, values: Sequence[PersonalValue]) -> list[PersonalValue]:
    """Insert the values and return those refused because they are somebody's already; waits for whoever is just
    inserting the same. One order for all, so that two files with the same values never wait for each other in a
    ring."""
    ordered = sorted(values, key=lambda value: (value.kind, value.search_key or b""))
    if not ordered:
        return []
    statement = insert(PersonalValue).values([value.model_dump() for value in ordered])
    statement = statement.on_conflict_do_nothing(index_elements=["kind", "search_key"])
    added = set((await session.execute(statement.returning(col(PersonalValue.value_id)))).scalars())
    return [value for value in ordered if value.value_id not in added]


async def holders(session: AsyncSession, keys: Collection[Key]) -> dict[Key, UUID]:
    """Whose these searched values are."""
    wanted = tuple_(col(PersonalValue.kind), col(PersonalValue.search_key)).in_(list(keys))
    found = (await session.execute(select(PersonalValue).where(wanted))).scalars()
    return {(value.kind, value.search_key): value.customer_id for value in found if value.search_key}


async def remove(session: AsyncSession, value_ids: Collection[UUID]) -> None:
    """Delete these values."""
    if value_ids:
        await session.execute(delete(PersonalValue).where(col(PersonalValue.value_id).in_(value_ids)))


async def move(session: AsyncSession, value_id: UUID, place: int) -> None:
    """Give a value another rank among its kind."""
    await session.execute(update(PersonalValue).where(col(PersonalValue.value_id) == value_id).values(place=place))


async def sealed_after(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[PersonalValue]:
    """Values in the order of their ids, under their row locks; for resealing all of them bit by bit."""
    statement = select(PersonalValue).order_by(col(PersonalValue.value_id)).limit(limit).with_for_update()
    if after is not None:
        statement = statement.where(col(PersonalValue.value_id) > after)
    return (await session.execute(statement)).scalars().all()
