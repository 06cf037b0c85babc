"""Every query of orders. Writing is set-based: a batch of any size costs a fixed number of statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.order.models import Delivery, Order
from services.ticket.sight import Wanted

_COLUMNS = list(Order.model_fields)
_NAMES = ", ".join(_COLUMNS)
# What a higher revision replaces; flags and the row's own counters stay.
CORRECTED = tuple(
    name
    for name in _COLUMNS
    if name not in {"order_id", "shop", "order_no", "fake", "flag_meaning", "recorded_at", "version", "event_seq"}
)
_INSERT = text(f"""
INSERT INTO shop_order ({_NAMES}) SELECT {_NAMES} FROM jsonb_populate_recordset(NULL::shop_order, :rows)
ORDER BY order_id ON CONFLICT DO NOTHING RETURNING order_id
""")  # noqa: S608 - column names of our own table
_DELIVER = text("""
INSERT INTO order_delivery SELECT * FROM jsonb_populate_recordset(NULL::order_delivery, :rows)
ON CONFLICT (order_id) DO UPDATE SET recipient_name = excluded.recipient_name,
    recipient_phone = excluded.recipient_phone, recipient_address = excluded.recipient_address,
    tracking_number = excluded.tracking_number, payer_token = excluded.payer_token
""")


async def insert_new(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Insert the orders that are not there yet and return their ids. Rows hold every column."""
    return set((await session.execute(_INSERT, {"rows": _json(rows)})).scalars())


async def keep_deliveries(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep who gets the parcels."""
    if rows:
        await session.execute(_DELIVER, {"rows": _json(rows)})


async def lock_many(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, Order]:
    """The orders under their row locks, taken in one order so that two batches never wait for each other."""
    statement = select(Order).where(col(Order.order_id).in_(order_ids)).order_by(col(Order.order_id))
    found = await session.execute(statement.with_for_update(), execution_options={"populate_existing": True})
    return {order.order_id: order for order in found.scalars()}


async def get_for_update(session: AsyncSession, order_id: UUID) -> Order | None:
    """One order under its row lock."""
    return (await lock_many(session, [order_id])).get(order_id)


async def get(session: AsyncSession, order_id: UUID) -> tuple[Order, Delivery | None] | None:
    """One order with its delivery."""
    joined = select(Order, Delivery).outerjoin(Delivery, col(Delivery.order_id) == col(Order.order_id))
    row = (await session.execute(joined.where(col(Order.order_id) == order_id))).one_or_none()
    return None if row is None else (row[0], row[1])


async def page(session: AsyncSession, wanted: Wanted, after: tuple[datetime, UUID] | None, limit: int) -> list[Order]:
    """Orders with these values in their columns, newest first, after the given place."""
    statement = select(Order)
    for name, values in wanted.items():
        statement = statement.where(getattr(Order, name).in_(values))
    place = tuple_(col(Order.placed_at), col(Order.order_id))
    if after is not None:
        statement = statement.where(place < after)
    statement = statement.order_by(col(Order.placed_at).desc(), col(Order.order_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows), default=str).decode()


def place(key: Sequence[Any] | None) -> tuple[datetime, UUID] | None:
    """A cursor's key as the place in the list."""
    return None if key is None else (datetime.fromisoformat(key[0]), UUID(key[1]))
