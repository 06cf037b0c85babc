"""Use cases of the books: payments taken, money reserved, released and given back (T55).

Whoever moves money of an order holds its book's row lock, and takes it after the ticket's and before any other.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ticket.payment import DriftKind
from kit.money import Money
from kit.problems import Problem
from kit.work import Work
from services.ticket.book import alarms, store
from services.ticket.book.alarms import Drift
from services.ticket.book.ledger import Book, BookLine, EntryKind, Movement, Paid, Settled, Worth, news_of

__all__ = [
    "Book", "BookLine", "Movement", "NothingReservedError", "Paid", "Settled", "Worth", "give_after_all",
    "give_pieces_back", "given_back", "hold", "in_flight_of", "know", "lock", "lock_many", "look", "movements_of",
    "release", "reserve", "settle", "take_payments", "take_pieces",
]  # fmt: skip


class NothingReservedError(Exception):
    """Money of a cause is to be given back of which nothing is in flight."""


async def take_payments(work: Work, paid: Sequence[Paid]) -> None:
    """Open the books of orders that are or become paid, and bring those up to date of which more or less was paid, in
    a fixed number of statements. A correction to less than has been given back leaves the book as it is and raises an
    alarm; so does one in another currency."""
    if not paid:
        return
    news = news_of(paid, await store.lock_many(work.session, [one.order_id for one in paid]))
    await store.open_many(work.session, news.opened, work.now)
    await store.correct_many(work.session, news.corrected, work.now)
    drifts = [
        Drift(
            DriftKind.CORRECTION_REFUSED,
            subject=str(told.order_id),
            order_id=told.order_id,
            expected=Money(book.paid_minor, book.currency),
            found=Money(told.paid_minor, told.currency),
        )
        for told, book in news.refused
    ]
    await alarms.raise_alarms(work, drifts)


async def lock(work: Work, order_id: UUID, lines: Sequence[Worth] = ()) -> Book:
    """The book under its row lock, with these lines known. Raises Problem `order-unpaid` without a book."""
    book = await hold(work, order_id)
    if book is None:
        raise Problem("order-unpaid")
    await know(work, book, lines)
    return book


async def hold(work: Work, order_id: UUID) -> Book | None:
    """The book under its row lock, None without one. Whoever corrects the order locks its book as well: what is read
    of a paid order from now on stays so."""
    book = (await store.lock_many(work.session, [order_id])).get(order_id)
    if book is not None:
        book.lines = await store.lines_of(work.session, order_id)
    return book


async def know(work: Work, book: Book, lines: Sequence[Worth]) -> None:
    """Make lines of a locked book known, or bring them up to date. One that would be less than has been given back of
    it stays as it is and raises an alarm."""
    news = [one for one in lines if _differs(book.lines.get(one.line_no), one)]
    borne = [one for one in news if one.line_no not in book.lines or book.lines[one.line_no].bears(one)]
    if borne:
        await store.know_lines(work.session, book.order_id, borne)
    for one in borne:
        line = book.lines.setdefault(one.line_no, BookLine(one.quantity, one.worth_minor))
        line.quantity, line.worth_minor = one.quantity, one.worth_minor
    if len(borne) < len(news):
        await alarms.raise_alarms(work, [_line_drift(book, one) for one in news if one not in borne])


async def lock_many(work: Work, order_ids: Sequence[UUID]) -> None:
    """Hold the row locks of several books, for whoever moves money of several orders in one transaction."""
    await store.lock_many(work.session, order_ids)


async def look(session: AsyncSession, order_id: UUID) -> Book | None:
    """The book as it stands, None of an order that isn't paid."""
    return await store.get(session, order_id)


async def given_back(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What of each of these orders went back or is on its way back, in minor units; unpaid ones are not in it."""
    return await store.given_back(session, order_ids)


async def movements_of(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, list[Movement]]:
    """What came in for each of these orders and went back or set out to, oldest first; unpaid ones are not in it."""
    return await store.movements_of(session, order_ids)


async def take_pieces(work: Work, book: Book, pieces: Mapping[int, int]) -> None:
    """So many pieces of each line come back or never came. Raises Problem `more-than-bought`."""
    book.expect_pieces(pieces)
    await _move_pieces(work, book, pieces)


async def give_pieces_back(work: Work, book: Book, pieces: Mapping[int, int]) -> None:
    """They stay where they are after all: the request was refused or withdrawn. Raises ValueError for more than are
    taken back."""
    if any(count < 1 or count > book.lines[line_no].taken_back for line_no, count in pieces.items()):
        raise ValueError("no more pieces are given back than were taken")
    await _move_pieces(work, book, {line_no: -count for line_no, count in pieces.items()})


async def reserve(work: Work, book: Book, cause_id: UUID, by_line: Mapping[int, int], of_order: int = 0) -> None:
    """Put money of the order in flight: of its lines, or of the order as a whole. Raises Problem `more-than-kept`,
    which says what is `left`."""
    book.expect_left(by_line, of_order)
    await _post(work, book, EntryKind.RESERVED, cause_id, by_line, of_order)


async def release(
    work: Work, book: Book, cause_id: UUID, by_line: Mapping[int, int] | None = None, of_order: int = 0
) -> None:
    """Keep what was in flight: all of the cause, or the part that is named. Raises ValueError for more than is in
    flight of it."""
    _, in_flight = await store.outstanding(work.session, cause_id)
    if by_line is None and not of_order:
        whole = in_flight.pop(None, 0)
        await _post(work, book, EntryKind.RELEASED, cause_id, _lines(in_flight), whole)
        return
    named = _amounts(by_line or {}, of_order)
    if any(not 0 <= amount <= in_flight.get(line_no, 0) for line_no, amount in named.items()):
        raise ValueError("no more is released than is in flight of the cause")
    await _post(work, book, EntryKind.RELEASED, cause_id, by_line or {}, of_order)


async def settle(work: Work, cause_id: UUID) -> Settled:
    """What was in flight of the cause is with the customer. Raises NothingReservedError when nothing was."""
    order_id, _ = await store.outstanding(work.session, cause_id)
    if order_id is None:
        raise NothingReservedError
    book = await lock(work, order_id)
    _, in_flight = await store.outstanding(work.session, cause_id)
    if not in_flight:
        raise NothingReservedError
    whole = in_flight.pop(None, 0)
    await _post(work, book, EntryKind.REFUNDED, cause_id, _lines(in_flight), whole)
    return book.settled


async def give_after_all(work: Work, order_id: UUID, cause_id: UUID, amount_minor: int) -> Settled:
    """What was released of a cause had been paid all the same: it is with the customer. Of the lines that it was
    released of, as far as these have it left, else of the order. Raises Problem `more-than-kept` where the order has
    less left, ValueError while something is in flight of the cause."""
    if await in_flight_of(work.session, cause_id):
        raise ValueError("what is in flight is settled")
    book = await lock(work, order_id)
    by_line = await store.last_released(work.session, cause_id)
    left = {line_no: line.left_minor for line_no, line in book.lines.items()}
    fits = all(amount <= left.get(line_no, 0) for line_no, amount in by_line.items())
    if fits and sum(by_line.values()) == amount_minor:
        await reserve(work, book, cause_id, by_line)
    else:
        await reserve(work, book, cause_id, {}, amount_minor)
    return await settle(work, cause_id)


async def in_flight_of(session: AsyncSession, cause_id: UUID) -> int:
    """How much of the cause is in flight, as the entries say."""
    _, in_flight = await store.outstanding(session, cause_id)
    return sum(in_flight.values())


async def _post(
    work: Work, book: Book, kind: EntryKind, cause_id: UUID, by_line: Mapping[int, int], of_order: int
) -> None:
    amounts = {line_no: amount for line_no, amount in _amounts(by_line, of_order).items() if amount}
    if amounts:
        await store.post(work.session, book.order_id, kind, cause_id, amounts, work.now)
        book.post(kind, by_line, of_order)


async def _move_pieces(work: Work, book: Book, pieces: Mapping[int, int]) -> None:
    if pieces:
        await store.take_pieces(work.session, book.order_id, pieces)
    for line_no, count in pieces.items():
        book.lines[line_no].taken_back += count


def _amounts(by_line: Mapping[int, int], of_order: int) -> dict[int | None, int]:
    amounts: dict[int | None, int] = dict(by_line.items())
    amounts[None] = of_order
    return amounts


def _lines(in_flight: Mapping[int | None, int]) -> dict[int, int]:
    return {line_no: amount for line_no, amount in in_flight.items() if line_no is not None}


def _differs(line: BookLine | None, worth: Worth) -> bool:
    return line is None or (line.quantity, line.worth_minor) != (worth.quantity, worth.worth_minor)


def _line_drift(book: Book, worth: Worth) -> Drift:
    line = book.lines[worth.line_no]
    return Drift(
        DriftKind.CORRECTION_REFUSED,
        subject=f"{book.order_id}/{worth.line_no}",
        order_id=book.order_id,
        expected=Money(line.refunded_minor + line.in_flight_minor, book.currency),
        found=Money(worth.worth_minor, book.currency),
    )
