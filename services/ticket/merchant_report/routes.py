"""`/v1/merchant-reports` (T1): a report is a ticket, and everything after its opening is done at `/v1/tickets`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.merchant_report import service
from services.ticket.merchant_report.schemas import MerchantReportFilter, MerchantReportOpen
from services.ticket.ticket import service as tickets
from services.ticket.ticket.schemas import TicketPage, TicketPublic

router = APIRouter(prefix="/v1/merchant-reports", tags=["merchant reports"])


async def about_somebody(body: MerchantReportOpen, request: Request) -> MerchantReportOpen:
    """The body, after the copy of the customer it names had its time to arrive."""
    if body.customer_id is not None:
        await copies.await_customer(runtime_of(request).database, body.customer_id)
    return body


@router.post("", status_code=201, response_model=TicketPublic, dependencies=[allow("ticket:open")])
async def open_report(body: Annotated[MerchantReportOpen, Depends(about_somebody)], work: WorkDep) -> Response:
    """Report a seller."""
    ticket = await service.open_report(work, body)
    location = f"/v1/tickets/{ticket.ticket_id}"
    return await answer(work, await tickets.show(work, ticket), status=201, version=ticket.version, location=location)


@router.get("", response_model=TicketPage, dependencies=[allow("ticket:read")])
async def list_reports(work: WorkDep, query: Annotated[MerchantReportFilter, Query()]) -> Response:
    """Reports about sellers, newest first."""
    listed = await service.list_reports(work, query, read_cursor(work, "merchant-reports", query))
    cursor = write_cursor(work, "merchant-reports", listed.next_after) if listed.next_after else None
    page = TicketPage(items=list(listed.tickets), next_cursor=cursor)
    return page_answer(page, path="/v1/merchant-reports", query=query, next_cursor=cursor)
