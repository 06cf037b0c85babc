"""`/v1/refunds/{id}/…`: what comes back, from the customer's parcel to the inspection (T22, T26, T47)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from kit.http.edge import KEYED, WorkDep, allow, answer
from kit.work import Work
from services.ticket.inbound import service
from services.ticket.inbound.schemas import (
    Inspect,
    ParcelCorrection,
    ParcelLost,
    ParcelReason,
    ReceiptCreate,
    ReturnPublic,
    ShipBack,
)
from services.ticket.refund.case import Case
from services.ticket.refund.doors import FRESH, RefundId

router = APIRouter(prefix="/v1/refunds", tags=["returns"])
ParcelId = Annotated[UUID, Path(description="The parcel's id.")]
ANNOUNCES = [allow("return:ship_back"), FRESH]
RECEIVES = [allow("return:receive"), FRESH]


@router.get("/{refund_id}/return", response_model=ReturnPublic, dependencies=[allow("refund:read")])
async def get_return(refund_id: RefundId, work: WorkDep) -> Response:
    """Where its goods are: announced, counted, inspected."""
    return await _shown(work, await service.get_return(work, refund_id))


@router.post("/{refund_id}/ship-back", response_model=ReturnPublic, dependencies=ANNOUNCES)
async def ship_goods_back(refund_id: RefundId, body: ShipBack, work: WorkDep) -> Response:
    """The customer has sent a parcel; without lines everything that is still to be sent is in it."""
    return await _shown(work, await service.ship_back(work, refund_id, body))


@router.post("/{refund_id}/parcels/{parcel_id}/correct", response_model=ReturnPublic, dependencies=ANNOUNCES)
async def correct_parcel(refund_id: RefundId, parcel_id: ParcelId, body: ParcelCorrection, work: WorkDep) -> Response:
    """It has another carrier or tracking number."""
    return await _shown(work, await service.correct(work, refund_id, parcel_id, body))


@router.post("/{refund_id}/parcels/{parcel_id}/search", response_model=ReturnPublic, dependencies=RECEIVES)
async def search_parcel(refund_id: RefundId, parcel_id: ParcelId, body: ParcelReason, work: WorkDep) -> Response:
    """It was delivered and isn't found: the warehouse looks for it."""
    return await _shown(work, await service.search(work, refund_id, parcel_id, body.reason))


@router.post("/{refund_id}/parcels/{parcel_id}/find", response_model=ReturnPublic, dependencies=RECEIVES)
async def find_parcel(refund_id: RefundId, parcel_id: ParcelId, body: ParcelReason, work: WorkDep) -> Response:
    """The warehouse has found it; it waits to be opened."""
    return await _shown(work, await service.find(work, refund_id, parcel_id, body.reason))


@router.post("/{refund_id}/parcels/{parcel_id}/write-off", response_model=ReturnPublic, dependencies=RECEIVES)
async def write_parcel_off(refund_id: RefundId, parcel_id: ParcelId, body: ParcelLost, work: WorkDep) -> Response:
    """It is lost; what our courier or warehouse lost counts as come back."""
    return await _shown(work, await service.write_off(work, refund_id, parcel_id, body))


@router.post("/{refund_id}/receipts", status_code=201, response_model=ReturnPublic, dependencies=RECEIVES)
async def receive_goods(refund_id: RefundId, body: ReceiptCreate, work: WorkDep) -> Response:
    """What was counted when a parcel was opened; as often as parcels come."""
    case = await service.receive(work, refund_id, body)
    return await _shown(work, case, status=201, location=f"/v1/refunds/{refund_id}/return")


@router.post(
    "/{refund_id}/inspect", response_model=ReturnPublic, dependencies=[allow("return:inspect"), KEYED, FRESH]
)
async def inspect_goods(refund_id: RefundId, body: Inspect, work: WorkDep) -> Response:
    """What was found decides what is paid (`If-Match` is needed)."""
    return await _shown(work, await service.inspect(work, refund_id, body))


async def _shown(work: Work, case: Case, *, status: int = 200, location: str | None = None) -> Response:
    body = await service.show(work, case)
    return await answer(work, body, status=status, version=case.ticket.version, location=location)
