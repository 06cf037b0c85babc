"""`/v1/shifts`: the roster (T44). Signing in and out, and who is here, are beside the work that is given out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.shift import planning, service, store
from services.ticket.shift.schemas import (
    RosterAnswer,
    RosterPlan,
    ShiftFilter,
    ShiftPage,
    ShiftPlan,
    ShiftPlanned,
    ShiftPublic,
    ShiftReason,
)  # fmt: skip
from services.ticket.shift.views import public
from services.ticket.sight import ALL_SHOPS

router = APIRouter(prefix="/v1/shifts", tags=["shifts"])
ShiftId = Annotated[UUID, Path(description="The shift's id.")]


async def for_somebody(body: ShiftPlan, request: Request) -> ShiftPlan:
    """The body, after the copy of the member of staff had its time to arrive; the unit of work begins later."""
    await copies.await_staff(runtime_of(request).database, body.staff_id)
    return body


@router.post("", status_code=201, response_model=ShiftPlanned, dependencies=[allow("roster:plan")])
async def plan_shift(body: Annotated[ShiftPlan, Depends(for_somebody)], work: WorkDep) -> Response:
    """Plan a shift; too few rest days are warned of."""
    shift, warned = await planning.plan_shift(work, body)
    shown = ShiftPlanned(**dict(public(shift)), warnings=warned)
    return await answer(work, shown, status=201, version=shift.version, location=f"/v1/shifts/{shift.shift_id}")


@router.post("/roster", response_model=RosterAnswer, dependencies=[allow("roster:plan")])
async def plan_roster(body: RosterPlan, work: WorkDep) -> Response:
    """Plan a preset for several people and days, each with its own result."""
    items = await planning.plan_roster(work, body)
    return await answer(work, RosterAnswer(items=items, planned=sum(item.status == 201 for item in items)))


@router.get("", response_model=ShiftPage, dependencies=[allow("roster:read")])
async def list_shifts(work: WorkDep, query: Annotated[ShiftFilter, Query()]) -> Response:
    """The roster by planned start: shifts of the shops of the caller's token, and the caller's own (X1)."""
    wanted = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    shops = None if ALL_SHOPS in work.actor.shops else sorted(work.actor.shops)
    seen = (shops, work.actor.staff_id)
    shifts = await store.page(work.session, seen, wanted, read_cursor(work, "shifts", query), query.limit + 1)
    shown = shifts[: query.limit]
    place = [shown[-1].planned_start.isoformat(), str(shown[-1].shift_id)] if shown else []
    cursor = write_cursor(work, "shifts", place) if len(shifts) > query.limit else None
    page = ShiftPage(items=[public(shift) for shift in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/shifts", query=query, next_cursor=cursor)


@router.get("/{shift_id}", response_model=ShiftPublic, dependencies=[allow("roster:read")])
async def get_shift(shift_id: ShiftId, work: WorkDep) -> Response:
    """One shift."""
    shift = await service.get_shift(work, shift_id)
    return await answer(work, public(shift), version=shift.version)


@router.post("/{shift_id}/cancel", response_model=ShiftPublic, dependencies=[allow("roster:plan")])
async def cancel_shift(shift_id: ShiftId, body: ShiftReason, work: WorkDep) -> Response:
    """Take a planned shift off the roster."""
    shift = await service.cancel_shift(work, shift_id, body.reason)
    return await answer(work, public(shift), version=shift.version)
