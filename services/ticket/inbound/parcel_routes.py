"""`/v1/return-parcels`: what is on its way back, for whoever stands in the warehouse (T22)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.inbound import service
from services.ticket.inbound.schemas import ParcelFilter, ParcelPage, ParcelsFound, ParcelSought

router = APIRouter(prefix="/v1/return-parcels", tags=["returns"])
RECEIVES = [allow("return:receive")]


@router.get("", response_model=ParcelPage, dependencies=RECEIVES)
async def list_return_parcels(work: WorkDep, query: Annotated[ParcelFilter, Query()]) -> Response:
    """Parcels of all returns, newest first: on their way, looked for, found, opened, lost."""
    place = read_cursor(work, "return-parcels", query)
    items, last = await service.list_parcels(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "return-parcels", [last]) if last else None
    page = ParcelPage(items=items, next_cursor=cursor)
    return page_answer(page, path="/v1/return-parcels", query=query, next_cursor=cursor)


@router.post("/lookup", response_model=ParcelsFound, dependencies=RECEIVES)
async def look_return_parcel_up(body: ParcelSought, work: WorkDep) -> Response:
    """To which return a parcel belongs, by the number that was scanned; nothing is changed."""
    return await answer(work, ParcelsFound(items=await service.look_up(work, body.tracking_number)))
