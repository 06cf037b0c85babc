"""Every query of aliases."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import bindparam, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text
from sqlmodel import col

from services.appraisal.alias.models import StaffAlias

# Two keys of four bytes are a space of their own beside the kit's locks of one long key.
_CHANGING = text("SELECT pg_advisory_xact_lock(1635018081, 1)")
_READING = text("SELECT pg_advisory_xact_lock_shared(1635018081, 1)")
_WHOSE = text("""
SELECT DISTINCT ON (asked.shop, asked.alias) asked.shop, asked.alias, known.staff_id
FROM unnest(:shops, :aliases) AS asked (shop, alias)
JOIN staff_alias known ON known.alias = asked.alias AND known.shop IN (asked.shop, 'main')
ORDER BY asked.shop, asked.alias, (known.shop = asked.shop) DESC
""").bindparams(bindparam("shops", type_=ARRAY(Text)), bindparam("aliases", type_=ARRAY(Text)))

Pair = tuple[str, str]


async def hold_for_change(session: AsyncSession) -> None:
    """Be the only one to change aliases until this transaction ends, while nobody matches remarks to them."""
    await session.execute(_CHANGING)


async def hold_for_matching(session: AsyncSession) -> None:
    """Let no alias change until this transaction ends: a remark is matched, or found when its alias comes."""
    await session.execute(_READING)


async def whose(session: AsyncSession, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Who bears the alias in the shop, else in `main`; pairs that nobody bears are missing."""
    asked = {"shops": [shop for shop, _ in pairs], "aliases": [alias for _, alias in pairs]}
    return {(shop, alias): staff_id for shop, alias, staff_id in await session.execute(_WHOSE, asked)}


async def of_staff(session: AsyncSession, staff: Collection[UUID]) -> Sequence[StaffAlias]:
    """The aliases of these members of staff, by shop and alias."""
    query = select(StaffAlias).where(col(StaffAlias.staff_id).in_(staff))
    return (await session.execute(query.order_by(col(StaffAlias.shop), col(StaffAlias.alias)))).scalars().all()


async def take(session: AsyncSession, staff_id: UUID, pairs: Collection[Pair]) -> set[Pair]:
    """Give the member of staff these aliases; returns those that were free."""
    rows = [{"shop": shop, "alias": alias, "staff_id": staff_id} for shop, alias in sorted(pairs)]
    statement = insert(StaffAlias).values(rows).on_conflict_do_nothing()
    taken = await session.execute(statement.returning(col(StaffAlias.shop), col(StaffAlias.alias)))
    return {(shop, alias) for shop, alias in taken}


async def give_up(session: AsyncSession, pairs: Iterable[Pair]) -> None:
    """Free these aliases."""
    await session.execute(
        delete(StaffAlias).where(tuple_(col(StaffAlias.shop), col(StaffAlias.alias)).in_(list(pairs)))
    )
