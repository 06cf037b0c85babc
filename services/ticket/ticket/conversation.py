"""What is said on a ticket, and what that does to it (T1, T2, T48).

What a customer writes resumes a ticket that waits for them, and opens a solved one again while its days last; on one
that has ended otherwise it makes a follow-up, or goes to the one that is there. Whoever writes on a ticket that was
merged is heard on the surviving one. A status that follows from stages is their room's business alone.
"""

from uuid import UUID

from contracts.permissions import STOREFRONT
from contracts.ticket.ticket import ReplyAuthor, TicketEvent, TicketKind, TicketStatus, WaitingOn
from kit import outbox
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.message import service as messages
from services.ticket.message.schemas import MessageCreate, Visibility
from services.ticket.message.service import Message
from services.ticket.sight import sees_notes
from services.ticket.ticket import lifecycle, replies
from services.ticket.ticket.change import changed, due_from_clocks, is_unfinished, locked, timed, write_down
from services.ticket.ticket.followups import follow_up_of
from services.ticket.ticket.lifecycle import COMMON
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.reading import get_ticket, surviving
from services.ticket.ticket.verbs import may_reopen, reopened

_WROTE = "客户来信"


async def write_message(work: Work, ticket_id: UUID, asked: MessageCreate) -> Message:
    """Write a message on a ticket.

    Raises Problem `not-found`, `invalid-request` for a note by somebody who sees none, `transition-refused` for an
    answer on a ticket that has ended.
    """
    if asked.visibility is Visibility.INTERNAL:
        return await _note(work, ticket_id, asked.text)
    if _author(work) is ReplyAuthor.CUSTOMER:
        return await _hear(work, await _whom_it_reaches(work, ticket_id), asked.text)
    return await _answer(work, await _survivor(work, ticket_id), asked.text)


async def list_messages(
    work: Work, ticket_id: UUID, visibility: Visibility | None, after: UUID | None, limit: int
) -> tuple[list[Message], UUID | None]:
    """Messages of a ticket, oldest first; for whoever sees no notes there are none (T1). Of a merged one those of the
    surviving one, where they are now (T3)."""
    ticket = await surviving(work, await get_ticket(work, ticket_id))
    internal = None if visibility is None else visibility is Visibility.INTERNAL
    if not sees_notes(work):
        if internal:
            return [], None
        internal = False
    return await messages.list_messages(work, ticket.ticket_id, internal=internal, after=after, limit=limit)


async def _note(work: Work, ticket_id: UUID, text: str) -> Message:
    if not sees_notes(work):
        raise invalid("/visibility", "只能发送公开消息", "can only be public")
    ticket = await _survivor(work, ticket_id)
    return await _keep(
        work, ticket, messages.draft(work, ticket.ticket_id, text, author=_author(work), internal=True)
    )


async def _answer(work: Work, ticket: Ticket, text: str) -> Message:
    """回复: only this stops the clock of the reply that is due (T48)."""
    work.expect_version(ticket.version)
    if ticket.status in (TicketStatus.CLOSED, TicketStatus.CANCELLED):
        raise lifecycle.refusal(ticket, "reply")
    message = messages.draft(work, ticket.ticket_id, text, author=ReplyAuthor.STAFF)
    answered = await clocks.replied(work, timed(ticket))
    due_from_clocks(ticket, answered.due_at)
    lifecycle.touch(ticket, work.actor)
    told = replies.told(ticket, message, work.now, first=answered.first, waited_seconds=answered.waited_seconds)
    return await _keep(work, ticket, message, told)


async def _hear(work: Work, ticket: Ticket, text: str) -> Message:
    """客户来信."""
    work.expect_version(ticket.version)
    common = TicketKind(ticket.kind) in COMMON
    if common and ticket.status == TicketStatus.SOLVED:
        ticket = await reopened(work, ticket, _WROTE)
    elif common and ticket.waiting_on == WaitingOn.CUSTOMER:
        ticket = await changed(
            work, ticket, "resume", lambda it: lifecycle.resume(it, work.actor, work.now), reason=_WROTE
        )
    message = messages.draft(work, ticket.ticket_id, text, author=ReplyAuthor.CUSTOMER)
    due_from_clocks(ticket, await clocks.customer_wrote(work, timed(ticket)))
    heard = await _keep(work, ticket, message, replies.told(ticket, message, work.now))
    automatic = await replies.at_meal(work, ticket)
    if automatic is not None:
        await _keep(work, ticket, automatic, replies.told(ticket, automatic, work.now))
    return heard


async def _keep(work: Work, ticket: Ticket, message: Message, told: TicketEvent | None = None) -> Message:
    """A message with its event and its line in the trail, which says nothing of its words (X6)."""
    if told is not None:
        ticket.version += 1
        await outbox.record(work, ticket, told)
    await messages.keep(work, message)
    verb, after = ("note", {}) if message.internal else ("reply", {"author": message.author})
    await write_down(work, ticket, verb, None, {**after, "message_id": str(message.message_id)})
    return message


async def _whom_it_reaches(work: Work, ticket_id: UUID) -> Ticket:
    """The ticket on which a customer is heard, locked: a solved one whose days last is opened again (or is still in
    its stages), of one that has ended otherwise the follow-up that is worked on, else a new one (T2)."""
    ticket = await _survivor(work, ticket_id)
    if is_unfinished(ticket):
        return ticket
    if ticket.status == TicketStatus.SOLVED and (
        TicketKind(ticket.kind) not in COMMON or await may_reopen(work, ticket)
    ):
        return ticket
    return await follow_up_of(work, ticket)


async def _survivor(work: Work, ticket_id: UUID) -> Ticket:
    """The ticket, of a merged one the surviving one, locked. It is looked up first and locked then, one row, so that
    two are never locked in the wrong order. Raises Problem `conflict` when it is merged in that very moment."""
    found = await surviving(work, await get_ticket(work, ticket_id))
    ticket = await locked(work, found.ticket_id)
    if ticket.merged_into is not None:
        raise Problem("conflict")
    return ticket


def _author(work: Work) -> ReplyAuthor:
    """A buyer, or the storefront on a buyer's behalf, is the customer; whoever else may write is staff."""
    is_customer = work.actor.account_id is not None or STOREFRONT in work.actor.roles
    return ReplyAuthor.CUSTOMER if is_customer else ReplyAuthor.STAFF
