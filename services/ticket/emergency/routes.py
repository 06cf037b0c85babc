"""`/v1/emergencies` (T42). A complaint of the emergency category is contained at `/v1/complaints`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.emergency import service
from services.ticket.emergency.lifecycle import LIFE, EmergencyStatus
from services.ticket.emergency.schemas import (
    EmergencyContain,
    EmergencyFilter,
    EmergencyNote,
    EmergencyOpen,
    EmergencyPage,
    EmergencyPublic,
    EmergencyReason,
    EmergencyShown,
)
from services.ticket.emergency.service import Seen
from services.ticket.ticket import service as tickets

router = APIRouter(prefix="/v1/emergencies", tags=["emergencies"])
EmergencyId = Annotated[UUID, Path(description="The emergency's id, which is its ticket's.")]


async def about_somebody(body: EmergencyOpen, request: Request) -> EmergencyOpen:
    """The body, after the copies of whom and what it names had their time to arrive."""
    if body.customer_id is not None:
        await copies.await_customer(runtime_of(request).database, body.customer_id)
    if body.unit_id is not None:
        await copies.await_unit(runtime_of(request).database, body.unit_id)
    return body


@router.post("", status_code=201, response_model=EmergencyPublic, dependencies=[allow("emergency:open")])
async def open_emergency(body: Annotated[EmergencyOpen, Depends(about_somebody)], work: WorkDep) -> Response:
    """Report an emergency: ten minutes count from now."""
    seen = await service.open_emergency(work, body)
    return await _shown(work, seen, status=201, location=f"/v1/emergencies/{seen[0].emergency_id}")


@router.get("", response_model=EmergencyPage, dependencies=[allow("emergency:read")])
async def list_emergencies(work: WorkDep, query: Annotated[EmergencyFilter, Query()]) -> Response:
    """Emergencies of both kinds, newest first."""
    place = read_cursor(work, "emergencies", query)
    items, last = await service.list_emergencies(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "emergencies", [last]) if last else None
    page = EmergencyPage(items=[EmergencyShown.model_validate(one) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/emergencies", query=query, next_cursor=cursor)


@router.get("/{emergency_id}", response_model=EmergencyPublic, dependencies=[allow("emergency:read")])
async def get_emergency(emergency_id: EmergencyId, work: WorkDep) -> Response:
    """One emergency."""
    return await _shown(work, await service.get_emergency(work, emergency_id))


@router.patch("/{emergency_id}", response_model=EmergencyPublic, dependencies=[allow("emergency:contain")])
async def note_emergency(emergency_id: EmergencyId, body: EmergencyNote, work: WorkDep) -> Response:
    """Note insurance and claims on it."""
    return await _shown(work, await service.note_emergency(work, emergency_id, body))


@router.post("/{emergency_id}/contain", response_model=EmergencyPublic, dependencies=[allow("emergency:contain")])
async def contain_emergency(emergency_id: EmergencyId, body: EmergencyContain, work: WorkDep) -> Response:
    """It is contained; say what was done."""
    return await _shown(work, await service.contain_emergency(work, emergency_id, body.measures))


@router.post("/{emergency_id}/close", response_model=EmergencyPublic, dependencies=[allow("emergency:contain")])
async def close_emergency(emergency_id: EmergencyId, work: WorkDep) -> Response:
    """Close a contained emergency."""
    return await _shown(work, await service.close_emergency(work, emergency_id))


@router.post("/{emergency_id}/reopen", response_model=EmergencyPublic, dependencies=[allow("emergency:contain")])
async def reopen_emergency(emergency_id: EmergencyId, body: EmergencyReason, work: WorkDep) -> Response:
    """Take a closed emergency up again, within the days that the policy gives."""
    return await _shown(work, await service.reopen_emergency(work, emergency_id, body.reason))


@router.post("/{emergency_id}/cancel", response_model=EmergencyPublic, dependencies=[allow("emergency:cancel")])
async def cancel_emergency(emergency_id: EmergencyId, body: EmergencyReason, work: WorkDep) -> Response:
    """It was none."""
    return await _shown(work, await service.cancel_emergency(work, emergency_id, body.reason))


async def _shown(work: Work, seen: Seen, *, status: int = 200, location: str | None = None) -> Response:
    emergency, ticket = seen
    body = EmergencyPublic.model_validate(
        {
            **emergency.model_dump(),
            "allowed": LIFE.allowed(EmergencyStatus(emergency.status)),
            "ticket": await tickets.show(work, ticket),
        }
    )
    return await answer(work, body, status=status, version=ticket.version, location=location)
