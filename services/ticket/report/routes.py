"""`/v1/ticket-reports` (T15, X2): the monthly report of complaints, and the volumes they are measured against."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.spreadsheets import XLSX, spreadsheet
from services.ticket.complaint.schemas import MonthOf
from services.ticket.copies import service as copies
from services.ticket.report import service
from services.ticket.report.schemas import (
    ComplaintReport,
    ReportFilter,
    VolumeFilter,
    VolumePublic,
    Volumes,
    VolumeSet,
)
from services.ticket.report.sheets import sheets

router = APIRouter(prefix="/v1/ticket-reports", tags=["reports"])
UnitId = Annotated[UUID, Path(description="The unit's id.")]
OfMonth = Annotated[MonthOf, Path()]


async def of_a_unit(unit_id: UnitId, request: Request) -> UUID:
    """The unit, after its copy had its time to arrive; the unit of work begins later."""
    await copies.await_unit(runtime_of(request).database, unit_id)
    return unit_id


@router.get("/complaints", response_model=ComplaintReport, dependencies=[allow("report:read")])
async def complaint_report(work: WorkDep, query: Annotated[ReportFilter, Query()]) -> Response:
    """Complaints of a month: units, types, grades, agents, times, promises, and a year's trend."""
    return await answer(work, await service.complaint_report(work, query))


@router.get("/complaints.xlsx", responses=XLSX, response_class=Response, dependencies=[allow("report:read")])
async def export_complaint_report(work: WorkDep, query: Annotated[ReportFilter, Query()]) -> Response:
    """The same figures as a spreadsheet."""
    report = await service.complaint_report(work, query)
    return await spreadsheet(f"complaints-{query.month}", sheets(report))


@router.get("/volumes", response_model=Volumes, dependencies=[allow("report:read")])
async def list_volumes(work: WorkDep, query: Annotated[VolumeFilter, Query()]) -> Response:
    """What units handled in a month."""
    found = await service.volumes_of(work, query.month)
    return await answer(work, Volumes(items=[VolumePublic.model_validate(one) for one in found]))


@router.put("/volumes/{unit_id}/{month}", response_model=VolumePublic, dependencies=[allow("report:volume")])
async def set_volume(
    unit_id: Annotated[UUID, Depends(of_a_unit)], month: OfMonth, body: VolumeSet, work: WorkDep
) -> Response:
    """Say how much a unit handled in a month."""
    volume = await service.set_volume(work, unit_id, month, body)
    return await answer(work, VolumePublic.model_validate(volume), version=volume.version)
