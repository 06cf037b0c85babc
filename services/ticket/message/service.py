"""Use cases of messages: written, read, moved. Whose ticket it is, and what a message does to it, is for the room of
tickets to say; it calls these under the ticket's row lock."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.ticket.ticket import ReplyAuthor
from kit.ids import new_id
from kit.problems import Fault, Problem
from kit.work import Work
from services.ticket.message import store
from services.ticket.message.models import Message
from services.ticket.message.schemas import MessagePublic, Visibility
from services.ticket.search import service as search

__all__ = ["Message", "answered_automatically", "describe", "draft", "keep", "list_messages", "move_all", "move_some"]


def draft(
    work: Work, ticket_id: UUID, text: str, *, author: ReplyAuthor, internal: bool = False, automatic: bool = False
) -> Message:
    """A message on a ticket as who acts in `work` writes it; not kept yet."""
    return Message(
        message_id=new_id(),
        ticket_id=ticket_id,
        internal=internal,
        author=author,
        automatic=automatic,
        written_by="system" if author is ReplyAuthor.SYSTEM else work.actor.subject,
        staff_id=work.actor.staff_id if author is ReplyAuthor.STAFF else None,
        body=text,
        sent_at=work.now,
    )


async def keep(work: Work, message: Message) -> None:
    """Write it down, and what the ticket is found by; internal ones are found by the house alone (T5)."""
    await store.add(work.session, message)
    await search.append(work, message.ticket_id, message.body, internal=message.internal, text_id=message.message_id)


async def list_messages(
    work: Work, ticket_id: UUID, *, internal: bool | None, after: UUID | None, limit: int
) -> tuple[list[Message], UUID | None]:
    """Messages of a ticket, oldest first, and the last one shown when there are more; `internal`: which of the two
    kinds, both when it is None."""
    found = await store.page(work.session, ticket_id, internal, after, limit + 1)
    return found[:limit], found[limit - 1].message_id if len(found) > limit else None


async def answered_automatically(work: Work, ticket_id: UUID, since: datetime) -> bool:
    """Whether the ticket's customer has been answered automatically since then."""
    return await store.any_automatic(work.session, ticket_id, since)


async def move_all(work: Work, source: UUID, target: UUID) -> int:
    """并单: all messages of one ticket stand in the other from now on (T3)."""
    moved = await store.move(work.session, source, target, None)
    await search.move(work, source, target)
    return moved


async def move_some(work: Work, source: UUID, target: UUID, message_ids: Sequence[UUID]) -> int:
    """拆单: these messages stand in the other from now on (T3). Raises Problem `invalid-request` for one that doesn't
    stand in the first."""
    here = await store.of_ticket(work.session, source, message_ids)
    strange = [place for place, message_id in enumerate(message_ids) if message_id not in here]
    if strange:
        faults = [
            Fault(f"/message_ids/{place}", "不是本工单的消息", "is not a message of this ticket") for place in strange
        ]
        raise Problem("invalid-request", faults=faults)
    moved = await store.move(work.session, source, target, list(message_ids))
    await search.move_texts(work, list(message_ids), target)
    return moved


def describe(message: Message) -> MessagePublic:
    """The message as an answer shows it."""
    return MessagePublic(
        message_id=message.message_id,
        ticket_id=message.ticket_id,
        came_from=message.came_from,
        visibility=Visibility.INTERNAL if message.internal else Visibility.PUBLIC,
        author=ReplyAuthor(message.author),
        automatic=message.automatic,
        staff_id=message.staff_id,
        text=message.body,
        sent_at=message.sent_at,
    )
