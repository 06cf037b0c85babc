"""`/v1/tickets/views` (T5)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from services.ticket.view import service
from services.ticket.view.schemas import ViewChange, ViewCreate, ViewOpen, ViewPage, ViewPublic, ViewTickets

router = APIRouter(prefix="/v1/tickets/views", tags=["views"])
ViewId = Annotated[UUID, Path(description="The view's id.")]


@router.post("", status_code=201, response_model=ViewPublic, dependencies=[allow("view:use")])
async def create_view(body: ViewCreate, work: WorkDep) -> Response:
    """Save a view: a name and what the list of tickets is asked."""
    view = await service.create_view(work, body)
    location = f"/v1/tickets/views/{view.view_id}"
    return await answer(work, service.describe(work, view), status=201, version=view.version, location=location)


@router.get("", response_model=ViewPage, dependencies=[allow("view:use")])
async def list_views(work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """The caller's views and those shared with their groups and shops, newest first."""
    key = read_cursor(work, "views", query)
    views = await service.list_views(work, UUID(key[0]) if key else None, query.limit + 1)
    shown = views[: query.limit]
    cursor = write_cursor(work, "views", [str(shown[-1].view_id)]) if len(views) > query.limit else None
    page = ViewPage(items=[service.describe(work, view) for view in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/tickets/views", query=query, next_cursor=cursor)


@router.get("/{view_id}", response_model=ViewPublic, dependencies=[allow("view:use")])
async def get_view(view_id: ViewId, work: WorkDep) -> Response:
    """One view."""
    view = await service.get_view(work, view_id)
    return await answer(work, service.describe(work, view), version=view.version)


@router.patch("/{view_id}", response_model=ViewPublic, dependencies=[allow("view:use")])
async def change_view(view_id: ViewId, body: ViewChange, work: WorkDep) -> Response:
    """Change a view; If-Match is required."""
    view = await service.change_view(work, view_id, body)
    return await answer(work, service.describe(work, view), version=view.version)


@router.delete("/{view_id}", status_code=204, dependencies=[allow("view:use")])
async def remove_view(view_id: ViewId, work: WorkDep) -> Response:
    """Remove a view."""
    await service.remove_view(work, view_id)
    return Response(status_code=204)


@router.get("/{view_id}/tickets", response_model=ViewTickets, dependencies=[allow("view:use")])
async def open_view(view_id: ViewId, work: WorkDep, query: Annotated[ViewOpen, Query()]) -> Response:
    """The tickets of a view: the list of tickets in its order, as far as the caller may see them."""
    view = await service.get_view(work, view_id)
    name = f"view-{view_id}-{view.version}"  # a page of what the view asked before is no page of this
    listed = await service.open_view(work, view, read_cursor(work, name, query), query.limit)
    cursor = write_cursor(work, name, listed.next_after) if listed.next_after else None
    count, capped = await service.count_view(work, view) if query.count else (None, None)
    page = ViewTickets(items=list(listed.tickets), next_cursor=cursor, count=count, count_is_capped=capped)
    return page_answer(page, path=f"/v1/tickets/views/{view_id}/tickets", query=query, next_cursor=cursor)
