"""`/v1/tickets/{ticket_id}/goodwill` (T27)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from contracts.price import Price
from kit.http.edge import KEYED, WorkDep, allow, answer
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from kit.money import Money
from kit.work import Work
from services.ticket.goodwill import service
from services.ticket.goodwill.lifecycle import GoodwillLike, allowed
from services.ticket.goodwill.schemas import (
    GoodwillOffer,
    GoodwillPage,
    GoodwillPublic,
    GoodwillReason,
    GoodwillShown,
)
from services.ticket.goodwill.service import Seen

router = APIRouter(prefix="/v1/tickets/{ticket_id}/goodwill", tags=["goodwill"])
TicketId = Annotated[UUID, Path(description="The ticket's id.")]
GoodwillId = Annotated[UUID, Path(description="The goodwill's id.")]


@router.post("", status_code=201, response_model=GoodwillPublic, dependencies=[allow("goodwill:offer"), KEYED])
async def offer_goodwill(ticket_id: TicketId, body: GoodwillOffer, work: WorkDep) -> Response:
    """Offer part of a line's price for a small defect; the goods are kept."""
    seen = await service.offer(work, ticket_id, body)
    location = f"/v1/tickets/{ticket_id}/goodwill/{seen.goodwill.goodwill_id}"
    return await _answer(work, seen, status=201, location=location)


@router.get("", response_model=GoodwillPage, dependencies=[allow("goodwill:read")])
async def list_goodwill(ticket_id: TicketId, work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """A ticket's goodwill, newest first."""
    name, place = f"goodwill {ticket_id}", read_cursor(work, f"goodwill {ticket_id}", query)
    items, last = await service.list_goodwill(work, ticket_id, UUID(place[0]) if place else None, query.limit)
    cursor = write_cursor(work, name, [last]) if last else None
    page = GoodwillPage(items=[GoodwillShown(**_shown(one)) for one in items], next_cursor=cursor)
    return page_answer(page, path=f"/v1/tickets/{ticket_id}/goodwill", query=query, next_cursor=cursor)


@router.get("/{goodwill_id}", response_model=GoodwillPublic, dependencies=[allow("goodwill:read")])
async def get_goodwill(ticket_id: TicketId, goodwill_id: GoodwillId, work: WorkDep) -> Response:
    """One, with the roles that may still approve it."""
    return await _answer(work, await service.get_goodwill(work, ticket_id, goodwill_id))


@router.post("/{goodwill_id}/approve", response_model=GoodwillPublic, dependencies=[allow("goodwill:approve"), KEYED])
async def approve_goodwill(ticket_id: TicketId, goodwill_id: GoodwillId, work: WorkDep) -> Response:
    """Approve it as it was read (If-Match); once enough people have, it is paid."""
    return await _answer(work, await service.approve(work, ticket_id, goodwill_id))


@router.post("/{goodwill_id}/refuse", response_model=GoodwillPublic, dependencies=[allow("goodwill:approve")])
async def refuse_goodwill(
    ticket_id: TicketId, goodwill_id: GoodwillId, body: GoodwillReason, work: WorkDep
) -> Response:
    """Refuse it as it was read (If-Match)."""
    return await _answer(work, await service.refuse(work, ticket_id, goodwill_id, body.reason))


@router.post("/{goodwill_id}/withdraw", response_model=GoodwillPublic, dependencies=[allow("goodwill:offer")])
async def withdraw_goodwill(
    ticket_id: TicketId, goodwill_id: GoodwillId, body: GoodwillReason, work: WorkDep
) -> Response:
    """Take it back before it is approved, or after it couldn't be paid."""
    return await _answer(work, await service.withdraw(work, ticket_id, goodwill_id, body.reason))


@router.post("/{goodwill_id}/retry", response_model=GoodwillPublic, dependencies=[allow("goodwill:offer"), KEYED])
async def retry_goodwill(ticket_id: TicketId, goodwill_id: GoodwillId, work: WorkDep) -> Response:
    """Try again to pay what couldn't be paid; never twice."""
    return await _answer(work, await service.retry(work, ticket_id, goodwill_id))


async def _answer(work: Work, seen: Seen, *, status: int = 200, location: str | None = None) -> Response:
    body = GoodwillPublic(**_shown(seen.goodwill), who_may=list(seen.who_may))
    return await answer(work, body, status=status, version=seen.goodwill.version, location=location)


def _shown(goodwill: GoodwillLike) -> dict[str, Any]:
    amount = Money(goodwill.amount_minor, goodwill.currency)
    named = {
        name: getattr(goodwill, name) for name in GoodwillShown.model_fields if name not in ("amount", "allowed")
    }
    return {
        **named,
        "amount": Price(amount=amount.amount, currency=amount.currency),
        "allowed": allowed(goodwill),
    }
