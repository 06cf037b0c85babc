"""Every query of searchable texts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.session import Session
from services.ticket.models import TicketServiceTable
from services.ticket.search import words
from services.ticket.search.models import TicketText

_TEXT = TicketServiceTable.metadata.tables["ticket_text"]
_ENTRIES = bindparam("entries", type_=ARRAY(TEXT))
_KEEP = text("""
INSERT INTO ticket_text (text_id, ticket_id, shop, opened_at, internal, body, plain, entries)
VALUES (:text_id, :ticket_id, :shop, :opened_at, :internal, :body, :plain, array_to_tsvector(:entries))
ON CONFLICT (text_id) DO UPDATE SET
    body = excluded.body, plain = excluded.plain, entries = excluded.entries, internal = excluded.internal
""").bindparams(_ENTRIES)
_PLACE = text("SELECT shop, opened_at FROM ticket WHERE ticket_id = :ticket_id")
_MOVE = text("""
UPDATE ticket_text SET ticket_id = :ticket_id, shop = :shop, opened_at = :opened_at,
    entries = (
        SELECT array_to_tsvector(array_agg(entry) || CAST(:entries AS text[]))
        FROM unnest(tsvector_to_array(entries)) entry WHERE entry NOT LIKE '@%'
    )
WHERE text_id = ANY(:text_ids) OR ticket_id = :moved
""").bindparams(_ENTRIES)


def row(text_id: UUID, ticket_id: UUID, place: tuple[str, datetime], body: str, *, internal: bool) -> dict[str, Any]:
    """A text as the table holds it."""
    shop, opened_at = place
    plain = words.plain(body)
    return {
        "text_id": text_id,
        "ticket_id": ticket_id,
        "shop": shop,
        "opened_at": opened_at,
        "internal": internal,
        "body": body,
        "plain": plain,
        "entries": [*words.entries_of_plain(plain), *words.place(shop, opened_at)],
    }


def add(session: Session, values: Mapping[str, Any]) -> None:
    """A text that is new."""
    session.gather(_TEXT, values)


async def keep(session: AsyncSession, values: dict[str, Any]) -> None:
    """Keep the text of this row, in place of what had its id before."""
    await session.execute(_KEEP, values)


async def keep_many(session: AsyncSession, rows: Iterable[dict[str, Any]]) -> None:
    """Keep some texts."""
    await session.execute(_KEEP, list(rows))


async def place_of(session: AsyncSession, ticket_id: UUID) -> tuple[str, datetime]:
    """Shop and opening of a ticket. Raises NoResultFound for one that isn't there."""
    shop, opened_at = (await session.execute(_PLACE, {"ticket_id": ticket_id})).one()
    return shop, opened_at


async def move(
    session: AsyncSession,
    ticket_id: UUID,
    place: tuple[str, datetime],
    *,
    moved: UUID | None,
    text_ids: Sequence[UUID],
) -> None:
    """Give all texts of `moved`, or those with these ids, to a ticket."""
    shop, opened_at = place
    values = {
        "ticket_id": ticket_id, "shop": shop, "opened_at": opened_at, "entries": list(words.place(shop, opened_at)),
        "moved": moved, "text_ids": list(text_ids),
    }  # fmt: skip
    await session.execute(_MOVE, values)


async def forget(session: AsyncSession, text_id: UUID) -> None:
    """Delete one text."""
    await session.execute(delete(TicketText).where(col(TicketText.text_id) == text_id))
