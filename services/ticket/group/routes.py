"""`/v1/groups`: who answers together (T4)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.group import service, store
from services.ticket.group.lifecycle import LIFE, GroupStatus
from services.ticket.group.models import Group, Member
from services.ticket.group.schemas import (
    GroupChange,
    GroupCreate,
    GroupFilter,
    GroupPage,
    GroupPublic,
    MemberPublic,
    MemberPut,
)  # fmt: skip
from services.ticket.sight import ALL_SHOPS

router = APIRouter(prefix="/v1/groups", tags=["groups"])
GroupId = Annotated[UUID, Path(description="The group's id.")]
StaffId = Annotated[UUID, Path(description="The id of a member of staff.")]


async def for_somebody(staff_id: StaffId, request: Request) -> UUID:
    """The id, after the copy of the member of staff had its time to arrive; the unit of work begins later."""
    await copies.await_staff(runtime_of(request).database, staff_id)
    return staff_id


@router.post("", status_code=201, response_model=GroupPublic, dependencies=[allow("group:manage")])
async def create_group(body: GroupCreate, work: WorkDep) -> Response:
    """Make a group."""
    group = await service.create_group(work, body)
    shown = public(group, [])
    return await answer(work, shown, status=201, version=group.version, location=f"/v1/groups/{group.group_id}")


@router.get("", response_model=GroupPage, dependencies=[allow("group:read")])
async def list_groups(work: WorkDep, query: Annotated[GroupFilter, Query()]) -> Response:
    """Groups by code: those that work for a shop of the caller's token (X1)."""
    place = read_cursor(work, "groups", query)
    shops = None if ALL_SHOPS in work.actor.shops else sorted(work.actor.shops)
    after = None if place is None else str(place[0])
    groups = await store.page(work.session, shops, query.staff_id, after, query.limit + 1)
    shown = groups[: query.limit]
    members = await store.members(work.session, [group.group_id for group in shown])
    cursor = write_cursor(work, "groups", [shown[-1].code]) if len(groups) > query.limit else None
    page = GroupPage(items=[public(group, members[group.group_id]) for group in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/groups", query=query, next_cursor=cursor)


@router.get("/{group_id}", response_model=GroupPublic, dependencies=[allow("group:read")])
async def get_group(group_id: GroupId, work: WorkDep) -> Response:
    """One group with its members."""
    return await _shown(work, await service.get_group(work, group_id))


@router.patch("/{group_id}", response_model=GroupPublic, dependencies=[allow("group:manage")])
async def change_group(group_id: GroupId, body: GroupChange, work: WorkDep) -> Response:
    """Change its name or what it takes; If-Match is required."""
    return await _shown(work, await service.change_group(work, group_id, body))


@router.post("/{group_id}/retire", response_model=GroupPublic, dependencies=[allow("group:manage")])
async def retire_group(group_id: GroupId, work: WorkDep) -> Response:
    """No new tickets for this group."""
    return await _shown(work, await service.retire_group(work, group_id))


@router.post("/{group_id}/restore", response_model=GroupPublic, dependencies=[allow("group:manage")])
async def restore_group(group_id: GroupId, work: WorkDep) -> Response:
    """New tickets for this group again."""
    return await _shown(work, await service.restore_group(work, group_id))


@router.put("/{group_id}/members/{staff_id}", response_model=GroupPublic, dependencies=[allow("group:manage")])
async def put_member(
    group_id: GroupId, staff_id: Annotated[UUID, Depends(for_somebody)], body: MemberPut, work: WorkDep
) -> Response:
    """Put somebody in the group, or say anew what they are good at."""
    return await _shown(work, await service.put_member(work, group_id, staff_id, body.skills))


@router.delete("/{group_id}/members/{staff_id}", response_model=GroupPublic, dependencies=[allow("group:manage")])
async def remove_member(group_id: GroupId, staff_id: StaffId, work: WorkDep) -> Response:
    """Take somebody out of the group; what they have open stays theirs."""
    return await _shown(work, await service.remove_member(work, group_id, staff_id))


def public(group: Group, members: list[Member]) -> GroupPublic:
    """The group as an answer shows it."""
    return GroupPublic(
        **group.model_dump(exclude={"created_by", "created_at"}),
        members=[MemberPublic.model_validate(member) for member in members],
        allowed=LIFE.allowed(GroupStatus(group.status)),
    )


async def _shown(work: WorkDep, group: Group) -> Response:
    members = await store.members(work.session, [group.group_id])
    return await answer(work, public(group, members[group.group_id]), version=group.version)
