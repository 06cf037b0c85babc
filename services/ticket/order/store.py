"""Every query of orders. Writing is set-based: a batch of any size costs a fixed number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import SQLColumnExpression, Uuid, bindparam, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.order.models import Delivery, Milestone, Order
from services.ticket.sight import Wanted

TOP_UPS = 200
_COLUMNS = list(Order.model_fields)
_NAMES = ", ".join(_COLUMNS)
# What a higher revision replaces; flags and the row's own counters stay.
CORRECTED = tuple(
    name
    for name in _COLUMNS
    if name
    not in {
        "order_id", "shop", "order_no", "fake", "flag_meaning", "flag_changed_at", "recorded_at", "version",
        "event_seq",
    }
)  # fmt: skip
_INSERT = text(f"""
INSERT INTO shop_order ({_NAMES}) SELECT {_NAMES} FROM jsonb_populate_recordset(NULL::shop_order, :rows)
ORDER BY order_id ON CONFLICT DO NOTHING RETURNING order_id
""")  # noqa: S608 - column names of our own table
_SAVED = ", ".join(f"{name} = saved.{name}" for name in _COLUMNS if name != "order_id")
_SAVE = text(f"""
UPDATE shop_order SET {_SAVED} FROM jsonb_populate_recordset(NULL::shop_order, :rows) saved
WHERE shop_order.order_id = saved.order_id
""")  # noqa: S608 - column names of our own table
_MILESTONE_NAMES = ", ".join(Milestone.model_fields)
_REACH = text(f"""
INSERT INTO order_milestone ({_MILESTONE_NAMES})
SELECT {_MILESTONE_NAMES} FROM jsonb_populate_recordset(NULL::order_milestone, :rows) ON CONFLICT DO NOTHING
""")  # noqa: S608 - column names of our own table
_DELIVER = text("""
INSERT INTO order_delivery SELECT * FROM jsonb_populate_recordset(NULL::order_delivery, :rows)
ON CONFLICT (order_id) DO UPDATE SET sealed_recipient = excluded.sealed_recipient,
    sealed_tracking = excluded.sealed_tracking, sealed_payer = excluded.sealed_payer,
    recipient_name = NULL, recipient_phone = NULL, recipient_address = NULL,
    tracking_number = NULL, payer_token = NULL
""")
_COMPLETE = text("""
UPDATE order_delivery SET sealed_tracking = coalesce(told.sealed_tracking, order_delivery.sealed_tracking),
    sealed_payer = coalesce(told.sealed_payer, order_delivery.sealed_payer)
FROM jsonb_to_recordset(:rows) told (order_id uuid, sealed_tracking bytea, sealed_payer bytea)
WHERE order_delivery.order_id = told.order_id
""")

_TOPPED_UP = text("""
SELECT main.order_id, sum(top_up.paid_minor) AS paid_minor
FROM shop_order main JOIN shop_order top_up ON top_up.shop = main.shop AND top_up.top_up_of = main.order_no
WHERE main.order_id = ANY(:order_ids) AND top_up.paid_minor > 0 AND top_up.cancelled_at IS NULL
    AND top_up.currency = main.currency
GROUP BY main.order_id
""").bindparams(bindparam("order_ids", type_=ARRAY(Uuid)))


class Waiting(StrEnum):
    """What an order may wait for too long (T33, T35)."""

    PROBLEM = "problem"
    UNFLAGGED = "unflagged"
    UNSHIPPED = "unshipped"


# Said as the partial indexes say it, not by parameters: else no plan that is kept could use them.
_TO_SHIP = (
    "shop_order.paid_at IS NOT NULL AND shop_order.shipped_at IS NULL AND shop_order.received_at IS NULL"
    " AND shop_order.completed_at IS NULL AND shop_order.cancelled_at IS NULL AND shop_order.top_up_of IS NULL"
    " AND NOT shop_order.historic AND NOT shop_order.fake"
)
_LISTS: Mapping[Waiting, tuple[str, SQLColumnExpression[Any]]] = {
    Waiting.PROBLEM: ("shop_order.flag_meaning = 'problem'", col(Order.flag_changed_at)),
    Waiting.UNFLAGGED: (
        f"shop_order.flag_meaning IS NULL AND {_TO_SHIP}",
        func.greatest(col(Order.paid_at), col(Order.flag_changed_at)),
    ),
    Waiting.UNSHIPPED: (_TO_SHIP, col(Order.paid_at)),
}


async def waiting(
    session: AsyncSession, name: Waiting, shop: str, before: datetime, after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[Order, datetime]]:
    """Orders of a shop that have waited since `before` or longer, with since when, what waits longest first."""
    condition, since = _LISTS[name]
    statement = select(Order, since).where(col(Order.shop) == shop, text(condition), since <= before)
    if after is not None:
        statement = statement.where(tuple_(since, col(Order.order_id)) > after)
    found = await session.execute(statement.order_by(since, col(Order.order_id)).limit(limit))
    return [(row[0], row[1]) for row in found]


async def insert_new(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Insert the orders that are not there yet and return their ids. Rows hold every column."""
    return set((await session.execute(_INSERT, {"rows": _json(rows)})).scalars())


async def keep_deliveries(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep who gets the parcels."""
    if rows:
        await session.execute(_DELIVER, {"rows": _json(rows)})


async def complete_deliveries(session: AsyncSession, told: Sequence[Milestone]) -> None:
    """Add to kept deliveries how to follow them and who paid, where a milestone tells it, under the same seals."""
    facts: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for milestone in told:
        said = {"sealed_tracking": milestone.sealed_tracking, "sealed_payer": milestone.sealed_payer}
        facts[milestone.order_id] |= {name: value for name, value in said.items() if value is not None}
    rows = [{"order_id": order_id, **said} for order_id, said in facts.items() if said]
    if rows:
        await session.execute(_COMPLETE, {"rows": _json(rows)})


async def save_many(session: AsyncSession, orders: Sequence[Order]) -> None:
    """Write locked orders back, whatever of each has changed, in one statement."""
    for order in orders:
        session.expunge(order)
    if orders:
        await session.execute(_SAVE, {"rows": _json([order.model_dump() for order in orders])})


async def milestones_of(session: AsyncSession, order_ids: Iterable[UUID]) -> dict[UUID, list[Milestone]]:
    """What was told by itself about these orders."""
    statement = select(Milestone).where(col(Milestone.order_id).in_(list(order_ids)))
    found: dict[UUID, list[Milestone]] = defaultdict(list)
    for milestone in (await session.execute(statement)).scalars():
        found[milestone.order_id].append(milestone)
    return found


async def keep_milestones(session: AsyncSession, milestones: Sequence[Milestone]) -> None:
    """Keep what was told by itself; the first word on each milestone counts."""
    if milestones:
        await session.execute(_REACH, {"rows": _json([milestone.model_dump() for milestone in milestones])})


async def lock_many(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, Order]:
    """The orders under their row locks, taken in one order so that two batches never wait for each other."""
    statement = select(Order).where(col(Order.order_id).in_(order_ids)).order_by(col(Order.order_id))
    # Not against those who only refer to it: a ticket that is written twice looks at its order again.
    held = statement.with_for_update(key_share=True)
    found = await session.execute(held, execution_options={"populate_existing": True})
    return {order.order_id: order for order in found.scalars()}


async def get_for_update(session: AsyncSession, order_id: UUID) -> Order | None:
    """One order under its row lock."""
    return (await lock_many(session, [order_id])).get(order_id)


async def get(session: AsyncSession, order_id: UUID) -> tuple[Order, Delivery | None] | None:
    """One order with its delivery."""
    joined = select(Order, Delivery).outerjoin(Delivery, col(Delivery.order_id) == col(Order.order_id))
    row = (await session.execute(joined.where(col(Order.order_id) == order_id))).one_or_none()
    return None if row is None else (row[0], row[1])


async def top_ups_of(session: AsyncSession, shop: str, order_no: str) -> list[Order]:
    """The top-up orders of an order, oldest first, at most 200."""
    statement = select(Order).where(col(Order.shop) == shop, col(Order.top_up_of) == order_no)
    oldest_first = statement.order_by(col(Order.placed_at), col(Order.order_id)).limit(TOP_UPS)
    return list((await session.execute(oldest_first)).scalars())


async def topped_up(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What the paid top-ups of each of these orders come to."""
    found = await session.execute(_TOPPED_UP, {"order_ids": list(order_ids)})
    return {row.order_id: int(row.paid_minor) for row in found}


async def deliveries_after(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[Delivery]:
    """The next deliveries by id, under their row locks."""
    statement = select(Delivery).order_by(col(Delivery.order_id)).limit(limit).with_for_update()
    if after is not None:
        statement = statement.where(col(Delivery.order_id) > after)
    return (await session.execute(statement)).scalars().all()


async def milestones_after(session: AsyncSession, after: UUID | None, orders: int) -> Sequence[Milestone]:
    """The milestones of the next so many orders that have any, under their row locks."""
    every = select(col(Milestone.order_id)).distinct().order_by(col(Milestone.order_id)).limit(orders)
    if after is not None:
        every = every.where(col(Milestone.order_id) > after)
    statement = select(Milestone).where(col(Milestone.order_id).in_(every)).with_for_update()
    return (await session.execute(statement.order_by(col(Milestone.order_id)))).scalars().all()


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
    return orjson.dumps(list(rows), default=_spelt).decode()


def _spelt(value: Any) -> str:
    """As PostgreSQL reads it."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def place(key: Sequence[Any] | None) -> tuple[datetime, UUID] | None:
    """A cursor's key as the place in the list."""
    return None if key is None else (datetime.fromisoformat(key[0]), UUID(key[1]))
