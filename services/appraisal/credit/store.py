"""Every query of sale credits and the facts behind them. Writing is set-based."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text, Uuid
from sqlmodel import SQLModel, col

from services.appraisal.credit.models import FlagFact, OrderFact, SaleCredit


def _upsert(table: str, model: type[SQLModel], key: str, when: str = "") -> str:
    names = [column.name for column in model.__table__.columns]  # type: ignore[attr-defined]
    assigned = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    return f"""
    INSERT INTO {table} ({", ".join(names)})
    SELECT {", ".join(names)} FROM jsonb_populate_recordset(NULL::{table}, :rows) ORDER BY {key}
    ON CONFLICT ({key}) DO UPDATE SET {assigned} {when}
    """  # noqa: S608 - names of our own tables


# The row is locked even where the newer state is already there: events of one order are taken one after the other.
_KEEP_ORDERS = text(_upsert("order_fact", OrderFact, "order_id", "WHERE order_fact.sequence < excluded.sequence"))
_KEEP_FLAGS = text(_upsert("flag_fact", FlagFact, "event_id"))
_REPLACE_CREDITS = text(_upsert("sale_credit", SaleCredit, "order_id"))
_MATCH = text("""
UPDATE flag_fact SET alias_staff_id = :staff_id
FROM unnest(:shops, :aliases) AS borne (shop, alias)
WHERE flag_fact.alias_staff_id IS NULL AND flag_fact.alias = borne.alias
  AND (borne.shop = 'main' OR flag_fact.shop = borne.shop)
RETURNING flag_fact.order_id
""").bindparams(
    bindparam("shops", type_=ARRAY(Text)), bindparam("aliases", type_=ARRAY(Text)), bindparam("staff_id", type_=Uuid)
)


@dataclass(frozen=True)
class UnmatchedAlias:
    """A name in remarks that nobody bears as alias, and how often it stands there."""

    shop: str
    alias: str
    orders: int
    first_at: datetime
    last_at: datetime


async def keep_orders(session: AsyncSession, orders: Sequence[OrderFact]) -> None:
    """Keep what is newer than what is known, one row per order, and lock all of these orders."""
    await session.execute(_KEEP_ORDERS, {"rows": _json(orders)})


async def keep_flags(session: AsyncSession, flags: Sequence[FlagFact]) -> None:
    """Add these flags."""
    await session.execute(_KEEP_FLAGS, {"rows": _json(flags)})


async def match_flags(session: AsyncSession, staff_id: UUID, pairs: Collection[tuple[str, str]]) -> set[UUID]:
    """Give the flags that wait for these aliases to their bearer; returns the orders concerned."""
    borne = {"shops": [shop for shop, _ in pairs], "aliases": [alias for _, alias in pairs]}
    return set((await session.execute(_MATCH, {"staff_id": staff_id, **borne})).scalars())


async def orders(session: AsyncSession, order_ids: Collection[UUID]) -> Sequence[OrderFact]:
    """What is known of these orders."""
    return (await session.execute(select(OrderFact).where(col(OrderFact.order_id).in_(order_ids)))).scalars().all()


async def flags(session: AsyncSession, order_ids: Collection[UUID]) -> Sequence[FlagFact]:
    """All flags of these orders."""
    return (await session.execute(select(FlagFact).where(col(FlagFact.order_id).in_(order_ids)))).scalars().all()


async def replace_credits(session: AsyncSession, credits_: Sequence[SaleCredit]) -> None:
    """Put these credits in the place of the orders' earlier ones."""
    await session.execute(_REPLACE_CREDITS, {"rows": _json(credits_)})


async def get(session: AsyncSession, order_id: UUID) -> SaleCredit | None:
    """The credit of one order."""
    return (
        await session.execute(select(SaleCredit).where(col(SaleCredit.order_id) == order_id))
    ).scalar_one_or_none()


async def page(
    session: AsyncSession,
    filters: Mapping[str, Any],
    *,
    shops: Collection[str] | None,
    sold: tuple[datetime, datetime] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[SaleCredit]:
    """Credits by these columns, in these shops, sold in this span, latest sale first, after the given place."""
    place = tuple_(col(SaleCredit.sold_at), col(SaleCredit.order_id))
    query = select(SaleCredit).order_by(col(SaleCredit.sold_at).desc(), col(SaleCredit.order_id).desc()).limit(limit)
    for name, value in filters.items():
        query = query.where(getattr(SaleCredit, name) == value)
    if shops is not None:
        query = query.where(col(SaleCredit.shop).in_(shops))
    if sold is not None:
        query = query.where(col(SaleCredit.sold_at) >= sold[0], col(SaleCredit.sold_at) < sold[1])
    if after is not None:
        query = query.where(place < after)
    return (await session.execute(query)).scalars().all()


async def unmatched(
    session: AsyncSession,
    *,
    shops: Collection[str] | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[UnmatchedAlias]:
    """Names in remarks that nobody bears, by shop and name, after the given place."""
    place = tuple_(col(FlagFact.shop), col(FlagFact.alias))
    seen = (
        func.count(func.distinct(col(FlagFact.order_id))),
        func.min(FlagFact.flagged_at),
        func.max(FlagFact.flagged_at),
    )
    query = (
        select(col(FlagFact.shop), col(FlagFact.alias), *seen)
        .where(col(FlagFact.alias).is_not(None), col(FlagFact.alias_staff_id).is_(None))
        .group_by(col(FlagFact.shop), col(FlagFact.alias))
        .order_by(col(FlagFact.shop), col(FlagFact.alias))
        .limit(limit)
    )
    if shops is not None:
        query = query.where(col(FlagFact.shop).in_(shops))
    if after is not None:
        query = query.where(place > after)
    return [
        UnmatchedAlias(shop, alias or "", orders, first_at, last_at)
        for shop, alias, orders, first_at, last_at in await session.execute(query)
    ]


def _json(rows: Sequence[SQLModel]) -> str:
    return orjson.dumps([row.model_dump() for row in rows], default=str).decode()
