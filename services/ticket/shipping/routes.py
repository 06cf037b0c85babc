"""`/v1/orders/dispatch-times` and `/v1/orders/worklists/{worklist}` (T33, T35)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.shipping import service
from services.ticket.shipping.schemas import DispatchQuery, DispatchTimes, Worklist, WorklistPage, WorklistQuery

router = APIRouter(prefix="/v1/orders", tags=["orders"])


@router.get("/dispatch-times", response_model=DispatchTimes, dependencies=[allow("order:read")])
async def get_dispatch_times(work: WorkDep, query: Annotated[DispatchQuery, Query()]) -> Response:
    """When an order paid now, or then, leaves and arrives by the shop's rules."""
    return await answer(work, await service.dispatch_times(work, query.shop, query.paid_at or work.now))


@router.get("/worklists/{worklist}", response_model=WorklistPage, dependencies=[allow("order:worklist")])
async def get_worklist(
    worklist: Annotated[Worklist, Path(description="Which list.")],
    work: WorkDep,
    query: Annotated[WorklistQuery, Query()],
) -> Response:
    """The morning's list of a shop, what waits longest first."""
    name = f"order-worklist-{worklist}-{query.shop}"
    key = read_cursor(work, name, query)
    after = (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    items, last = await service.list_waiting(work, worklist, query.shop, after, query.limit)
    cursor = write_cursor(work, name, [last[0].isoformat(), str(last[1])]) if last else None
    page = WorklistPage(items=items, next_cursor=cursor)
    return page_answer(page, path=f"/v1/orders/worklists/{worklist}", query=query, next_cursor=cursor)
