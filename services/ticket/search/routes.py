"""`GET /v1/tickets/search` (T5)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.search import service
from services.ticket.search.schemas import SearchPage, TicketSearch

router = APIRouter(prefix="/v1/tickets/search", tags=["tickets"])


@router.get("", response_model=SearchPage, dependencies=[allow("ticket:read")])
async def search_tickets(work: WorkDep, query: Annotated[TicketSearch, Query()]) -> Response:
    """Find tickets by words of their texts: of the shops of the caller's token, of a buyer's token that buyer's own,
    and only staff by internal notes (X1, X6)."""
    key = read_cursor(work, "ticket-search", query)
    found = await service.search_tickets(work, query, UUID(key[0]) if key else None)
    cursor = write_cursor(work, "ticket-search", [str(found.next_after)]) if found.next_after else None
    page = SearchPage(items=found.hits, next_cursor=cursor, count=found.count, count_is_capped=found.count_is_capped)
    return page_answer(page, path="/v1/tickets/search", query=query, next_cursor=cursor)
