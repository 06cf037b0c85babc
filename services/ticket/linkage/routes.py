"""`/v1/tickets/{id}/merge|split|links|follow-ups`: tickets that have to do with each other (T2, T3)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from kit.http.edge import WorkDep, allow, answer
from services.ticket.linkage import service
from services.ticket.linkage.schemas import (
    FollowUpOpen,
    LinkCreate,
    LinkList,
    LinkPublic,
    TicketMerge,
    TicketSplit,
)  # fmt: skip
from services.ticket.ticket import service as tickets
from services.ticket.ticket.doors import FRESH, TicketId, opened, shown
from services.ticket.ticket.schemas import TicketPublic

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])
_MAY = [allow("ticket:join"), FRESH]


@router.post("/{ticket_id}/merge", response_model=TicketPublic, dependencies=_MAY)
async def merge_ticket(ticket_id: TicketId, body: TicketMerge, work: WorkDep) -> Response:
    """Make this ticket part of another one. It ends, its messages move, its number leads to the other one."""
    return await shown(work, await service.merge_ticket(work, ticket_id, body))


@router.post("/{ticket_id}/split", status_code=201, response_model=TicketPublic, dependencies=_MAY)
async def split_ticket(ticket_id: TicketId, body: TicketSplit, work: WorkDep) -> Response:
    """Take messages into a new ticket, which stands below this one."""
    return await opened(work, await service.split_ticket(work, ticket_id, body))


@router.post(
    "/{ticket_id}/follow-ups", status_code=201, response_model=TicketPublic, dependencies=[allow("ticket:open")]
)
async def open_follow_up(ticket_id: TicketId, body: FollowUpOpen, work: WorkDep) -> Response:
    """Take a ticket that has ended up again in a new one, about the same order and customer (T2)."""
    ticket = await tickets.open_follow_up(work, ticket_id, body.subject, body.description, body.channel)
    return await opened(work, ticket)


@router.get("/{ticket_id}/links", response_model=LinkList, dependencies=[allow("ticket:history")])
async def list_links(ticket_id: TicketId, work: WorkDep) -> Response:
    """The links from and to a ticket."""
    found = await service.list_links(work, ticket_id)
    return await answer(work, LinkList(items=[LinkPublic.model_validate(link) for link in found]))


@router.post("/{ticket_id}/links", status_code=201, response_model=LinkPublic, dependencies=[allow("ticket:join")])
async def link_ticket(ticket_id: TicketId, body: LinkCreate, work: WorkDep) -> Response:
    """Link a ticket to another one: as its double, as what takes it up again, as what stands below it."""
    return await answer(work, LinkPublic.model_validate(await service.link_ticket(work, ticket_id, body)), status=201)


@router.delete("/{ticket_id}/links/{link_id}", response_model=LinkPublic, dependencies=[allow("ticket:join")])
async def unlink_ticket(
    ticket_id: TicketId, link_id: Annotated[UUID, Path(description="The link's id.")], work: WorkDep
) -> Response:
    """Take a link away."""
    return await answer(work, LinkPublic.model_validate(await service.unlink_ticket(work, ticket_id, link_id)))
