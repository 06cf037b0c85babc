"""`/v1/tickets`: the common life of tickets (T1, T2). A change of state is `POST …/{verb}` and nothing else."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from kit.http.edge import WorkDep, allow, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.ticket import service
from services.ticket.ticket.doors import FRESH, TicketId, opened_just_now, shown
from services.ticket.ticket.schemas import (
    TicketAssign,
    TicketEdit,
    TicketEscalate,
    TicketFilter,
    TicketOpen,
    TicketPage,
    TicketPublic,
    TicketReason,
    TicketSolve,
    TicketWait,
)  # fmt: skip

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


async def about_somebody(body: TicketOpen, request: Request) -> TicketOpen:
    """The body, after the copies of the customer and the unit it names had their time to arrive; the unit of work
    begins later."""
    database = runtime_of(request).database
    if body.customer_id is not None:
        await copies.await_customer(database, body.customer_id)
    if body.unit_id is not None:
        await copies.await_unit(database, body.unit_id)
    return body


async def for_somebody(body: TicketAssign, request: Request) -> TicketAssign:
    """The body, after the copy of the member of staff had its time to arrive; the unit of work begins later."""
    await _await_staff(request, body.staff_id)
    return body


async def to_a_lead(body: TicketEscalate, request: Request) -> TicketEscalate:
    """The body, after the copy of the lead had its time to arrive."""
    await _await_staff(request, body.staff_id)
    return body


@router.post("", status_code=201, response_model=TicketPublic, dependencies=[allow("ticket:open")])
async def open_ticket(body: Annotated[TicketOpen, Depends(about_somebody)], work: WorkDep) -> Response:
    """Open a ticket: an inquiry, a suggestion or a fault report."""
    return await opened_just_now(work, await service.open_ticket(work, body))


@router.get("", response_model=TicketPage, dependencies=[allow("ticket:read")])
async def list_tickets(work: WorkDep, query: Annotated[TicketFilter, Query()]) -> Response:
    """Tickets, newest or what is due first: of the shops of the caller's token, of a buyer's token that buyer's own
    (X1, X6). Buyers and storefronts may not ask by what they aren't shown."""
    name = f"tickets-{query.sort}"
    listed = await service.list_tickets(work, query, read_cursor(work, name, query))
    cursor = write_cursor(work, name, listed.next_after) if listed.next_after else None
    page = TicketPage(items=list(listed.tickets), next_cursor=cursor)
    return page_answer(page, path="/v1/tickets", query=query, next_cursor=cursor)


@router.get("/{ticket_id}", response_model=TicketPublic, dependencies=[allow("ticket:read")])
async def get_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """One ticket."""
    return await shown(work, await service.get_ticket(work, ticket_id))


@router.patch("/{ticket_id}", response_model=TicketPublic, dependencies=[allow("ticket:edit"), FRESH])
async def edit_ticket(ticket_id: TicketId, body: TicketEdit, work: WorkDep) -> Response:
    """Change what a ticket says, never its state; If-Match is required."""
    return await shown(work, await service.edit_ticket(work, ticket_id, body))


@router.post("/{ticket_id}/start", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def start_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """Take a new ticket up; it becomes the caller's unless it was given to somebody."""
    return await shown(work, await service.start_ticket(work, ticket_id))


@router.post("/{ticket_id}/wait", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def wait_with_ticket(ticket_id: TicketId, body: TicketWait, work: WorkDep) -> Response:
    """Let it wait for the customer, a courier, the warehouse or a supplier."""
    return await shown(work, await service.wait_with_ticket(work, ticket_id, body.waiting_on, body.reason))


@router.post("/{ticket_id}/resume", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def resume_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """The wait is over."""
    return await shown(work, await service.resume_ticket(work, ticket_id))


@router.post("/{ticket_id}/solve", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def solve_ticket(ticket_id: TicketId, body: TicketSolve, work: WorkDep) -> Response:
    """The work is done; say what was done, of a suggestion also what became of it."""
    return await shown(work, await service.solve_ticket(work, ticket_id, body.solution, body.outcome))


@router.post("/{ticket_id}/close", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def close_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """Close a solved ticket."""
    return await shown(work, await service.close_ticket(work, ticket_id))


@router.post("/{ticket_id}/reopen", response_model=TicketPublic, dependencies=[allow("ticket:reopen"), FRESH])
async def reopen_ticket(ticket_id: TicketId, body: TicketReason, work: WorkDep) -> Response:
    """Take a solved or closed ticket up again, within the days that the policy gives."""
    return await shown(work, await service.reopen_ticket(work, ticket_id, body.reason))


@router.post("/{ticket_id}/cancel", response_model=TicketPublic, dependencies=[allow("ticket:cancel"), FRESH])
async def cancel_ticket(ticket_id: TicketId, body: TicketReason, work: WorkDep) -> Response:
    """Cancel a ticket that was opened by mistake or is no longer wanted."""
    return await shown(work, await service.cancel_ticket(work, ticket_id, body.reason))


@router.post("/{ticket_id}/assign", response_model=TicketPublic, dependencies=[allow("ticket:assign"), FRESH])
async def assign_ticket(
    ticket_id: TicketId, body: Annotated[TicketAssign, Depends(for_somebody)], work: WorkDep
) -> Response:
    """Give it to a member of staff, or to a group for whoever of it has a hand free."""
    ticket = await service.assign_ticket(work, ticket_id, body.staff_id, body.group, reason=body.reason)
    return await shown(work, ticket)


@router.post("/{ticket_id}/take", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def take_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """Take a ticket that nobody has."""
    return await shown(work, await service.take_ticket(work, ticket_id))


@router.post("/{ticket_id}/release", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def release_ticket(ticket_id: TicketId, body: TicketReason, work: WorkDep) -> Response:
    """Give it back to the queue, with the reason."""
    return await shown(work, await service.release_ticket(work, ticket_id, body.reason))


@router.post("/{ticket_id}/escalate", response_model=TicketPublic, dependencies=[allow("ticket:work"), FRESH])
async def escalate_ticket(
    ticket_id: TicketId, body: Annotated[TicketEscalate, Depends(to_a_lead)], work: WorkDep
) -> Response:
    """Give it to a lead or to another group, one step more urgent."""
    ticket = await service.escalate_ticket(work, ticket_id, body.staff_id, body.group, body.reason)
    return await shown(work, ticket)


async def _await_staff(request: Request, staff_id: UUID | None) -> None:
    if staff_id is not None:
        await copies.await_staff(runtime_of(request).database, staff_id)
