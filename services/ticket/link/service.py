"""Use cases of links. The rooms above say whose tickets they are and hold their row locks."""

from collections.abc import Mapping
from uuid import UUID

from kit.ids import new_id
from kit.problems import Problem
from kit.work import Work
from services.ticket.link import store
from services.ticket.link.lifecycle import AT_MOST_ONE, LinkKind
from services.ticket.link.models import Link
from services.ticket.link.store import newest_follower, of_ticket

__all__ = ["Link", "LinkKind", "add", "add_new", "get", "newest_follower", "of_ticket", "remove"]


async def add_new(work: Work, ticket_id: UUID, others: Mapping[LinkKind, UUID | None]) -> None:
    """The links that a ticket is opened with; nothing can lead to it yet, so there is nothing to refuse."""
    links = [_link(work, ticket_id, kind, other_id) for kind, other_id in others.items() if other_id is not None]
    await store.add(work.session, links)


async def add(work: Work, shop: str, ticket_id: UUID, kind: LinkKind, other_id: UUID, most: int) -> Link:
    """Link a ticket to another of its shop.

    Raises Problem `link-refused`: to itself, the same again, a second one where one is all there can be, in a circle,
    or more than it may have.
    """
    if ticket_id == other_id:
        raise _refused("itself")
    await store.one_at_a_time(work.session, shop)
    if await store.is_there(work.session, ticket_id, other_id, kind):
        raise _refused("there_already")
    if kind in AT_MOST_ONE and await store.others(work.session, ticket_id, kind):
        raise _refused("has_one_already")
    if await store.leads_to(work.session, other_id, ticket_id, kind):
        raise _refused("circle")
    if len(await of_ticket(work.session, ticket_id, most)) >= most:
        raise _refused("too_many")
    link = _link(work, ticket_id, kind, other_id)
    await store.add(work.session, [link])
    return link


async def get(work: Work, ticket_id: UUID, link_id: UUID) -> Link:
    """A link of that ticket. Raises Problem `not-found`."""
    link = await store.get(work.session, ticket_id, link_id)
    if link is None:
        raise Problem("not-found")
    return link


async def remove(work: Work, link: Link) -> None:
    """Take a link away."""
    await store.remove(work.session, link.link_id)


def _link(work: Work, ticket_id: UUID, kind: LinkKind, other_id: UUID) -> Link:
    return Link(
        link_id=new_id(),
        ticket_id=ticket_id,
        kind=kind,
        other_id=other_id,
        linked_by=work.actor.subject,
        linked_at=work.now,
    )


def _refused(because: str) -> Problem:
    return Problem("link-refused", because=because)
