"""`/v1/exchanges`: replacements of exchanges and of goods that are sent once more (T22). Asking for one, approving it
and what comes back are at `/v1/refunds`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from kit.http.edge import KEYED, WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.exchange import service
from services.ticket.exchange.schemas import (
    CustomerCalled,
    ExchangeFilter,
    ExchangePage,
    ExchangePublic,
    ExchangeReason,
    Replace,
    Send,
    TopUpNamed,
)
from services.ticket.exchange.service import Standing
from services.ticket.refund.doors import expect_fresh
from services.ticket.ticket.doors import MarketplaceVersion

router = APIRouter(prefix="/v1/exchanges", tags=["exchanges"])
ExchangeId = Annotated[UUID, Path(description="The request's id, which is its ticket's.")]


async def expect_fresh_exchange(
    exchange_id: ExchangeId, work: WorkDep, marketplace_version: MarketplaceVersion = None
) -> None:
    """As of any request of after-sales: the marketplace's version is the one that the caller decided on (T49)."""
    await expect_fresh(exchange_id, work, marketplace_version)


FRESH = Depends(expect_fresh_exchange, scope="function")
READS = [allow("exchange:read")]
WORKS = [allow("exchange:work"), FRESH]


@router.get("", response_model=ExchangePage, dependencies=READS)
async def list_exchanges(work: WorkDep, query: Annotated[ExchangeFilter, Query()]) -> Response:
    """Replacements that somebody has worked on, newest first; all requests for one are at `/v1/refunds`."""
    place = read_cursor(work, "exchanges", query)
    items, last = await service.list_exchanges(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "exchanges", [last]) if last else None
    page = ExchangePage(items=[service.shown(one) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/exchanges", query=query, next_cursor=cursor)


@router.get("/{exchange_id}", response_model=ExchangePublic, dependencies=READS)
async def get_exchange(exchange_id: ExchangeId, work: WorkDep) -> Response:
    """One replacement: what is sent for what, what it costs more or less, and its way."""
    return await _shown(work, await service.get(work, exchange_id))


@router.post("/{exchange_id}/replace", response_model=ExchangePublic, dependencies=WORKS)
async def replace_article(exchange_id: ExchangeId, body: Replace, work: WorkDep) -> Response:
    """Choose what is sent (`If-Match` is needed): the difference follows; more to give back is approved anew."""
    return await _shown(work, await service.replace(work, exchange_id, body))


@router.post("/{exchange_id}/top-up", response_model=ExchangePublic, dependencies=[allow("exchange:top_up"), FRESH])
async def top_exchange_up(exchange_id: ExchangeId, body: TopUpNamed, work: WorkDep) -> Response:
    """Name the paid order that paid the difference."""
    return await _shown(work, await service.top_up(work, exchange_id, body.order_no))


@router.post("/{exchange_id}/run-out", response_model=ExchangePublic, dependencies=WORKS)
async def run_out_of_article(exchange_id: ExchangeId, body: ExchangeReason, work: WorkDep) -> Response:
    """It is out of stock: the customer has to be called."""
    return await _shown(work, await service.run_out(work, exchange_id, body.reason))


@router.post("/{exchange_id}/restock", response_model=ExchangePublic, dependencies=WORKS)
async def restock_article(exchange_id: ExchangeId, body: ExchangeReason, work: WorkDep) -> Response:
    """It can be sent after all."""
    return await _shown(work, await service.restock(work, exchange_id, body.reason))


@router.post("/{exchange_id}/call-customer", response_model=ExchangePublic, dependencies=WORKS)
async def call_about_exchange(exchange_id: ExchangeId, body: CustomerCalled, work: WorkDep) -> Response:
    """What the customer said, or that nobody was reached."""
    return await _shown(work, await service.call_customer(work, exchange_id, body))


@router.post("/{exchange_id}/settle-in-money", response_model=ExchangePublic, dependencies=WORKS)
async def settle_exchange_in_money(exchange_id: ExchangeId, body: ExchangeReason, work: WorkDep) -> Response:
    """The customer takes money instead (`If-Match` is needed); it is approved as a request for money."""
    return await _shown(work, await service.settle_in_money(work, exchange_id, body.reason))


@router.post("/{exchange_id}/send", response_model=ExchangePublic, dependencies=[allow("exchange:send"), FRESH])
async def send_replacement(exchange_id: ExchangeId, body: Send, work: WorkDep) -> Response:
    """It is on its way; ahead of the return only when the body says so."""
    return await _shown(work, await service.send(work, exchange_id, body))


@router.post("/{exchange_id}/lose", response_model=ExchangePublic, dependencies=WORKS)
async def lose_replacement(exchange_id: ExchangeId, body: ExchangeReason, work: WorkDep) -> Response:
    """It was lost on its way, and has to be sent anew."""
    return await _shown(work, await service.lose(work, exchange_id, body.reason))


@router.post(
    "/{exchange_id}/receive", response_model=ExchangePublic, dependencies=[allow("exchange:receive"), KEYED, FRESH]
)
async def receive_replacement(exchange_id: ExchangeId, work: WorkDep) -> Response:
    """The customer has it."""
    return await _shown(work, await service.receive(work, exchange_id))


async def _shown(work: Work, it: Standing) -> Response:
    return await answer(work, await service.show(work, it), version=it.case.ticket.version)
