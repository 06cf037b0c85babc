"""Keeping what can be searched, in the transaction that writes the texts; and finding it (T5).

Rooms above keep here what they write: a ticket's own text (subject, description, what was done) stands under the
ticket's id, a message under its own, so that both can be written again and moved to another ticket.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.ids import derived_id, new_id
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.search import finding, store
from services.ticket.search.finding import Sought
from services.ticket.search.highlight import fragment
from services.ticket.search.query import MOST_TERMS, terms_of
from services.ticket.search.schemas import Highlight, TicketHit, TicketSearch
from services.ticket.sight import in_sight, sees_notes

MOST_COUNTED = 1000
Texts = Sequence[str | None]
MOST_FRAGMENTS = 3
_NO_COLUMNS = {"q", "limit", "cursor", "count", "opened_from", "opened_to"}
_COLUMNS = {"group": "group_code"}
# What nobody outside the house may ask by, nor is shown.
_OF_THE_HOUSE = frozenset({"assignee_staff_id", "group", "category"})


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found, the place to go on from, and the count where it was asked for."""

    hits: list[TicketHit]
    next_after: UUID | None
    count: int | None = None
    count_is_capped: bool | None = None


async def index(
    work: Work,
    ticket_id: UUID,
    shop: str,
    opened_at: datetime,
    texts: Texts,
    internal: Texts | None = None,
) -> None:
    """(Re)write the ticket's own searchable texts; what was appended stays. The same again changes nothing.

    Nobody outside the house finds it by its `internal` ones; without them, those written before stay as they are.
    """
    await store.keep_many(work.session, _own(ticket_id, (shop, opened_at), texts, internal))


def index_new(work: Work, ticket_id: UUID, shop: str, opened_at: datetime, texts: Texts, internal: Texts) -> None:
    """The texts of a ticket that is new, written with it."""
    for row in _own(ticket_id, (shop, opened_at), texts, internal):
        store.add(work.session, row)


async def append(
    work: Work, ticket_id: UUID, text: str, internal: bool = False, *, text_id: UUID | None = None
) -> None:
    """Add a message to what the ticket is found by; `internal` ones are never found by buyers and storefronts (T1).

    With `text_id` (the message's) it can be written again by a second call, moved by `move_texts` and forgotten.
    """
    place = await store.place_of(work.session, ticket_id)
    await store.keep(work.session, store.row(text_id or new_id(), ticket_id, place, text, internal=internal))


async def move(work: Work, ticket_id: UUID, into: UUID) -> None:
    """合并: all that was found by the merged ticket is found by the one it was merged into (T3)."""
    place = await store.place_of(work.session, into)
    await store.move(work.session, into, place, moved=ticket_id, text_ids=())


async def move_texts(work: Work, text_ids: Sequence[UUID], into: UUID) -> None:
    """拆分: these messages are found by the ticket that they were taken into (T3)."""
    place = await store.place_of(work.session, into)
    await store.move(work.session, into, place, moved=None, text_ids=text_ids)


async def forget(work: Work, text_id: UUID) -> None:
    """What is no longer to be found."""
    await store.forget(work.session, text_id)


async def search_tickets(work: Work, asked: TicketSearch, after: UUID | None) -> Hits:
    """The newest tickets in sight that have all the words. Raises Problem `invalid-request` for a query without a
    word, or with too many, `forbidden` for a filter by what the caller isn't shown."""
    sought = await _sought(work, asked)
    found = await finding.find(work.session, sought, after, asked.limit)
    hits = await _described(work, sought, found.ticket_ids)
    if not asked.count:
        return Hits(hits, found.next_after)
    all_found = await finding.find(work.session, sought, None, MOST_COUNTED)
    return Hits(hits, found.next_after, len(all_found.ticket_ids), all_found.next_after is not None)


def _own(
    ticket_id: UUID, place: tuple[str, datetime], texts: Texts, internal: Texts | None
) -> Iterator[dict[str, Any]]:
    """A ticket's own texts as the table holds them."""
    yield store.row(ticket_id, ticket_id, place, _joined(texts), internal=False)
    if internal is not None:
        yield store.row(derived_id("ticket-text", str(ticket_id)), ticket_id, place, _joined(internal), internal=True)


def _joined(texts: Texts) -> str:
    return "\n".join(part for part in texts if part)


async def _sought(work: Work, asked: TicketSearch) -> Sought:
    terms = terms_of(asked.q)
    if not 0 < len(terms) <= MOST_TERMS:
        raise invalid("/query/q", f"1 到 {MOST_TERMS} 个词", f"must hold 1 to {MOST_TERMS} words")
    if not sees_notes(work) and _OF_THE_HOUSE & asked.model_fields_set:
        raise Problem("forbidden")
    columns = asked.model_dump(exclude=_NO_COLUMNS, exclude_none=True)
    wanted = dict(in_sight(work, {_COLUMNS.get(name, name): value for name, value in columns.items()}))
    if asked.customer_id is not None:
        wanted["customer_id"] = await copies.files_of(work.session, asked.customer_id)
    return Sought(terms, wanted, sees_notes(work), work.now, since=asked.opened_from, until=asked.opened_to)


async def _described(work: Work, sought: Sought, ticket_ids: Sequence[UUID]) -> list[TicketHit]:
    if not ticket_ids:
        return []
    patterns = [term.pattern for term in sought.terms]
    highlights: dict[UUID, list[Highlight]] = {}
    for ticket_id, internal, body in await finding.texts_of(work.session, sought, ticket_ids, MOST_FRAGMENTS):
        piece = fragment(body, patterns)
        if piece is not None:
            highlight = Highlight(text=piece.text, hits=piece.hits, internal=internal)
            highlights.setdefault(ticket_id, []).append(highlight)
    rows = await finding.shown(work.session, ticket_ids)
    hidden = {} if sought.internal else dict.fromkeys(_OF_THE_HOUSE)
    return [TicketHit(**{**row, **hidden}, highlights=highlights.get(row["ticket_id"], [])) for row in rows]
