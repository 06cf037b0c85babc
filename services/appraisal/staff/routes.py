"""`/v1/staff` (A1)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.privacy import mask_name
from kit.work import Work
from services.appraisal.alias import service as alias
from services.appraisal.staff import service, store
from services.appraisal.staff.schemas import (
    AliasPublic,
    StaffCreate,
    StaffFilter,
    StaffLeave,
    StaffPage,
    StaffPublic,
    StaffSuspend,
    StaffUpdate,
)  # fmt: skip
from services.appraisal.staff.service import Member

router = APIRouter(prefix="/v1/staff", tags=["staff"])


@router.post("", status_code=201, response_model=StaffPublic, dependencies=[allow("staff:manage")])
async def hire_staff(body: StaffCreate, work: WorkDep) -> Response:
    """Hire somebody; they begin on probation. An alias is unique in its shop (A1)."""
    member = await service.hire_staff(work, body)
    return await _shown(work, member, status=201, location=f"/v1/staff/{member[0].staff_id}")


@router.get("", response_model=StaffPage, dependencies=[allow("staff:read")])
async def list_staff(work: WorkDep, query: Annotated[StaffFilter, Query()]) -> Response:
    """Staff, newest first; names are masked but one's own (X6)."""
    filters = query.model_dump(include={"status", "role", "team_id"}, exclude_none=True)
    after = read_cursor(work, "staff", query)
    found = await store.page(work.session, filters, UUID(after[0]) if after else None, query.limit + 1)
    shown = found[: query.limit]
    aliases = await alias.aliases_of(work, [staff.staff_id for staff in shown])
    cursor = write_cursor(work, "staff", [str(shown[-1].staff_id)]) if len(found) > query.limit else None
    page = StaffPage(items=[public(work, (staff, aliases[staff.staff_id])) for staff in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/staff", query=query, next_cursor=cursor)


@router.get("/{staff_id}", response_model=StaffPublic, dependencies=[allow("staff:read")])
async def get_staff(staff_id: UUID, work: WorkDep) -> Response:
    """One member of staff."""
    return await _shown(work, await service.get_staff(work, staff_id))


@router.patch("/{staff_id}", response_model=StaffPublic, dependencies=[allow("staff:manage")])
async def change_staff(staff_id: UUID, body: StaffUpdate, work: WorkDep) -> Response:
    """Change role, team, unit or aliases; If-Match is required."""
    return await _shown(work, await service.change_staff(work, staff_id, body))


@router.post("/{staff_id}/confirm", response_model=StaffPublic, dependencies=[allow("staff:manage")])
async def confirm_staff(staff_id: UUID, work: WorkDep) -> Response:
    """转正: the probation is passed."""
    return await _shown(work, await service.confirm_staff(work, staff_id))


@router.post("/{staff_id}/suspend", response_model=StaffPublic, dependencies=[allow("staff:manage")])
async def suspend_staff(staff_id: UUID, work: WorkDep, body: StaffSuspend | None = None) -> Response:
    """停岗 (A10): their login rests, no work is routed to them."""
    return await _shown(work, await service.suspend_staff(work, staff_id, body.reason if body else None))


@router.post("/{staff_id}/readmit", response_model=StaffPublic, dependencies=[allow("staff:manage")])
async def readmit_staff(staff_id: UUID, work: WorkDep) -> Response:
    """复岗 (A10): back to work after suspension and training."""
    return await _shown(work, await service.readmit_staff(work, staff_id))


@router.post("/{staff_id}/leave", response_model=StaffPublic, dependencies=[allow("staff:manage")])
async def part_with_staff(staff_id: UUID, work: WorkDep, body: StaffLeave | None = None) -> Response:
    """离职: the login ends; the aliases stay theirs, for old remarks name them."""
    asked = body or StaffLeave()
    return await _shown(work, await service.part_with_staff(work, staff_id, asked.left_on, asked.reason))


async def _shown(work: Work, member: Member, *, status: int = 200, location: str | None = None) -> Response:
    return await answer(work, public(work, member), status=status, version=member[0].version, location=location)


def public(work: Work, member: Member) -> StaffPublic:
    """A member of staff as the caller may see them."""
    staff, aliases = member
    own = work.actor.staff_id == staff.staff_id
    return StaffPublic.model_validate(
        {
            **staff.model_dump(exclude={"created_at", "event_seq"}),
            "name": staff.name if own else mask_name(staff.name),
            "aliases": [AliasPublic.model_validate(one) for one in aliases],
        }
    )
