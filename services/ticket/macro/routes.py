"""`/v1/tickets/macros` and `/v1/tickets/bulk` (T53)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import CurrentPrincipal, WorkDep, allow, answer
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from services.ticket.macro import bulk, service
from services.ticket.macro.schemas import (
    BulkAnswer,
    BulkItem,
    BulkRequest,
    MacroChange,
    MacroCreate,
    MacroPage,
    MacroPublic,
    MacroRun,
    MacroVersionPage,
)  # fmt: skip
from services.ticket.ticket.doors import shown
from services.ticket.ticket.schemas import TicketPublic

router = APIRouter(prefix="/v1/tickets", tags=["macros"])
MacroId = Annotated[UUID, Path(description="The macro's id.")]


async def done(body: BulkRequest, request: Request, principal: CurrentPrincipal) -> list[BulkItem]:
    """What became of each ticket; each had its own unit of work, before the one that keeps the answer."""
    return await bulk.carry_out(body, request, principal)


@router.post("/bulk", response_model=BulkAnswer, dependencies=[allow("ticket:bulk")])
async def change_many(results: Annotated[list[BulkItem], Depends(done)], work: WorkDep) -> Response:
    """Do one thing to up to 100 tickets. What can't be done to one of them is told with it, and stops no other."""
    succeeded = sum(item.done for item in results)
    return await answer(work, BulkAnswer(done=succeeded, failed=len(results) - succeeded, results=results))


@router.post("/macros", status_code=201, response_model=MacroPublic, dependencies=[allow("macro:use")])
async def create_macro(body: MacroCreate, work: WorkDep) -> Response:
    """Save a macro."""
    macro = await service.create_macro(work, body)
    location = f"/v1/tickets/macros/{macro.macro_id}"
    return await answer(work, service.describe(work, macro), status=201, version=macro.version, location=location)


@router.get("/macros", response_model=MacroPage, dependencies=[allow("macro:use")])
async def list_macros(work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """The caller's macros and those shared with their groups and shops, newest first."""
    key = read_cursor(work, "macros", query)
    macros = await service.list_macros(work, UUID(key[0]) if key else None, query.limit + 1)
    shown_here = macros[: query.limit]
    cursor = write_cursor(work, "macros", [str(shown_here[-1].macro_id)]) if len(macros) > query.limit else None
    page = MacroPage(items=[service.describe(work, macro) for macro in shown_here], next_cursor=cursor)
    return page_answer(page, path="/v1/tickets/macros", query=query, next_cursor=cursor)


@router.get("/macros/{macro_id}", response_model=MacroPublic, dependencies=[allow("macro:use")])
async def get_macro(macro_id: MacroId, work: WorkDep) -> Response:
    """One macro."""
    macro = await service.get_macro(work, macro_id)
    return await answer(work, service.describe(work, macro), version=macro.version)


@router.patch("/macros/{macro_id}", response_model=MacroPublic, dependencies=[allow("macro:use")])
async def change_macro(macro_id: MacroId, body: MacroChange, work: WorkDep) -> Response:
    """Change a macro into its next version; If-Match is required."""
    macro = await service.change_macro(work, macro_id, body)
    return await answer(work, service.describe(work, macro), version=macro.version)


@router.delete("/macros/{macro_id}", status_code=204, dependencies=[allow("macro:use")])
async def remove_macro(macro_id: MacroId, work: WorkDep) -> Response:
    """Remove a macro."""
    await service.remove_macro(work, macro_id)
    return Response(status_code=204)


@router.get("/macros/{macro_id}/versions", response_model=MacroVersionPage, dependencies=[allow("macro:use")])
async def list_macro_versions(macro_id: MacroId, work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """A macro's versions, newest first."""
    name = f"macro-versions-{macro_id}"
    key = read_cursor(work, name, query)
    saved = await service.list_versions(work, macro_id, int(key[0]) if key else None, query.limit + 1)
    shown_here = saved[: query.limit]
    cursor = write_cursor(work, name, [shown_here[-1].version]) if len(saved) > query.limit else None
    page = MacroVersionPage(items=[service.describe_version(one) for one in shown_here], next_cursor=cursor)
    return page_answer(page, path=f"/v1/tickets/macros/{macro_id}/versions", query=query, next_cursor=cursor)


@router.post("/macros/{macro_id}/run", response_model=TicketPublic, dependencies=[allow("macro:use")])
async def run_macro(macro_id: MacroId, body: MacroRun, work: WorkDep) -> Response:
    """Run a macro on a ticket: all of it is done, or nothing. If-Match is the ticket's version."""
    return await shown(work, await service.run_macro(work, macro_id, body.ticket_id))
