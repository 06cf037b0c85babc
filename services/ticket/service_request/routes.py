"""`/v1/service-requests` (T60, T61)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.fields import Code
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.service_request import review, service, showing, steps, weighing
from services.ticket.service_request.schemas import (
    DocumentAdd,
    RequestDispatch,
    RequestFilter,
    RequestFinish,
    RequestPage,
    RequestPublic,
    RequestReason,
    RequestResubmit,
    RequestReturn,
    RequestRevealed,
    RequestSubmit,
    RequestTypeList,
    StepRecord,
    TypesOf,
)
from services.ticket.service_request.service import Seen
from services.ticket.service_request.weighing_schemas import OverShortAsked, OverShortPublic, OverShortRecord

router = APIRouter(prefix="/v1/service-requests", tags=["service requests"])
RequestId = Annotated[UUID, Path(description="The request's id, which is its ticket's.")]
DocumentCode = Annotated[Code, Path(description="The document's code in the type.")]
_OPEN = {"Cache-Control": "no-store", "Content-Type": "application/json"}
SUBMIT, READ, WORK = "service_request:submit", "service_request:read", "service_request:work"


async def about_somebody(body: RequestSubmit, request: Request) -> RequestSubmit:
    """The body, after the copy of the customer it names had its time to arrive."""
    if body.customer_id is not None:
        await copies.await_customer(runtime_of(request).database, body.customer_id)
    return body


async def to_a_unit(body: RequestDispatch, request: Request) -> RequestDispatch:
    """The body, after the copy of the unit it names had its time to arrive."""
    if body.unit_id is not None:
        await copies.await_unit(runtime_of(request).database, body.unit_id)
    return body


@router.get("/types", response_model=RequestTypeList, dependencies=[allow(READ)])
async def list_request_types(work: WorkDep, query: Annotated[TypesOf, Query()]) -> Response:
    """The types of requests that a shop takes now, with their forms; to customers those that are for them."""
    rules = await service.types_of(work, query.shop)
    items = [showing.show_type(work, kind) for kind in rules.document.types]
    return await answer(work, RequestTypeList(policy_version=rules.version, items=items))


@router.post("/over-short", response_model=OverShortPublic, dependencies=[allow(READ)])
async def reckon_over_short(body: OverShortAsked, work: WorkDep) -> Response:
    """What is payable when more or less was loaded than agreed; changes nothing."""
    return await answer(work, showing.show_settlement(weighing.reckon(body)))


@router.post("", status_code=201, response_model=RequestPublic, dependencies=[allow(SUBMIT)])
async def submit_request(body: Annotated[RequestSubmit, Depends(about_somebody)], work: WorkDep) -> Response:
    """Hand in a request."""
    seen = await service.submit_request(work, body)
    return await _shown(work, seen, status=201, location=f"/v1/service-requests/{seen[0].request_id}")


@router.get("", response_model=RequestPage, dependencies=[allow(READ)])
async def list_requests(work: WorkDep, query: Annotated[RequestFilter, Query()]) -> Response:
    """Requests, newest first."""
    place = read_cursor(work, "service-requests", query)
    items, last = await service.list_requests(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "service-requests", [last]) if last else None
    page = RequestPage(items=[showing.shown(work, one) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/service-requests", query=query, next_cursor=cursor)


@router.get("/{request_id}", response_model=RequestPublic, dependencies=[allow(READ)])
async def get_request(request_id: RequestId, work: WorkDep) -> Response:
    """One request, with its form, documents and steps."""
    return await _shown(work, await service.get_request(work, request_id))


@router.post("/{request_id}/resubmit", response_model=RequestPublic, dependencies=[allow(SUBMIT)])
async def resubmit_request(request_id: RequestId, body: RequestResubmit, work: WorkDep) -> Response:
    """Hand in a returned request again, completed."""
    return await _shown(work, await review.resubmit_request(work, request_id, body))


@router.put("/{request_id}/documents/{document}", response_model=RequestPublic, dependencies=[allow(SUBMIT)])
async def add_document(request_id: RequestId, document: DocumentCode, body: DocumentAdd, work: WorkDep) -> Response:
    """Say which file of the ticket is that document."""
    return await _shown(work, await review.add_document(work, request_id, document, body.attachment_id))


@router.post("/{request_id}/withdraw", response_model=RequestPublic, dependencies=[allow(SUBMIT)])
async def withdraw_request(request_id: RequestId, body: RequestReason, work: WorkDep) -> Response:
    """Take a request back before the unit has it."""
    return await _shown(work, await review.withdraw_request(work, request_id, body.reason))


@router.post("/{request_id}/review", response_model=RequestPublic, dependencies=[allow(WORK)])
async def review_request(request_id: RequestId, work: WorkDep) -> Response:
    """Begin to review it."""
    return await _shown(work, await review.review_request(work, request_id))


@router.post("/{request_id}/return", response_model=RequestPublic, dependencies=[allow(WORK)])
async def return_request(request_id: RequestId, body: RequestReturn, work: WorkDep) -> Response:
    """Give it back with what is missing; If-Match is required."""
    return await _shown(work, await review.return_request(work, request_id, body.missing, body.note))


@router.post("/{request_id}/approve", response_model=RequestPublic, dependencies=[allow(WORK)])
async def approve_request(request_id: RequestId, work: WorkDep) -> Response:
    """Approve it; If-Match is required. Types that say so are dispatched at once."""
    return await _shown(work, await review.approve_request(work, request_id))


@router.post("/{request_id}/reject", response_model=RequestPublic, dependencies=[allow(WORK)])
async def reject_request(request_id: RequestId, body: RequestReason, work: WorkDep) -> Response:
    """Reject it, with the reason; If-Match is required."""
    return await _shown(work, await review.reject_request(work, request_id, body.reason))


@router.post("/{request_id}/dispatch", response_model=RequestPublic, dependencies=[allow(WORK)])
async def dispatch_request(
    request_id: RequestId, body: Annotated[RequestDispatch, Depends(to_a_unit)], work: WorkDep
) -> Response:
    """Dispatch it to a unit."""
    return await _shown(work, await review.dispatch_request(work, request_id, body.unit_id))


@router.post("/{request_id}/record", response_model=RequestPublic, dependencies=[allow("service_request:step")])
async def record_step(request_id: RequestId, body: StepRecord, work: WorkDep) -> Response:
    """Record the next step of its type; customers record those that are theirs."""
    return await _shown(work, await steps.record_step(work, request_id, body))


@router.post("/{request_id}/finish", response_model=RequestPublic, dependencies=[allow(WORK)])
async def finish_request(request_id: RequestId, body: RequestFinish, work: WorkDep) -> Response:
    """It is done; say with which outcome and cause, where its type asks for them. If-Match is required."""
    return await _shown(work, await review.finish_request(work, request_id, body.outcome, body.cause))


@router.post("/{request_id}/weigh", response_model=RequestPublic, dependencies=[allow("service_request:weigh")])
async def record_over_short(request_id: RequestId, body: OverShortRecord, work: WorkDep) -> Response:
    """Record what was loaded; a shortage is reported as a claim."""
    return await _shown(work, await weighing.weigh(work, request_id, body))


@router.post("/{request_id}/reveal", response_model=RequestRevealed, dependencies=[allow("service_request:reveal")])
async def reveal_request(request_id: RequestId, body: RequestReason, work: WorkDep) -> Response:
    """The personal values of a request open, with a reason; each time is written down. The answer is kept
    nowhere, not even for an Idempotency-Key."""
    revealed = await showing.reveal(work, await review.reveal_request(work, request_id, body.reason))
    return Response(revealed.model_dump_json(), headers=_OPEN)


async def _shown(work: Work, seen: Seen, *, status: int = 200, location: str | None = None) -> Response:
    await work.session.flush()
    body = await showing.show(work, seen)
    return await answer(work, body, status=status, version=seen[1].version, location=location)
