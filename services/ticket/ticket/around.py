"""`/v1/tickets/{id}/…`: what stands around a ticket: messages, watchers, the deadline of the marketplace, clocks,
history."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.message import service as messages
from services.ticket.message.schemas import MessageCreate, MessageFilter, MessagePage, MessagePublic
from services.ticket.ticket import service
from services.ticket.ticket.doors import FRESH, TicketId, shown
from services.ticket.ticket.schemas import (
    ClockList,
    HistoryPage,
    HistoryRow,
    TicketDeadline,
    TicketPublic,
    TicketWatch,
)  # fmt: skip

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


async def of_ours(body: TicketWatch, request: Request) -> TicketWatch:
    """The body, after the copy of the member of staff had its time to arrive; the unit of work begins later."""
    await copies.await_staff(runtime_of(request).database, body.staff_id)
    return body


@router.post(
    "/{ticket_id}/messages",
    status_code=201,
    response_model=MessagePublic,
    dependencies=[allow("ticket:reply"), FRESH],
)
async def write_ticket_message(ticket_id: TicketId, body: MessageCreate, work: WorkDep) -> Response:
    """Write a message, for the customer to see or for the house alone. Only a public one by staff stops the clock of
    the reply that is due (T48)."""
    message = await service.write_message(work, ticket_id, body)
    return await answer(work, messages.describe(message), status=201)


@router.get("/{ticket_id}/messages", response_model=MessagePage, dependencies=[allow("ticket:read")])
async def list_ticket_messages(
    ticket_id: TicketId, work: WorkDep, query: Annotated[MessageFilter, Query()]
) -> Response:
    """The messages of a ticket, oldest first; notes of the house are seen by the house alone."""
    name = f"messages-{ticket_id}"
    key = read_cursor(work, name, query)
    after = UUID(key[0]) if key else None
    found, last = await service.list_messages(work, ticket_id, query.visibility, after, query.limit)
    cursor = write_cursor(work, name, [str(last)]) if last else None
    page = MessagePage(items=[messages.describe(message) for message in found], next_cursor=cursor)
    return page_answer(page, path=f"/v1/tickets/{ticket_id}/messages", query=query, next_cursor=cursor)


@router.post("/{ticket_id}/watchers", response_model=TicketPublic, dependencies=[allow("ticket:edit")])
async def watch_ticket(
    ticket_id: TicketId, body: Annotated[TicketWatch, Depends(of_ours)], work: WorkDep
) -> Response:
    """Somebody is told from now on what becomes of it."""
    return await shown(work, await service.watch_ticket(work, ticket_id, body.staff_id))


@router.delete("/{ticket_id}/watchers/{staff_id}", response_model=TicketPublic, dependencies=[allow("ticket:edit")])
async def unwatch_ticket(
    ticket_id: TicketId, staff_id: Annotated[UUID, Path(description="Who watches it.")], work: WorkDep
) -> Response:
    """Somebody is no longer told."""
    return await shown(work, await service.unwatch_ticket(work, ticket_id, staff_id))


@router.put("/{ticket_id}/deadline", response_model=TicketPublic, dependencies=[allow("ticket:deadline")])
async def set_ticket_deadline(ticket_id: TicketId, body: TicketDeadline, work: WorkDep) -> Response:
    """The marketplace's own deadline and the stamp of its version; an older one than is known is refused (T49)."""
    return await shown(work, await service.set_deadline(work, ticket_id, body.deadline_at, body.version_stamp))


@router.get("/{ticket_id}/clocks", response_model=ClockList, dependencies=[allow("clock:read")])
async def list_clocks_of_ticket(ticket_id: TicketId, work: WorkDep) -> Response:
    """The clocks of a ticket: one for each reply due, for its solution, and for each leg (T43, T47)."""
    return await answer(work, ClockList(items=list(await service.clocks_of(work, ticket_id))))


@router.get("/{ticket_id}/history", response_model=HistoryPage, dependencies=[allow("ticket:history")])
async def list_ticket_history(ticket_id: TicketId, work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """Who did what to a ticket and when, newest first; texts don't stand in it, only that they changed (X6, X7)."""
    name = f"history-{ticket_id}"
    key = read_cursor(work, name, query)
    rows = await service.history(work, ticket_id, int(key[0]) if key else None, query.limit + 1)
    listed = rows[: query.limit]
    cursor = write_cursor(work, name, [listed[-1]["id"]]) if len(rows) > query.limit else None
    items = [HistoryRow.model_validate({name: row[name] for name in HistoryRow.model_fields}) for row in listed]
    page = HistoryPage(items=items, next_cursor=cursor)
    return page_answer(page, path=f"/v1/tickets/{ticket_id}/history", query=query, next_cursor=cursor)
