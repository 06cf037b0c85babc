"""Every query of tickets."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    true,
    tuple_,
)  # fmt: skip
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, make_transient_to_detached
from sqlmodel import col

from kit.ids import people_number
from kit.rows import row_of
from kit.session import Session
from kit.work import Work
from services.ticket.models import TicketServiceTable
from services.ticket.sight import Wanted
from services.ticket.ticket.lifecycle import UNFINISHED, Sorting
from services.ticket.ticket.models import Ticket, TicketTag, TicketWatcher

_TABLES = TicketServiceTable.metadata.tables
# One statement object each, so that it is compiled once; and the table, not the model: the ORM's way costs twice.
_TAG = insert(_TABLES["ticket_tag"])
_WATCH = insert(_TABLES["ticket_watcher"])
_FINAL = text("""
WITH RECURSIVE merged AS (
    SELECT ticket_id, merged_into, 1 AS step FROM ticket WHERE ticket_id = :ticket_id
    UNION ALL
    SELECT next.ticket_id, next.merged_into, step + 1
    FROM merged JOIN ticket next ON next.ticket_id = merged.merged_into WHERE step < 100
)
SELECT ticket_id FROM merged ORDER BY step DESC LIMIT 1
""")
# Said as the index of the queue says it, not by parameters: else no plan that is kept could use it.
_TO_DO: ColumnElement[bool] = literal_column("ticket.status IN ('new', 'open', 'waiting')", Boolean())
# What a ticket has several of stands beside it.
_BESIDE: Mapping[str, tuple[type[TicketWatcher] | type[TicketTag], Any]] = {
    "watcher_staff_id": (TicketWatcher, TicketWatcher.staff_id),
    "tag": (TicketTag, TicketTag.tag),
}
# An id is made within the seconds of its ticket's opening, so a span of time is a span of ids, and every list that is
# ordered by id finds it without an index of its own.
_ID_MARGIN = timedelta(minutes=10)


class Span(NamedTuple):
    """From when to when tickets were opened; the end is exclusive."""

    since: datetime | None = None
    until: datetime | None = None


async def next_number(work: Work) -> str:
    """The next number that people read and say: business date and a sequence that never starts anew."""
    return people_number("T", work.now, await work.session.next_of("ticket_number"))


async def add(session: Session, ticket: Ticket) -> None:
    """Insert a new ticket, with the tags it has."""
    session.gather(_TABLES["ticket"], row_of(ticket), first=True)
    if ticket.tags:
        await keep_tags(session, ticket.ticket_id, ticket.tags, new=True)


def watched(session: AsyncSession, ticket: Ticket) -> Ticket:
    """The ticket, of which the session takes notice from now on if it didn't: one that was inserted just now is
    saved with what happens to it next."""
    if ticket not in session:
        make_transient_to_detached(ticket)
        session.add(ticket)
    return ticket


async def keep_tags(session: AsyncSession, ticket_id: UUID, tags: Sequence[str], *, new: bool = False) -> None:
    """It has exactly these tags."""
    if not new:
        await session.execute(delete(TicketTag).where(col(TicketTag.ticket_id) == ticket_id))
    if tags:
        await session.execute(_TAG, [{"tag": tag, "ticket_id": ticket_id} for tag in tags])


async def keep_watcher(session: AsyncSession, ticket_id: UUID, staff_id: UUID, *, watches: bool) -> None:
    """Somebody watches it, or no longer."""
    if watches:
        await session.execute(_WATCH, {"staff_id": staff_id, "ticket_id": ticket_id})
    else:
        one = (col(TicketWatcher.staff_id) == staff_id, col(TicketWatcher.ticket_id) == ticket_id)
        await session.execute(delete(TicketWatcher).where(*one))


async def get(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    """One ticket."""
    return await session.get(Ticket, ticket_id)


async def get_for_update(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    """One ticket under its row lock."""
    return (await lock_many(session, [ticket_id])).get(ticket_id)


async def lock_many(session: AsyncSession, ticket_ids: Sequence[UUID]) -> dict[UUID, Ticket]:
    """Tickets under their row locks, taken in one order, so that two who lock the same never wait for each other."""
    statement = select(Ticket).where(col(Ticket.ticket_id).in_(ticket_ids)).order_by(col(Ticket.ticket_id))
    return await _locked(session, statement)


async def lock_unfinished_of(session: AsyncSession, staff_id: UUID, limit: int) -> list[Ticket]:
    """What somebody has to work on, under its row locks, oldest first."""
    theirs = (col(Ticket.assignee_staff_id) == staff_id, col(Ticket.status).in_(UNFINISHED))
    statement = select(Ticket).where(*theirs).order_by(col(Ticket.ticket_id)).limit(limit)
    return list((await _locked(session, statement)).values())


async def lock_merged_into(session: AsyncSession, ticket_id: UUID) -> list[Ticket]:
    """The tickets that were merged into that one, under their row locks."""
    statement = select(Ticket).where(col(Ticket.merged_into) == ticket_id).order_by(col(Ticket.ticket_id))
    return list((await _locked(session, statement)).values())


async def surviving(session: AsyncSession, ticket_id: UUID) -> UUID:
    """Where a ticket's matter is dealt with after all merges."""
    final: UUID = (await session.execute(_FINAL, {"ticket_id": ticket_id})).scalar_one()
    return final


async def unfinished_of_order(session: AsyncSession, order_id: UUID) -> UUID | None:
    """A ticket of that order which somebody is to work on, if there is one."""
    statement = (
        select(col(Ticket.ticket_id))
        .where(col(Ticket.order_id) == order_id, col(Ticket.status).in_(UNFINISHED))
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def page(
    session: AsyncSession, wanted: Wanted, span: Span, order: Sorting, after: Sequence[Any] | None, limit: int
) -> list[Ticket]:
    """Tickets with these values in their columns (and tags, and watchers), in that order, after the given place.

    `assignee_staff_id: [None]` is the queue: what nobody has and somebody should.
    """
    if order is Sorting.DUE:
        due, ticket_id = col(Ticket.due_at), col(Ticket.ticket_id)
        statement = select(Ticket).where(*_conditions(wanted), *_within(span), due.is_not(None))
        if after is not None:
            statement = statement.where(tuple_(due, ticket_id) > (datetime.fromisoformat(after[0]), UUID(after[1])))
        statement = statement.order_by(due, ticket_id)
    else:
        beside = next((name for name in _BESIDE if len(wanted.get(name, ())) == 1), None)
        statement, ticket_id = _newest(wanted, span) if beside is None else _along(beside, wanted, span)
        if after is not None:
            statement = statement.where(ticket_id < UUID(after[0]))
        statement = statement.order_by(ticket_id.desc())
    return list((await session.execute(statement.limit(limit))).scalars())


async def count(session: AsyncSession, wanted: Wanted, span: Span, order: Sorting, most: int) -> int:
    """How many tickets such a list has, counted no further than `most`."""
    statement = select(col(Ticket.ticket_id)).where(*_conditions(wanted), *_within(span))
    if order is Sorting.DUE:
        statement = statement.where(col(Ticket.due_at).is_not(None))
    counted = select(func.count()).select_from(statement.limit(most).subquery())
    return int((await session.execute(counted)).scalar_one())


def place_of(ticket: Ticket, order: Sorting) -> list[str]:
    """Where a ticket stands in a list of that order; for its cursor."""
    if order is Sorting.DUE and ticket.due_at is not None:
        return [ticket.due_at.isoformat(), str(ticket.ticket_id)]
    return [str(ticket.ticket_id)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, values in wanted.items():
        if name in _BESIDE:
            beside, key = _BESIDE[name]
            has = exists().where(col(beside.ticket_id) == col(Ticket.ticket_id), col(key).in_(values))
            found.append(has)
        elif list(values) == [None]:
            found += [getattr(Ticket, name).is_(None), _TO_DO]
        else:
            found.append(getattr(Ticket, name).in_(values))
    return found


def _newest(wanted: Wanted, span: Span) -> tuple[Select[Any], Any]:
    """A list of tickets and the id that it is ordered by."""
    return select(Ticket).where(*_conditions(wanted), *_within(span)), col(Ticket.ticket_id)


def _along(name: str, wanted: Wanted, span: Span) -> tuple[Select[Any], Any]:
    """The same along what somebody watches, or along a tag: its rows are in the order of the list already, so each of
    them is looked up in turn until the page is full, and none of the other tickets. The fence (`OFFSET 0`) keeps the
    database from taking the way through all tickets."""
    beside, key = _BESIDE[name]
    others = {other: values for other, values in wanted.items() if other != name}
    same = col(Ticket.ticket_id) == col(beside.ticket_id)
    ours = select(Ticket).where(same, *_conditions(others), *_within(span)).offset(0).lateral()
    statement = select(aliased(Ticket, ours)).select_from(beside).join(ours, true())
    return statement.where(col(key).in_(wanted[name])), col(beside.ticket_id)


def _within(span: Span) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if span.since is not None:
        first = _first_id(span.since - _ID_MARGIN)
        found += [col(Ticket.opened_at) >= span.since, col(Ticket.ticket_id) >= first]
    if span.until is not None:
        last = _first_id(span.until + _ID_MARGIN)
        found += [col(Ticket.opened_at) < span.until, col(Ticket.ticket_id) < last]
    return found


def _first_id(at: datetime) -> UUID:
    """The lowest id that can have been made at that instant."""
    milliseconds = max(int(at.timestamp() * 1000), 0)
    return UUID(int=milliseconds << 80)


async def _locked(session: AsyncSession, statement: Select[Any]) -> dict[UUID, Ticket]:
    """As they are in the database at the moment of the lock, with what this transaction has done to them before."""
    await session.flush()
    fresh = {"populate_existing": True}
    found = await session.execute(statement.with_for_update(), execution_options=fresh)
    return {ticket.ticket_id: ticket for ticket in found.scalars()}
