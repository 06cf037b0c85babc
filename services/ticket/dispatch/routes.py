"""`/v1/shifts`, as far as it is about being at one's desk now (T44)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from services.ticket.dispatch import service
from services.ticket.dispatch.schemas import DeskPublic, DeskQuery
from services.ticket.shift import service as shifts
from services.ticket.shift.lifecycle import ShiftLike
from services.ticket.shift.schemas import PresenceChange, ShiftEnd, ShiftPublic
from services.ticket.shift.views import public

router = APIRouter(prefix="/v1/shifts", tags=["shifts"])
ShiftId = Annotated[UUID, Path(description="The shift's id.")]


@router.get("/desk", response_model=DeskPublic, dependencies=[allow("roster:read")])
async def look_at_desk(work: WorkDep, query: Annotated[DeskQuery, Query()]) -> Response:
    """Who is on shift now, whether they are here, and what each has open."""
    return await answer(work, await service.look_at_desk(work, query.group))


@router.post("/{shift_id}/start", response_model=ShiftPublic, dependencies=[allow("shift:work")])
async def start_shift(shift_id: ShiftId, work: WorkDep) -> Response:
    """Sign in to one's shift; leads may sign others in."""
    return await _shown(work, await service.sign_in(work, shift_id))


@router.post("/{shift_id}/end", response_model=ShiftPublic, dependencies=[allow("shift:work")])
async def end_shift(shift_id: ShiftId, work: WorkDep, body: ShiftEnd | None = None) -> Response:
    """Sign out. The evening's shift stays on while customers wait, unless a lead lets it go, with a reason."""
    return await _shown(work, await service.sign_out(work, shift_id, body.override_reason if body else None))


@router.post("/{shift_id}/presence", response_model=ShiftPublic, dependencies=[allow("shift:work")])
async def change_presence(shift_id: ShiftId, body: PresenceChange, work: WorkDep) -> Response:
    """Away for a reason, at a meal, or back."""
    return await _shown(work, await shifts.change_presence(work, shift_id, body.verb, body.reason))


async def _shown(work: WorkDep, shift: ShiftLike) -> Response:
    return await answer(work, public(shift), version=shift.version)
