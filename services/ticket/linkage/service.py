"""Use cases of tickets that have to do with each other (T3)."""

from collections.abc import Sequence
from uuid import UUID

from contracts.ticket.ticket import IntakeChannel, TicketSource
from kit.policies import in_force
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.attachment import service as attachments
from services.ticket.link import service as links
from services.ticket.link.service import Link, LinkKind
from services.ticket.linkage import lifecycle
from services.ticket.linkage.schemas import LinkCreate, TicketMerge, TicketSplit
from services.ticket.message import service as messages
from services.ticket.procedure import service as procedures
from services.ticket.ticket import service as tickets
from services.ticket.ticket.kinds import expect_opened_here, read_details
from services.ticket.ticket.lifecycle import Opening, refusal
from services.ticket.ticket.policy import TICKET_LIMITS
from services.ticket.ticket.service import Ticket


async def merge_ticket(work: Work, ticket_id: UUID, asked: TicketMerge) -> Ticket:
    """并单: the ticket becomes part of another, with its messages, files and watchers; its number leads there (T3).

    Both rows are locked in the order of their ids, so that two who merge them crosswise don't wait for each other.
    Raises Problem `not-found`, `stale-version`, `merge-refused`.
    """
    both = await tickets.locked_all(work, {ticket_id, asked.into_ticket_id})
    ticket, into = both[ticket_id], both[asked.into_ticket_id]
    work.expect_version(ticket.version)
    await tickets.know_customers(work, [ticket, into])
    lifecycle.expect_mergeable(ticket, into)
    moved = await messages.move_all(work, ticket_id, into.ticket_id)
    await attachments.move(work, ticket_id, into.ticket_id)
    await procedures.carry_over(work, ticket_id, into.ticket_id)
    await tickets.absorb(work, into, ticket, moved)
    return await tickets.changed(
        work, ticket, "merge", lambda it: lifecycle.merge(it, into, work.actor, work.now), reason=asked.reason
    )


async def split_ticket(work: Work, ticket_id: UUID, asked: TicketSplit) -> Ticket:
    """拆单: messages that are about something else get a ticket of their own, for the same order and customer (T3).

    Raises Problem `not-found`, `stale-version`, `transition-refused` for a ticket that has ended, `invalid-request`
    for messages that aren't this ticket's or too many, and for details that aren't the kind's.
    """
    expect_opened_here(asked.kind)
    details = read_details(asked.kind, asked.details)
    ticket = await tickets.locked(work, ticket_id)
    work.expect_version(ticket.version)
    if not tickets.is_unfinished(ticket):
        raise refusal(ticket, "split")
    limits = await in_force(work.session, TICKET_LIMITS, ticket.shop, work.now)
    most = limits.document.messages_moved
    if len(asked.message_ids) > most:
        raise invalid("/message_ids", f"最多 {most} 条", f"takes at most {most}")
    opening = Opening(
        kind=asked.kind,
        shop=ticket.shop,
        subject=asked.subject,
        description=asked.description,
        details=details,
        category=asked.category,
        priority=asked.priority,
        channel=IntakeChannel(ticket.channel),
        unit_id=ticket.unit_id,
        source=TicketSource.SPLIT,
        parent_ticket_id=ticket_id,
    )
    new = await tickets.open_beside(work, ticket, opening)
    await messages.move_some(work, ticket_id, new.ticket_id, asked.message_ids)
    after = {"into": str(new.ticket_id), "messages": len(asked.message_ids)}
    await tickets.write_down(work, ticket, "split", None, after)
    return new


async def link_ticket(work: Work, ticket_id: UUID, asked: LinkCreate) -> Link:
    """关联 to another ticket of the shop. Raises Problem `not-found`, `link-refused`."""
    ticket, other = await tickets.get_ticket(work, ticket_id), await tickets.get_ticket(work, asked.ticket_id)
    if ticket.shop != other.shop:
        raise Problem("link-refused", because="another_shop")
    limits = await in_force(work.session, TICKET_LIMITS, ticket.shop, work.now)
    link = await links.add(work, ticket.shop, ticket_id, asked.kind, other.ticket_id, limits.document.links)
    await tickets.write_down(work, ticket, "link", None, _told(link))
    return link


async def unlink_ticket(work: Work, ticket_id: UUID, link_id: UUID) -> Link:
    """取消关联. Raises Problem `not-found`."""
    ticket = await tickets.get_ticket(work, ticket_id)
    link = await links.get(work, ticket_id, link_id)
    await links.remove(work, link)
    await tickets.write_down(work, ticket, "unlink", _told(link), None)
    return link


async def list_links(work: Work, ticket_id: UUID) -> Sequence[Link]:
    """The links from and to a ticket. Raises Problem `not-found`."""
    ticket = await tickets.get_ticket(work, ticket_id)
    limits = await in_force(work.session, TICKET_LIMITS, ticket.shop, work.now)
    return await links.of_ticket(work.session, ticket_id, limits.document.links)


def _told(link: Link) -> dict[str, str]:
    return {"kind": LinkKind(link.kind).value, "other": str(link.other_id)}
