"""The books held against their entries, a bounded number at once (T55).

Counters and entries are stored by themselves and compared here: first the books that something was entered in since
the last look, then the next ones of a round that comes by every book there is. One statement sees both sides of a
book at the same instant, so what it finds is no matter of timing.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ticket.payment import DriftKind
from kit.money import Money
from kit.work import Work
from services.ticket.book import comparing
from services.ticket.book.alarms import Drift
from services.ticket.book.comparing import Totals

__all__ = ["Totals", "drifts_of", "next_books", "refunded_of", "totals"]


async def next_books(work: Work, limit: int) -> list[UUID]:
    """The books to look at next, at most twice as many as `limit`; the place of both looks moves on with the
    transaction. One process looks at a time, the others find nothing."""
    place = await comparing.take_place(work.session)
    if place is None:
        return []
    entry_id, changed = await comparing.entered_after(work.session, place.entry_id, limit)
    round_of = await comparing.books_after(work.session, place.order_id, limit)
    through = len(round_of) < limit
    await comparing.move_place(
        work.session, entry_id, None if through else round_of[-1], work.now if through else None
    )
    return list(dict.fromkeys([*changed, *round_of]))


async def drifts_of(session: AsyncSession, order_ids: Sequence[UUID]) -> list[Drift]:
    """What doesn't add up in these books: their counters, and their lines', against the entries."""
    return [drift for row in await comparing.differing(session, order_ids) for drift in _drifts(row)]


async def refunded_of(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What was given back of each of these orders, as the entries say."""
    return await comparing.refunded_of(session, order_ids)


async def totals(session: AsyncSession) -> list[Totals]:
    """All books together, and whether they are what their entries come to; one row a currency."""
    return await comparing.totals(session)


def _drifts(row: Any) -> list[Drift]:
    found = []
    for counter in ("paid", "refunded", "in_flight"):
        said, entered = getattr(row, f"{counter}_minor"), getattr(row, f"{counter}_entered")
        if said != entered:
            found.append(_drift(row, DriftKind.BOOK_COUNTERS, str(row.order_id), said, entered))
            break
    if row.line_no is not None:
        subject = f"{row.order_id}/{row.line_no}"
        found.append(_drift(row, DriftKind.BOOK_LINES, subject, row.line_minor, row.line_entered))
    return found


def _drift(row: Any, kind: DriftKind, subject: str, said: int, entered: int) -> Drift:
    expected, found = Money(int(said), row.currency), Money(int(entered), row.currency)
    return Drift(kind, subject, order_id=row.order_id, expected=expected, found=found)
