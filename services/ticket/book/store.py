"""Every query of the books. Counters are moved by what changes, never written as they were read: what the CHECKs hold
stays true even where somebody forgot a lock."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger, DateTime, Text, Uuid
from sqlmodel import col

from services.ticket.book.ledger import EFFECTS, Book, BookLine, EntryKind, Movement, Paid, Worth
from services.ticket.book.models import BookAlarm, BookEntry, OrderBook, OrderBookLine
from services.ticket.sight import Wanted

_OPEN = text("""
WITH told AS (
    SELECT * FROM unnest(:order_ids, :currencies, :amounts) AS told (order_id, currency, paid_minor)
), opened AS (
    INSERT INTO order_book (order_id, currency, paid_minor, kept_minor, refunded_minor, in_flight_minor, version)
    SELECT order_id, currency, paid_minor, paid_minor, 0, 0, 1 FROM told ORDER BY order_id
)
INSERT INTO book_entry (order_id, kind, amount_minor, cause_id, at)
SELECT order_id, 'paid', paid_minor, order_id, :at FROM told
""").bindparams(
    bindparam("order_ids", type_=ARRAY(Uuid)), bindparam("currencies", type_=ARRAY(Text)),
    bindparam("amounts", type_=ARRAY(BigInteger)), bindparam("at", type_=DateTime(timezone=True)),
)  # fmt: skip
_CORRECT = text("""
WITH told AS (
    SELECT * FROM unnest(:order_ids, :amounts) AS told (order_id, amount_minor)
), corrected AS (
    UPDATE order_book AS book SET paid_minor = book.paid_minor + told.amount_minor,
        kept_minor = book.kept_minor + told.amount_minor, version = book.version + 1
    FROM told WHERE book.order_id = told.order_id
)
INSERT INTO book_entry (order_id, kind, amount_minor, cause_id, at)
SELECT order_id, 'corrected', amount_minor, order_id, :at FROM told
""").bindparams(
    bindparam("order_ids", type_=ARRAY(Uuid)), bindparam("amounts", type_=ARRAY(BigInteger)),
    bindparam("at", type_=DateTime(timezone=True)),
)  # fmt: skip
_POST = text("""
WITH told AS (
    SELECT * FROM jsonb_to_recordset(:entries) AS told (line_no integer, amount_minor bigint)
), line AS (
    UPDATE order_book_line AS line SET
        in_flight_minor = line.in_flight_minor + CAST(:in_flight AS bigint) * told.amount_minor,
        refunded_minor = line.refunded_minor + CAST(:refunded AS bigint) * told.amount_minor
    FROM told WHERE line.order_id = :order_id AND line.line_no = told.line_no
), book AS (
    UPDATE order_book SET
        kept_minor = kept_minor + CAST(:kept AS bigint) * whole.amount_minor,
        in_flight_minor = in_flight_minor + CAST(:in_flight AS bigint) * whole.amount_minor,
        refunded_minor = refunded_minor + CAST(:refunded AS bigint) * whole.amount_minor,
        version = version + 1
    FROM (SELECT CAST(sum(amount_minor) AS bigint) AS amount_minor FROM told) AS whole
    WHERE order_book.order_id = :order_id
)
INSERT INTO book_entry (order_id, kind, line_no, amount_minor, cause_id, at)
SELECT :order_id, :kind, line_no, amount_minor, :cause_id, :at FROM told
""").bindparams(
    bindparam("order_id", type_=Uuid), bindparam("cause_id", type_=Uuid), bindparam("kind", type_=Text),
    bindparam("at", type_=DateTime(timezone=True)),
)  # fmt: skip
_KNOW = text("""
INSERT INTO order_book_line (order_id, line_no, quantity, worth_minor, taken_back, refunded_minor, in_flight_minor)
SELECT :order_id, told.line_no, told.quantity, told.worth_minor, 0, 0, 0
FROM jsonb_to_recordset(:lines) AS told (line_no integer, quantity integer, worth_minor bigint)
ON CONFLICT (order_id, line_no) DO UPDATE SET quantity = excluded.quantity, worth_minor = excluded.worth_minor
""").bindparams(bindparam("order_id", type_=Uuid))
_TAKE = text("""
UPDATE order_book_line AS line SET taken_back = line.taken_back + told.pieces
FROM jsonb_to_recordset(:pieces) AS told (line_no integer, pieces integer)
WHERE line.order_id = :order_id AND line.line_no = told.line_no
""").bindparams(bindparam("order_id", type_=Uuid))
_OUTSTANDING = text("""
SELECT order_id, line_no, CAST(sum(CASE kind WHEN 'reserved' THEN amount_minor ELSE -amount_minor END) AS bigint)
FROM book_entry WHERE cause_id = ANY(:causes) AND kind IN ('reserved', 'released', 'refunded')
GROUP BY order_id, line_no
""").bindparams(bindparam("causes", type_=ARRAY(Uuid)))

_LAST_RELEASED = text("""
SELECT line_no, CAST(sum(amount_minor) AS bigint) AS amount_minor FROM book_entry
WHERE cause_id = :cause_id AND kind = 'released' AND line_no IS NOT NULL AND at = (
    SELECT max(at) FROM book_entry WHERE cause_id = :cause_id AND kind = 'released'
) GROUP BY line_no
""").bindparams(bindparam("cause_id", type_=Uuid))


async def lock_many(session: AsyncSession, order_ids: Iterable[UUID]) -> dict[UUID, Book]:
    """The books under their row locks, taken in one order, without their lines."""
    wanted = sorted(set(order_ids))
    statement = select(OrderBook).where(col(OrderBook.order_id).in_(wanted)).order_by(col(OrderBook.order_id))
    found = await session.execute(statement.with_for_update(), execution_options={"populate_existing": True})
    return {row.order_id: _book(row) for row in found.scalars()}


async def get(session: AsyncSession, order_id: UUID) -> Book | None:
    """One book with its lines, as it stands."""
    statement = select(OrderBook).where(col(OrderBook.order_id) == order_id)
    found = await session.execute(statement, execution_options={"populate_existing": True})
    row = found.scalar_one_or_none()
    if row is None:
        return None
    book = _book(row)
    book.lines = await lines_of(session, order_id)
    return book


async def given_back(session: AsyncSession, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What of each of these orders went back or is on its way back, by the orders that have a book."""
    gone = (col(OrderBook.refunded_minor) + col(OrderBook.in_flight_minor)).label("minor")
    statement = select(col(OrderBook.order_id), gone).where(col(OrderBook.order_id).in_(list(order_ids)))
    return {row.order_id: row.minor for row in await session.execute(statement)}


async def movements_of(session: AsyncSession, order_ids: Iterable[UUID]) -> dict[UUID, list[Movement]]:
    """What came in for each of these orders and went back of it, in the order in which it was booked."""
    statement = (
        select(BookEntry).where(col(BookEntry.order_id).in_(list(order_ids))).order_by(col(BookEntry.entry_id))
    )
    found: dict[UUID, list[Movement]] = defaultdict(list)
    for entry in (await session.execute(statement)).scalars():
        if moved := EFFECTS[EntryKind(entry.kind)].kept * entry.amount_minor:
            found[entry.order_id].append(Movement(entry.at, moved))
    return found


async def lines_of(session: AsyncSession, order_id: UUID) -> dict[int, BookLine]:
    """The known lines of a book."""
    statement = select(OrderBookLine).where(col(OrderBookLine.order_id) == order_id)
    found = await session.execute(statement, execution_options={"populate_existing": True})
    return {
        row.line_no: BookLine(row.quantity, row.worth_minor, row.taken_back, row.refunded_minor, row.in_flight_minor)
        for row in found.scalars()
    }


async def open_many(session: AsyncSession, paid: Sequence[Paid], at: datetime) -> None:
    """New books with their first entries, in one statement."""
    if paid:
        told = {
            "order_ids": [one.order_id for one in paid],
            "currencies": [one.currency for one in paid],
            "amounts": [one.paid_minor for one in paid],
        }
        await session.execute(_OPEN, {**told, "at": at})


async def correct_many(session: AsyncSession, corrected: Sequence[tuple[Paid, int]], at: datetime) -> None:
    """Books of which more or less was paid, with the entries that say so, in one statement."""
    if corrected:
        told = {"order_ids": [one.order_id for one, _ in corrected], "amounts": [by for _, by in corrected]}
        await session.execute(_CORRECT, {**told, "at": at})


async def post(
    session: AsyncSession,
    order_id: UUID,
    kind: EntryKind,
    cause_id: UUID,
    amounts: Mapping[int | None, int],
    at: datetime,
) -> None:
    """Entries of one kind, by line (None: the order's as a whole), and the counters with them, in one statement."""
    effect = EFFECTS[kind]
    entries = [{"line_no": line_no, "amount_minor": amount} for line_no, amount in amounts.items()]
    values = {"kept": effect.kept, "in_flight": effect.in_flight, "refunded": effect.refunded, "at": at}
    values |= {"order_id": order_id, "kind": kind.value, "cause_id": cause_id, "entries": _json(entries)}
    await session.execute(_POST, values)


async def know_lines(session: AsyncSession, order_id: UUID, lines: Sequence[Worth]) -> None:
    """Make lines known, or what they are worth anew."""
    rows = [{"line_no": one.line_no, "quantity": one.quantity, "worth_minor": one.worth_minor} for one in lines]
    await session.execute(_KNOW, {"order_id": order_id, "lines": _json(rows)})


async def take_pieces(session: AsyncSession, order_id: UUID, pieces: Mapping[int, int]) -> None:
    """So many pieces more, or fewer, are taken back."""
    rows = [{"line_no": line_no, "pieces": count} for line_no, count in pieces.items()]
    await session.execute(_TAKE, {"order_id": order_id, "pieces": _json(rows)})


async def outstanding(session: AsyncSession, cause_id: UUID) -> tuple[UUID | None, dict[int | None, int]]:
    """The order of a cause and what of it is in flight by line, as the entries say."""
    found = (await session.execute(_OUTSTANDING, {"causes": [cause_id]})).all()
    order_id = found[0][0] if found else None
    return order_id, {line_no: amount for _, line_no, amount in found if amount}


async def last_released(session: AsyncSession, cause_id: UUID) -> dict[int, int]:
    """What was released of the lines of a cause the last time that anything was."""
    found = await session.execute(_LAST_RELEASED, {"cause_id": cause_id})
    return {row.line_no: row.amount_minor for row in found}


async def open_alarms(session: AsyncSession, drifts: Collection[tuple[str, str]]) -> list[BookAlarm]:
    """The open alarms of these kinds and subjects, under their row locks."""
    named = tuple_(col(BookAlarm.kind), col(BookAlarm.subject)).in_(list(drifts))
    statement = select(BookAlarm).where(col(BookAlarm.status) == "open", named).order_by(col(BookAlarm.alarm_id))
    return list((await session.execute(statement.with_for_update())).scalars())


async def keep_alarms(session: AsyncSession, alarms: Sequence[BookAlarm]) -> set[UUID]:
    """Keep these alarms; the ids of those that weren't open already. An open one is seen once more."""
    statement = insert(BookAlarm).values([alarm.model_dump() for alarm in alarms])
    seen = statement.on_conflict_do_update(
        index_elements=["kind", "subject"],
        index_where=text("status = 'open'"),
        set_={"times": col(BookAlarm.times) + 1, "last_seen_at": statement.excluded.last_seen_at},
    )
    return set((await session.execute(seen.returning(col(BookAlarm.alarm_id)))).scalars())


async def get_alarm_for_update(session: AsyncSession, alarm_id: UUID) -> BookAlarm | None:
    """One alarm under its row lock."""
    statement = select(BookAlarm).where(col(BookAlarm.alarm_id) == alarm_id).with_for_update()
    found: BookAlarm | None = (await session.execute(statement)).scalar_one_or_none()
    return found


async def page_of_alarms(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[BookAlarm]:
    """Alarms with these values in their columns, newest first, after the given one."""
    statement = select(BookAlarm)
    for name, values in wanted.items():
        statement = statement.where(getattr(BookAlarm, name).in_(values))
    if after is not None:
        statement = statement.where(col(BookAlarm.alarm_id) < after)
    statement = statement.order_by(col(BookAlarm.alarm_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


def _book(row: OrderBook) -> Book:
    return Book(
        order_id=row.order_id,
        currency=row.currency,
        paid_minor=row.paid_minor,
        kept_minor=row.kept_minor,
        refunded_minor=row.refunded_minor,
        in_flight_minor=row.in_flight_minor,
    )


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows).decode()
