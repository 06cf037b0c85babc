"""`/v1/refunds`: money, returns, exchanges and resends, asked for and decided (T20 to T29)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from kit.http.edge import KEYED, WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.refund import service
from services.ticket.refund.doors import FRESH, RefundId
from services.ticket.refund.schemas import (
    EvidenceGiven,
    EvidenceWanted,
    ParcelStop,
    QuotePublic,
    RefundEdit,
    RefundFilter,
    RefundPage,
    RefundPublic,
    RefundQuote,
    RefundRequest,
    Refusal,
)
from services.ticket.refund.service import Case

router = APIRouter(prefix="/v1/refunds", tags=["refunds"])
ASKS = [allow("refund:request"), FRESH]
WORKS = [allow("refund:work"), FRESH]


@router.post("", status_code=201, response_model=RefundPublic, dependencies=[allow("refund:request"), KEYED])
async def request_refund(body: RefundRequest, work: WorkDep) -> Response:
    """Ask for money, a return, an exchange or a resend (T20)."""
    case = await service.request(work, body)
    return await _shown(work, case, status=201, location=f"/v1/refunds/{case.refund.refund_id}")


@router.post("/quotes", response_model=QuotePublic, dependencies=[allow("refund:request")])
async def quote_refund(body: RefundQuote, work: WorkDep) -> Response:
    """What such a request would give, who pays which way, who would have to approve it, and what it costs; nothing is
    changed."""
    reckoned, order, terms, needed = await service.quote(work, body)
    return await answer(work, service.quoted(work, reckoned, order, terms, needed))


@router.get("", response_model=RefundPage, dependencies=[allow("refund:read")])
async def list_refunds(work: WorkDep, query: Annotated[RefundFilter, Query()]) -> Response:
    """Requests of all kinds, newest first."""
    place = read_cursor(work, "refunds", query)
    items, last = await service.list_refunds(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "refunds", [last]) if last else None
    return page_answer(
        RefundPage(items=items, next_cursor=cursor), path="/v1/refunds", query=query, next_cursor=cursor
    )


@router.get("/{refund_id}", response_model=RefundPublic, dependencies=[allow("refund:read")])
async def get_refund(refund_id: RefundId, work: WorkDep) -> Response:
    """One request: what it gives, where it stands, and for the house who still has to approve it."""
    return await _shown(work, await service.get(work, refund_id))


@router.patch("/{refund_id}", response_model=RefundPublic, dependencies=WORKS)
async def edit_refund(refund_id: RefundId, body: RefundEdit, work: WorkDep) -> Response:
    """Put right what is asked for: the amount is worked out anew, and what was approved is void (T28)."""
    return await _shown(work, await service.edit(work, refund_id, body))


@router.post("/{refund_id}/review", response_model=RefundPublic, dependencies=WORKS)
async def review_refund(refund_id: RefundId, work: WorkDep) -> Response:
    """Take it up."""
    return await _shown(work, await service.review(work, refund_id))


@router.post("/{refund_id}/want-evidence", response_model=RefundPublic, dependencies=WORKS)
async def want_evidence(refund_id: RefundId, body: EvidenceWanted, work: WorkDep) -> Response:
    """Ask the customer to show something; its clocks stand still meanwhile."""
    return await _shown(work, await service.want_evidence(work, refund_id, body.reason))


@router.post("/{refund_id}/give-evidence", response_model=RefundPublic, dependencies=ASKS)
async def give_evidence(refund_id: RefundId, body: EvidenceGiven, work: WorkDep) -> Response:
    """Show it: pictures that are attached to the ticket."""
    return await _shown(work, await service.give_evidence(work, refund_id, body.attachment_ids))


@router.post("/{refund_id}/stop-parcel", response_model=RefundPublic, dependencies=WORKS)
async def stop_parcel(refund_id: RefundId, body: ParcelStop, work: WorkDep) -> Response:
    """Say whether the parcel of a cleared order could be stopped (T24)."""
    return await _shown(work, await service.stop_parcel(work, refund_id, stopped=body.stopped))


@router.post(
    "/{refund_id}/approve", response_model=RefundPublic, dependencies=[allow("refund:approve"), KEYED, FRESH]
)
async def approve_refund(refund_id: RefundId, work: WorkDep) -> Response:
    """Approve what was read, with its ETag. With the last approval that is needed the money is in flight (T28)."""
    return await _shown(work, await service.approve(work, refund_id))


@router.post("/{refund_id}/refuse", response_model=RefundPublic, dependencies=WORKS)
async def refuse_refund(refund_id: RefundId, body: Refusal, work: WorkDep) -> Response:
    """Refuse it, and say on which grounds."""
    return await _shown(work, await service.refuse(work, refund_id, body))


@router.post("/{refund_id}/withdraw", response_model=RefundPublic, dependencies=ASKS)
async def withdraw_refund(refund_id: RefundId, work: WorkDep) -> Response:
    """The customer no longer wants it; possible until paying (T22)."""
    return await _shown(work, await service.withdraw(work, refund_id))


@router.post("/{refund_id}/retry", response_model=RefundPublic, dependencies=[allow("refund:retry"), KEYED, FRESH])
async def retry_refund(refund_id: RefundId, work: WorkDep) -> Response:
    """Pay again what could not be paid, under the same number: it is never paid twice (T22)."""
    return await _shown(work, await service.retry(work, refund_id))


@router.post("/{refund_id}/close", response_model=RefundPublic, dependencies=WORKS)
async def close_refund(refund_id: RefundId, work: WorkDep) -> Response:
    """Close what was paid or has arrived."""
    return await _shown(work, await service.close(work, refund_id))


async def _shown(work: Work, case: Case, *, status: int = 200, location: str | None = None) -> Response:
    body = await service.public(work, case)
    return await answer(work, body, status=status, version=case.ticket.version, location=location)
