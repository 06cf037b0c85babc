"""`/v1/units` (X2)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.appraisal.unit import service, store
from services.appraisal.unit.models import Unit
from services.appraisal.unit.schemas import UnitCreate, UnitFilter, UnitPage, UnitPublic, UnitUpdate

router = APIRouter(prefix="/v1/units", tags=["units"])


@router.post("", status_code=201, response_model=UnitPublic, dependencies=[allow("unit:manage")])
async def create_unit(body: UnitCreate, work: WorkDep) -> Response:
    """Make a unit at whose door a complaint can be laid (X2); its code is unique, for ever."""
    unit = await service.create_unit(work, body)
    return await _shown(work, unit, status=201, location=f"/v1/units/{unit.unit_id}")


@router.get("", response_model=UnitPage, dependencies=[allow("unit:read")])
async def list_units(work: WorkDep, query: Annotated[UnitFilter, Query()]) -> Response:
    """Units, newest first."""
    filters = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    after = read_cursor(work, "units", query)
    found = await store.page(work.session, filters, UUID(after[0]) if after else None, query.limit + 1)
    shown = found[: query.limit]
    cursor = write_cursor(work, "units", [str(shown[-1].unit_id)]) if len(found) > query.limit else None
    page = UnitPage(items=[UnitPublic.model_validate(unit) for unit in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/units", query=query, next_cursor=cursor)


@router.get("/{unit_id}", response_model=UnitPublic, dependencies=[allow("unit:read")])
async def get_unit(unit_id: UUID, work: WorkDep) -> Response:
    """One unit."""
    return await _shown(work, await service.get_unit(work, unit_id))


@router.patch("/{unit_id}", response_model=UnitPublic, dependencies=[allow("unit:manage")])
async def change_unit(unit_id: UUID, body: UnitUpdate, work: WorkDep) -> Response:
    """Change name, kind or lead; If-Match is required."""
    return await _shown(work, await service.change_unit(work, unit_id, body))


@router.post("/{unit_id}/close", response_model=UnitPublic, dependencies=[allow("unit:manage")])
async def close_unit(unit_id: UUID, work: WorkDep) -> Response:
    """撤销: no complaint is laid at its door any more; refused while people work in it."""
    return await _shown(work, await service.close_unit(work, unit_id))


@router.post("/{unit_id}/reopen", response_model=UnitPublic, dependencies=[allow("unit:manage")])
async def reopen_unit(unit_id: UUID, work: WorkDep) -> Response:
    """恢复: it is there again."""
    return await _shown(work, await service.reopen_unit(work, unit_id))


async def _shown(work: Work, unit: Unit, *, status: int = 200, location: str | None = None) -> Response:
    body = UnitPublic.model_validate(unit)
    return await answer(work, body, status=status, version=unit.version, location=location)
