"""The queries that hold counters and entries against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import DateTime, Uuid

_MANY = bindparam("order_ids", type_=ARRAY(Uuid))
# What each kind of entry does to the counters; written out once more, so that both sides are not one.
_ENTERED = """
    coalesce(sum(amount_minor) FILTER (WHERE kind IN ('paid', 'corrected')), 0) AS paid_entered,
    coalesce(sum(amount_minor) FILTER (WHERE kind = 'refunded'), 0) AS refunded_entered,
    coalesce(sum(CASE kind WHEN 'reserved' THEN amount_minor ELSE -amount_minor END)
        FILTER (WHERE kind IN ('reserved', 'released', 'refunded')), 0) AS in_flight_entered
"""
_DIFFERING = text(f"""
SELECT book.order_id, book.currency, book.paid_minor, book.refunded_minor, book.in_flight_minor,
    entered.paid_entered, entered.refunded_entered, entered.in_flight_entered,
    line.line_no, line.line_minor, line.line_entered
FROM order_book AS book
CROSS JOIN LATERAL (SELECT {_ENTERED} FROM book_entry WHERE book_entry.order_id = book.order_id) AS entered
LEFT JOIN LATERAL (
    SELECT line_no, coalesce(said.in_flight_minor + said.refunded_minor, 0) AS line_minor,
        coalesce(entry.in_flight + entry.refunded, 0) AS line_entered
    FROM (SELECT * FROM order_book_line WHERE order_book_line.order_id = book.order_id) AS said
    FULL JOIN (
        SELECT line_no,
            coalesce(sum(amount_minor) FILTER (WHERE kind = 'refunded'), 0) AS refunded,
            sum(CASE kind WHEN 'reserved' THEN amount_minor ELSE -amount_minor END) AS in_flight
        FROM book_entry WHERE book_entry.order_id = book.order_id AND line_no IS NOT NULL GROUP BY line_no
    ) AS entry USING (line_no)
    WHERE (coalesce(said.in_flight_minor, 0), coalesce(said.refunded_minor, 0))
        <> (coalesce(entry.in_flight, 0), coalesce(entry.refunded, 0))
    ORDER BY line_no LIMIT 1
) AS line ON true
WHERE book.order_id = ANY(:order_ids) AND (line.line_no IS NOT NULL
    OR (book.paid_minor, book.refunded_minor, book.in_flight_minor)
        <> (entered.paid_entered, entered.refunded_entered, entered.in_flight_entered))
ORDER BY book.order_id
""").bindparams(_MANY)  # noqa: S608 - sums of our own table
_REFUNDED = text("""
SELECT order_id, sum(amount_minor) FROM book_entry WHERE order_id = ANY(:order_ids) AND kind = 'refunded'
GROUP BY order_id
""").bindparams(_MANY)
_TOTALS = text(f"""
SELECT currency, count(*) AS orders, sum(paid_minor) AS paid_minor, sum(kept_minor) AS kept_minor,
    sum(refunded_minor) AS refunded_minor, sum(in_flight_minor) AS in_flight_minor,
    sum(entered.paid_entered) AS paid_entered, sum(entered.refunded_entered) AS refunded_entered,
    sum(entered.in_flight_entered) AS in_flight_entered
FROM order_book AS book
LEFT JOIN (SELECT order_id, {_ENTERED} FROM book_entry GROUP BY order_id) AS entered USING (order_id)
GROUP BY currency ORDER BY currency
""")  # noqa: S608 - sums of our own table
_PLACE = text("SELECT entry_id, order_id FROM book_check WHERE name = 'books' FOR UPDATE SKIP LOCKED")
_MOVE = text("""
UPDATE book_check SET entry_id = :entry_id, order_id = :order_id,
    rounds = rounds + CASE WHEN CAST(:ended_at AS timestamptz) IS NULL THEN 0 ELSE 1 END,
    round_ended_at = coalesce(:ended_at, round_ended_at)
WHERE name = 'books'
""").bindparams(bindparam("order_id", type_=Uuid), bindparam("ended_at", type_=DateTime(timezone=True)))
_ENTRIES = text("""
SELECT entry_id, order_id FROM book_entry WHERE entry_id > :entry_id ORDER BY entry_id LIMIT :limit
""")
_NEXT = text("""
SELECT order_id FROM order_book WHERE CAST(:after AS uuid) IS NULL OR order_id > :after ORDER BY order_id LIMIT :limit
""").bindparams(bindparam("after", type_=Uuid))


class Place(NamedTuple):
    """How far both looks are."""

    entry_id: int
    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class Totals:
    """All books of a currency together, and what their entries come to."""

    currency: str
    orders: int
    paid_minor: int
    kept_minor: int
    refunded_minor: int
    in_flight_minor: int
    balanced: bool


async def differing(session: AsyncSession, order_ids: Sequence[UUID]) -> Sequence[Any]:
    """The books among these that aren't what their entries come to, each with the first of its lines that isn't."""
    return (await session.execute(_DIFFERING, {"order_ids": list(order_ids)})).all()


async def refunded_of(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What was given back of each order, as the entries say."""
    found = await session.execute(_REFUNDED, {"order_ids": list(order_ids)})
    return {order_id: int(total) for order_id, total in found}


async def totals(session: AsyncSession) -> list[Totals]:
    """The books by currency."""
    return [_totals(row) for row in await session.execute(_TOTALS)]


async def take_place(session: AsyncSession) -> Place | None:
    """Where to go on; None while another process is at it."""
    row = (await session.execute(_PLACE)).one_or_none()
    return None if row is None else Place(row.entry_id, row.order_id)


async def move_place(
    session: AsyncSession, entry_id: int, order_id: UUID | None, round_ended_at: datetime | None
) -> None:
    """Go on from there the next time."""
    await session.execute(_MOVE, {"entry_id": entry_id, "order_id": order_id, "ended_at": round_ended_at})


async def entered_after(session: AsyncSession, entry_id: int, limit: int) -> tuple[int, list[UUID]]:
    """The last of the next entries, and the orders of all of them."""
    found = (await session.execute(_ENTRIES, {"entry_id": entry_id, "limit": limit})).all()
    return (found[-1].entry_id if found else entry_id), list(dict.fromkeys(row.order_id for row in found))


async def books_after(session: AsyncSession, order_id: UUID | None, limit: int) -> list[UUID]:
    """The next books by the ids of their orders."""
    return list((await session.execute(_NEXT, {"after": order_id, "limit": limit})).scalars())


def _totals(row: Any) -> Totals:
    said = int(row.paid_minor), int(row.refunded_minor), int(row.in_flight_minor)
    entered = int(row.paid_entered or 0), int(row.refunded_entered or 0), int(row.in_flight_entered or 0)
    return Totals(
        currency=row.currency,
        orders=row.orders,
        paid_minor=said[0],
        kept_minor=int(row.kept_minor),
        refunded_minor=said[1],
        in_flight_minor=said[2],
        balanced=said == entered and said[0] == int(row.kept_minor) + said[1] + said[2],
    )
