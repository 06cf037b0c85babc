"""`/v1/tickets`: the common life of tickets (T1, T2). A change of state is `POST …/{verb}` and nothing else."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from contracts.ticket.ticket import TicketStatus
from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.sight import in_sight
from services.ticket.ticket import service, store
from services.ticket.ticket.lifecycle import LIFE, state_of
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.schemas import (
    TicketAssign,
    TicketFilter,
    TicketOpen,
    TicketPage,
    TicketPublic,
    TicketReason,
    TicketSolve,
    TicketWait,
)  # fmt: skip

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])
TicketId = Annotated[UUID, Path(description="The ticket's id.")]


async def about_somebody(body: TicketOpen, request: Request) -> TicketOpen:
    """The body, after the copy of the customer it names had its time to arrive; the unit of work begins later."""
    if body.customer_id is not None:
        await copies.await_customer(runtime_of(request).database, body.customer_id)
    return body


async def for_somebody(body: TicketAssign, request: Request) -> TicketAssign:
    """The body, after the copy of the member of staff had its time to arrive; the unit of work begins later."""
    await copies.await_staff(runtime_of(request).database, body.staff_id)
    return body


@router.post("", status_code=201, response_model=TicketPublic, dependencies=[allow("ticket:open")])
async def open_ticket(body: Annotated[TicketOpen, Depends(about_somebody)], work: WorkDep) -> Response:
    """Open a ticket."""
    ticket = await service.open_ticket(work, body)
    location = f"/v1/tickets/{ticket.ticket_id}"
    return await answer(work, public(ticket), status=201, version=ticket.version, location=location)


@router.get("", response_model=TicketPage, dependencies=[allow("ticket:read")])
async def list_tickets(work: WorkDep, query: Annotated[TicketFilter, Query()]) -> Response:
    """Tickets, newest first: of the shops of the caller's token, of a buyer's token that buyer's own (X1, X6)."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    after = store.place(read_cursor(work, "tickets", query))
    tickets = await store.page(work.session, wanted, after, query.limit + 1)
    shown = tickets[: query.limit]
    cursor = write_cursor(work, "tickets", [str(shown[-1].ticket_id)]) if len(tickets) > query.limit else None
    page = TicketPage(items=[public(ticket) for ticket in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/tickets", query=query, next_cursor=cursor)


@router.get("/{ticket_id}", response_model=TicketPublic, dependencies=[allow("ticket:read")])
async def get_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """One ticket."""
    return await _shown(work, await service.get_ticket(work, ticket_id))


@router.post("/{ticket_id}/start", response_model=TicketPublic, dependencies=[allow("ticket:work")])
async def start_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """Take a new ticket up; it becomes the caller's unless it was given to somebody."""
    return await _shown(work, await service.start_ticket(work, ticket_id))


@router.post("/{ticket_id}/wait", response_model=TicketPublic, dependencies=[allow("ticket:work")])
async def wait_with_ticket(ticket_id: TicketId, body: TicketWait, work: WorkDep) -> Response:
    """Let it wait for the customer, a courier, the warehouse or a supplier."""
    return await _shown(work, await service.wait_with_ticket(work, ticket_id, body.waiting_on, body.reason))


@router.post("/{ticket_id}/resume", response_model=TicketPublic, dependencies=[allow("ticket:work")])
async def resume_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """The wait is over."""
    return await _shown(work, await service.resume_ticket(work, ticket_id))


@router.post("/{ticket_id}/solve", response_model=TicketPublic, dependencies=[allow("ticket:work")])
async def solve_ticket(ticket_id: TicketId, body: TicketSolve, work: WorkDep) -> Response:
    """The work is done; say what was done."""
    return await _shown(work, await service.solve_ticket(work, ticket_id, body.solution))


@router.post("/{ticket_id}/close", response_model=TicketPublic, dependencies=[allow("ticket:work")])
async def close_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """Close a solved ticket."""
    return await _shown(work, await service.close_ticket(work, ticket_id))


@router.post("/{ticket_id}/reopen", response_model=TicketPublic, dependencies=[allow("ticket:reopen")])
async def reopen_ticket(ticket_id: TicketId, body: TicketReason, work: WorkDep) -> Response:
    """Take a solved or closed ticket up again, within the days that the policy gives."""
    return await _shown(work, await service.reopen_ticket(work, ticket_id, body.reason))


@router.post("/{ticket_id}/cancel", response_model=TicketPublic, dependencies=[allow("ticket:cancel")])
async def cancel_ticket(ticket_id: TicketId, body: TicketReason, work: WorkDep) -> Response:
    """Cancel a ticket that was opened by mistake or is no longer wanted."""
    return await _shown(work, await service.cancel_ticket(work, ticket_id, body.reason))


@router.post("/{ticket_id}/assign", response_model=TicketPublic, dependencies=[allow("ticket:assign")])
async def assign_ticket(
    ticket_id: TicketId, body: Annotated[TicketAssign, Depends(for_somebody)], work: WorkDep
) -> Response:
    """Give it to a member of staff."""
    return await _shown(work, await service.assign_ticket(work, ticket_id, body.staff_id))


def public(ticket: Ticket) -> TicketPublic:
    """The ticket as an answer shows it."""
    return TicketPublic(
        **dict(state_of(ticket)),
        version=ticket.version,
        subject=ticket.subject,
        description=ticket.description,
        solution=ticket.solution,
        times_reopened=ticket.times_reopened,
        allowed=LIFE.allowed(TicketStatus(ticket.status)),
    )


async def _shown(work: WorkDep, ticket: Ticket) -> Response:
    return await answer(work, public(ticket), version=ticket.version)
