"""Keeping what can be searched, in the transaction that writes the texts (T5).

Rooms above call this where they write: a ticket's own text (subject, description, what was done) stands under the
ticket's id, a message under its own, so that both can be written again and moved to another ticket.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.ids import new_id
from kit.work import Work
from services.ticket.search import store

__all__ = ["append", "forget", "index", "move", "move_texts"]


async def index(work: Work, ticket_id: UUID, shop: str, opened_at: datetime, texts: Sequence[str | None]) -> None:
    """(Re)write the ticket's own searchable text; what was appended stays. The same again changes nothing."""
    body = "\n".join(part for part in texts if part)
    await store.keep(work.session, ticket_id, ticket_id, (shop, opened_at), body, internal=False)


async def append(
    work: Work, ticket_id: UUID, text: str, internal: bool = False, *, text_id: UUID | None = None
) -> None:
    """Add a message to what the ticket is found by; `internal` ones are never found by buyers and storefronts (T1).

    With `text_id` (the message's) it can be written again by a second call, moved by `move_texts` and forgotten.
    """
    place = await store.place_of(work.session, ticket_id)
    await store.keep(work.session, text_id or new_id(), ticket_id, place, text, internal=internal)


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
