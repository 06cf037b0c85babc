"""`/v1/order-changes` (T37)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import KEYED, WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.order_change import service
from services.ticket.order_change.schemas import (
    OrderChangeCreate,
    OrderChangeFilter,
    OrderChangePage,
    OrderChangePublic,
    OrderChangeQuote,
    OrderChangeRefuse,
    RecipientOpen,
)  # fmt: skip
from services.ticket.order_change.service import OrderChange

router = APIRouter(prefix="/v1/order-changes", tags=["order changes"])
ChangeId = Annotated[UUID, Path(description="The change's id.")]
_OPEN = {"Cache-Control": "no-store", "Content-Type": "application/json"}
DECIDES = [allow("order_change:decide")]
PAYS = [*DECIDES, KEYED]


@router.post(
    "", status_code=201, response_model=OrderChangePublic, dependencies=[allow("order_change:request"), KEYED]
)
async def request_change(body: OrderChangeCreate, work: WorkDep) -> Response:
    """Ask for a change of an order that has not shipped."""
    change = await service.request_change(work, body)
    return await _shown(work, change, status=201, location=f"/v1/order-changes/{change.change_id}")


@router.post("/quotes", response_model=OrderChangeQuote, dependencies=[allow("order_change:request")])
async def quote_change(body: OrderChangeCreate, work: WorkDep) -> Response:
    """What a change would come to, and who would have to approve it; nothing is changed."""
    return await answer(work, await service.quote_change(work, body))


@router.get("", response_model=OrderChangePage, dependencies=[allow("order_change:read")])
async def list_changes(work: WorkDep, query: Annotated[OrderChangeFilter, Query()]) -> Response:
    """Changes, newest first."""
    place = read_cursor(work, "order-changes", query)
    items, last = await service.list_changes(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "order-changes", [last]) if last else None
    page = OrderChangePage(items=[service.shown(work, one) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/order-changes", query=query, next_cursor=cursor)


@router.get("/{change_id}", response_model=OrderChangePublic, dependencies=[allow("order_change:read")])
async def get_change(change_id: ChangeId, work: WorkDep) -> Response:
    """One change, old beside new, the recipient masked."""
    return await _shown(work, await service.get_change(work, change_id))


@router.post("/{change_id}/agree", response_model=OrderChangePublic, dependencies=PAYS)
async def agree_to_change(change_id: ChangeId, work: WorkDep) -> Response:
    """Agree to it; If-Match is required. What is cheaper asks for the approvals of a refund."""
    return await _shown(work, await service.agree_to_change(work, change_id))


@router.post("/{change_id}/refuse", response_model=OrderChangePublic, dependencies=DECIDES)
async def refuse_change(change_id: ChangeId, body: OrderChangeRefuse, work: WorkDep) -> Response:
    """Refuse it, or say that the storefront can't carry it out any more."""
    return await _shown(work, await service.refuse_change(work, change_id, body.grounds))


@router.post("/{change_id}/withdraw", response_model=OrderChangePublic, dependencies=[allow("order_change:request")])
async def withdraw_change(change_id: ChangeId, work: WorkDep) -> Response:
    """Take it back, as long as the storefront has not been told."""
    return await _shown(work, await service.withdraw_change(work, change_id))


@router.post("/{change_id}/confirm", response_model=OrderChangePublic, dependencies=PAYS)
async def confirm_change(change_id: ChangeId, work: WorkDep) -> Response:
    """Say that the storefront's new version is what was asked for, where that couldn't be told by itself."""
    return await _shown(work, await service.confirm_change(work, change_id))


@router.post("/{change_id}/retry", response_model=OrderChangePublic, dependencies=PAYS)
async def retry_payment(change_id: ChangeId, work: WorkDep) -> Response:
    """Try a difference again that could not be given back, under the same number."""
    return await _shown(work, await service.retry_payment(work, change_id))


@router.post("/{change_id}/recipient", response_model=RecipientOpen, dependencies=[allow("order_change:address")])
async def reveal_recipient(change_id: ChangeId, work: WorkDep) -> Response:
    """The new recipient, open, for the storefront that carries the change out; each look goes into the trail (X6).
    The answer is kept nowhere, not even for an Idempotency-Key."""
    return Response((await service.reveal_recipient(work, change_id)).model_dump_json(), headers=_OPEN)


async def _shown(work: Work, change: OrderChange, *, status: int = 200, location: str | None = None) -> Response:
    shown = await service.show_change(work, change)
    return await answer(work, shown, status=status, version=change.version, location=location)
