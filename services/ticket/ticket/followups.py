"""跟进: later contact about a ticket that has ended makes a new one, linked to it (T2)."""

from dataclasses import replace
from uuid import UUID

from contracts.ticket.ticket import IntakeChannel, TicketKind, TicketSource
from kit.work import Work
from services.ticket.link import service as links
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.ticket import lifecycle, store
from services.ticket.ticket.change import is_unfinished, locked
from services.ticket.ticket.lifecycle import Opening
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.opening import place

_SUBJECT = "跟进 {number}：{subject}"
_LONGEST = 200


async def open_follow_up(
    work: Work, ticket_id: UUID, subject: str | None, description: str | None, channel: IntakeChannel | None
) -> Ticket:
    """Open the follow-up of a ticket that has ended: about the same order, for the same customer, in the same shop.

    Raises Problem `not-found`, and `transition-refused` while it is worked on, or was merged into one that is.
    """
    before = await locked(work, ticket_id)
    if is_unfinished(before) or before.merged_into is not None:
        raise lifecycle.refusal(before, "follow-up")
    return await _open(work, before, subject, description, channel)


async def follow_up_of(work: Work, before: Ticket) -> Ticket:
    """The follow-up of that locked ticket on which contact is heard: the newest that is worked on, else a new one."""
    newest = await links.newest_follower(work.session, before.ticket_id)
    if newest is not None:
        known = await store.get_for_update(work.session, newest)
        if known is not None and is_unfinished(known):
            return known
    return store.watched(work.session, await _open(work, before, None, None, None))


async def open_beside(work: Work, ticket: Ticket, opening: Opening) -> Ticket:
    """Open a ticket about what that one is about: the same order, account and customer."""
    order: OrderLike | None = None
    if ticket.order_no is not None:
        order = (await orders.get_order(work, ticket.shop, ticket.order_no))[0]
    if ticket.account_id is None:
        opening = replace(opening, customer_id=ticket.customer_id)
    return (await place(work, opening, order, ticket.account_id)).ticket


async def _open(
    work: Work, before: Ticket, subject: str | None, description: str | None, channel: IntakeChannel | None
) -> Ticket:
    own = subject or _SUBJECT.format(number=before.number, subject=before.subject)[:_LONGEST]
    opening = Opening(
        kind=TicketKind.INQUIRY,
        shop=before.shop,
        subject=own,
        description=description,
        channel=channel or IntakeChannel(before.channel),
        source=TicketSource.FOLLOW_UP,
        category=before.category if before.kind == TicketKind.INQUIRY else None,
        unit_id=before.unit_id,
        follows_ticket_id=before.ticket_id,
    )
    return await open_beside(work, before, opening)
