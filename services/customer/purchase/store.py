"""Every query of purchases and refunds. Copying is set-based: any number of them costs one statement."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.customer.purchase.models import MoneyBack, Purchase
from services.customer.purchase.schemas import Place

_COPIED = "shop, order_no, account_id, customer_id, currency, paid_minor, placed_at, paid_at, counted"
_NEWER = ", ".join(f"excluded.{name}" for name in _COPIED.split(", "))
_KEPT = ", ".join(f"purchase.{name}" for name in _COPIED.split(", "))
# An equal copy is told apart by its content, so that importing again writes nothing.
_UPSERT = text(f"""
INSERT INTO purchase (order_id, {_COPIED})
SELECT order_id, {_COPIED} FROM jsonb_populate_recordset(NULL::purchase, :rows) ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE SET ({_COPIED}) = ({_NEWER}) WHERE ({_KEPT}) IS DISTINCT FROM ({_NEWER})
""")  # noqa: S608 - column names of our own table

_KEEP = text("""
INSERT INTO purchase_refund (cause_id, sequence, cause, order_id, currency, amount_minor, given_at)
SELECT cause_id, sequence, cause, order_id, currency, amount_minor, given_at
FROM jsonb_populate_recordset(NULL::purchase_refund, :rows) ORDER BY cause_id
ON CONFLICT (cause_id) DO UPDATE
SET (sequence, amount_minor, given_at) = (excluded.sequence, excluded.amount_minor, excluded.given_at)
WHERE purchase_refund.sequence < excluded.sequence
""")
# What was given back of the purchase of the query around it.
_REFUNDED = (
    select(func.coalesce(func.sum(MoneyBack.amount_minor), 0))
    .where(col(MoneyBack.order_id) == col(Purchase.order_id))
    .correlate(Purchase)
    .scalar_subquery()
)


async def copy(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace these purchases, each at most once; rows hold every column."""
    await session.execute(_UPSERT, {"rows": orjson.dumps(list(rows), default=str).decode()})


async def keep_refunds(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was given back, each cause at most once in `rows`; the event of the highest sequence counts."""
    await session.execute(_KEEP, {"rows": orjson.dumps(list(rows), default=str).decode()})


async def page(
    session: AsyncSession, customer_id: UUID, account_ids: Collection[UUID], after: Place | None, limit: int
) -> list[tuple[Purchase, int]]:
    """A customer's purchases by these accounts with what was given back of each, newest first, after the given
    place."""
    place = tuple_(col(Purchase.placed_at), col(Purchase.order_id))
    of_customer = (col(Purchase.customer_id) == customer_id, col(Purchase.account_id).in_(account_ids))
    statement = select(Purchase, _REFUNDED).where(*of_customer)
    if after is not None:
        statement = statement.where(place < after)
    newest_first = (col(Purchase.placed_at).desc(), col(Purchase.order_id).desc())
    rows = await session.execute(statement.order_by(*newest_first).limit(limit))
    return [(purchase, int(refunded)) for purchase, refunded in rows]


async def summaries(
    session: AsyncSession, customer_ids: Collection[UUID], account_ids: Collection[UUID]
) -> Sequence[RowMapping]:
    """Counted orders, spend, refunds, first and last payment per customer, shop and currency, of these accounts
    only."""
    group = (col(Purchase.customer_id), col(Purchase.shop), col(Purchase.currency))
    statement = (
        select(
            *group,
            func.count().label("orders"),
            func.sum(Purchase.paid_minor).label("spend_minor"),
            func.sum(_REFUNDED).label("refunded_minor"),
            func.min(Purchase.paid_at).label("first_paid_at"),
            func.max(Purchase.paid_at).label("last_paid_at"),
        )
        .where(
            col(Purchase.counted),
            col(Purchase.customer_id).in_(customer_ids),
            col(Purchase.account_id).in_(account_ids),
        )
        .group_by(*group)
        .order_by(*group)
    )
    found: Sequence[RowMapping] = (await session.execute(statement)).mappings().all()
    return found


async def totals(session: AsyncSession, shops: Collection[str] | None) -> Sequence[RowMapping]:
    """Customers, counted orders, spend and refunds per shop and currency; of all shops when `shops` is None."""
    group = (col(Purchase.shop), col(Purchase.currency))
    refunded = (
        select(col(MoneyBack.order_id), func.sum(MoneyBack.amount_minor).label("minor"))
        .group_by(col(MoneyBack.order_id))
        .subquery()
    )
    statement = (
        select(
            *group,
            func.count(col(Purchase.customer_id).distinct()).label("customers"),
            func.count().label("orders"),
            func.sum(Purchase.paid_minor).label("spend_minor"),
            func.coalesce(func.sum(refunded.c.minor), 0).label("refunded_minor"),
        )
        .outerjoin(refunded, refunded.c.order_id == Purchase.order_id)
        .where(col(Purchase.counted))
    )
    if shops is not None:
        statement = statement.where(col(Purchase.shop).in_(shops))
    return (await session.execute(statement.group_by(*group).order_by(*group))).mappings().all()
