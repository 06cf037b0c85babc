"""`/v1/tickets/{ticket_id}/attachments` (T1)."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from kit.http.edge import CurrentPrincipal, WorkDep, allow, answer, runtime_of
from kit.http.middleware import LargerBody
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from kit.problems import Problem
from kit.work import Work
from services.ticket.attachment import service
from services.ticket.attachment.files import files_of
from services.ticket.attachment.inspection import inspect
from services.ticket.attachment.naming import disposition
from services.ticket.attachment.policy import MOST_BYTES
from services.ticket.attachment.receiving import AROUND, received
from services.ticket.attachment.schemas import (
    CONTENT,
    FORM,
    AttachmentPage,
    AttachmentPublic,
    AttachmentRemove,
)  # fmt: skip
from services.ticket.attachment.service import Attachment, Stored
from services.ticket.ticket import reading
from services.ticket.ticket import service as tickets

router = APIRouter(prefix="/v1/tickets/{ticket_id}/attachments", tags=["attachments"])
TicketId = Annotated[UUID, Path(description="The ticket's id.")]
AttachmentId = Annotated[UUID, Path(description="The file's id.")]
UPLOADS = LargerBody("POST", re.compile(r"/v1/tickets/[^/]+/attachments"), MOST_BYTES + AROUND)
# Whatever a file holds: it is saved and not shown, kept by nobody on the way, and can't run where it is opened.
_HARMLESS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def stored(ticket_id: TicketId, request: Request, principal: CurrentPrincipal) -> AsyncIterator[Stored]:
    """The file, received, looked into and put into the store, before the unit of work begins (I11)."""
    runtime = runtime_of(request)
    async with runtime.transactions.begin(principal, request_id=request.state.request_id) as work:
        ticket = await tickets.get_ticket(work, ticket_id)
        key, rules = await service.begin(work, ticket.shop)
    async with received(request, rules.document.most_bytes) as arrived:
        service.expect_visibility(work, internal=arrived.internal)
        inspected = await asyncio.to_thread(inspect, arrived.file, arrived.name, rules.document)
        await files_of(runtime).put(key, arrived.file)
        yield Stored(key, arrived, inspected, rules)


async def looked_up(
    ticket_id: TicketId, attachment_id: AttachmentId, request: Request, principal: CurrentPrincipal
) -> Attachment:
    """The file's row; nothing of the database is held while its content is sent (I11)."""
    async with runtime_of(request).transactions.look(principal) as work:
        ticket = await _whose(work, ticket_id)
        return await service.get(work, ticket, attachment_id)


@router.post(
    "", status_code=201, response_model=AttachmentPublic, dependencies=[allow("attachment:add")], openapi_extra=FORM
)
async def attach_file(ticket_id: TicketId, content: Annotated[Stored, Depends(stored)], work: WorkDep) -> Response:
    """Attach a file: its name and its content must say the same, and be of an allowed type. On a ticket that was
    merged it is attached to the one that goes on (T3)."""
    ticket = await tickets.locked(work, await _whose(work, ticket_id))
    if ticket.merged_into is not None:
        raise Problem("conflict")
    attachment = await service.attach(work, ticket.ticket_id, content)
    location = f"/v1/tickets/{ticket.ticket_id}/attachments/{attachment.attachment_id}"
    return await answer(work, service.describe(attachment), status=201, location=location)


@router.get("", response_model=AttachmentPage, dependencies=[allow("ticket:read")])
async def list_attachments(ticket_id: TicketId, work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """A ticket's files, oldest first; buyers and storefronts see the public ones."""
    ticket = await _whose(work, ticket_id)
    key = read_cursor(work, "attachments", query)
    found, last = await service.list_attachments(work, ticket, UUID(key[0]) if key else None, query.limit)
    cursor = write_cursor(work, "attachments", [str(last)]) if last else None
    page = AttachmentPage(items=[service.describe(one) for one in found], next_cursor=cursor)
    return page_answer(page, path=f"/v1/tickets/{ticket_id}/attachments", query=query, next_cursor=cursor)


@router.get(
    "/{attachment_id}", response_class=StreamingResponse, responses=CONTENT, dependencies=[allow("ticket:read")]
)
async def download_attachment(
    attachment: Annotated[Attachment, Depends(looked_up)], request: Request
) -> StreamingResponse:
    """A file's content, to be saved."""
    pieces = await files_of(runtime_of(request)).get(attachment.storage_key)
    headers = {
        **_HARMLESS,
        "Content-Disposition": disposition(attachment.name),
        "Content-Length": str(attachment.size_bytes),
        "Content-Type": attachment.media_type,
    }
    return StreamingResponse(pieces, headers=headers)


@router.delete("/{attachment_id}", status_code=204, dependencies=[allow("attachment:withdraw")])
async def remove_attachment(
    ticket_id: TicketId, attachment_id: AttachmentId, body: AttachmentRemove, work: WorkDep
) -> Response:
    """Remove a file: one's own, or as a lead anybody's."""
    await service.remove(work, await _whose(work, ticket_id), attachment_id, body.reason)
    return Response(status_code=204)


async def _whose(work: Work, ticket_id: UUID) -> UUID:
    """The ticket at which the files of that one are: itself, of a merged one the one that goes on (T3). Raises
    Problem `not-found`, also for another buyer's or another shop's (T40)."""
    return (await reading.surviving(work, await tickets.get_ticket(work, ticket_id))).ticket_id
