"""What is told of a message that the customer can see, and the one that is written by itself (T41, T48)."""

from datetime import datetime
from uuid import UUID

from contracts.ticket.ticket import ReplyAuthor, TicketReplied, TicketSource
from kit.policies import in_force
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.message import service as messages
from services.ticket.message.service import Message
from services.ticket.routing.service import Routed
from services.ticket.shift import service as shifts
from services.ticket.ticket.lifecycle import TicketLike, state_of
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.policy import AUTO_REPLY


async def automatic(work: Work, ticket: Ticket, routed: Routed, language: str) -> Message | None:
    """The message that a customer gets at once when nobody has a hand free for the chat (T41); None when somebody
    has, or when it wasn't the customer who came. It stops no clock (T48)."""
    if ticket.source != TicketSource.STOREFRONT or routed.staff_id is not None:
        return None
    policy = (await in_force(work.session, AUTO_REPLY, ticket.shop, work.now)).document
    if ticket.channel not in policy.channels:
        return None
    words = policy.overflow if routed.overflow else policy.meal if routed.at_meal else policy.nobody
    return _draft(work, ticket, words.in_language(language))


async def at_meal(work: Work, ticket: Ticket) -> Message | None:
    """The message that a customer gets, once, who writes to a lone agent at a meal (T44); None otherwise. It stops no
    clock (T48)."""
    if ticket.assignee_staff_id is None:
        return None
    since = await shifts.automatic_since(work.session, ticket.assignee_staff_id, work.now)
    if since is None or await messages.answered_automatically(work, ticket.ticket_id, since):
        return None
    policy = (await in_force(work.session, AUTO_REPLY, ticket.shop, work.now)).document
    if ticket.channel not in policy.channels:
        return None
    known = ticket.customer_id is not None or ticket.account_id is not None
    party = await copies.whom(work, ticket.shop, ticket.customer_id, ticket.account_id) if known else copies.NOBODY
    return _draft(work, ticket, policy.meal.in_language(party.language))


def _draft(work: Work, ticket: Ticket, text: str) -> Message:
    return messages.draft(work, ticket.ticket_id, text, author=ReplyAuthor.SYSTEM, automatic=True)


def told(
    ticket: TicketLike, message: Message, at: datetime, *, first: bool = False, waited_seconds: int | None = None
) -> TicketReplied:
    """回复: that there is a message which the customer can see; not what it says (X6)."""
    staff_id: UUID | None = message.staff_id
    return TicketReplied(
        ticket=state_of(ticket),
        message_id=message.message_id,
        author=ReplyAuthor(message.author),
        staff_id=staff_id,
        automatic=message.automatic,
        first=first,
        waited_seconds=waited_seconds,
        replied_at=at,
    )
