"""Use cases of groups (T4)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from kit import audit
from kit.ids import new_id
from kit.problems import Problem
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.group import lifecycle, store
from services.ticket.group.models import Group, Member
from services.ticket.group.schemas import GroupChange, GroupCreate
from services.ticket.group.store import active, by_code, codes_of, members_by_code
from services.ticket.sight import ALL_SHOPS

__all__ = [
    "active", "by_code", "change_group", "codes_of", "create_group", "get_group", "members_by_code", "put_member",
    "remove_member", "restore_group", "retire_group",
]  # fmt: skip

LARGEST = 500


async def create_group(work: Work, asked: GroupCreate) -> Group:
    """Make a group. Raises Problem `already-exists` for a code that was used, `forbidden` for others' shops."""
    _expect_shops(work, asked.shops)
    if await store.code_taken(work.session, asked.code):
        raise Problem("already-exists", code=asked.code)
    group = Group(
        group_id=new_id(),
        **_distinct(asked.model_dump(mode="json")),
        status=lifecycle.LIFE.initial,
        created_by=work.actor.subject,
        created_at=work.now,
    )
    await store.add(work.session, group)
    work.outdate()
    await audit.record(work, "create", "group", group.group_id, after=_audited(group))
    return group


async def get_group(work: Work, group_id: UUID) -> Group:
    """The group. Raises Problem `not-found`, also for one of other shops than the caller's (X1)."""
    return _seen(work, await store.get(work.session, group_id))


async def change_group(work: Work, group_id: UUID, asked: GroupChange) -> Group:
    """Change its name, or what it takes. Raises Problem `precondition-required` without If-Match, `stale-version`,
    `forbidden` for others' shops."""
    if work.expected_version is None:
        raise Problem("precondition-required")
    group = await _locked(work, group_id)
    before = _audited(group)
    wanted = _distinct(asked.model_dump(mode="json", exclude_unset=True))
    _expect_shops(work, wanted.get("shops", group.shops))
    for name, value in wanted.items():
        setattr(group, name, value)
    return await _changed(work, group, "change", before)


async def retire_group(work: Work, group_id: UUID) -> Group:
    """停用: it gets no new tickets; who waits in its queue is still given out."""
    return await _move(work, group_id, "retire")


async def restore_group(work: Work, group_id: UUID) -> Group:
    """启用: it gets tickets again."""
    return await _move(work, group_id, "restore")


async def put_member(work: Work, group_id: UUID, staff_id: UUID, skills: Iterable[str]) -> Group:
    """Put somebody in the group, or what they are good at anew.

    Raises Problem `not-yet-known` for nobody of ours, `invalid-request` for somebody who has left.
    """
    group = await _locked(work, group_id)
    await copies.expect_staff(work, staff_id)
    if await store.count_members(work.session, group_id) >= LARGEST:
        raise Problem("conflict", most_members=LARGEST)
    member = Member(
        group_id=group_id,
        staff_id=staff_id,
        skills=list(dict.fromkeys(skills)),
        added_by=work.actor.subject,
        added_at=work.now,
    )
    await store.put_member(work.session, member)
    return await _changed(work, group, "put-member", {}, {"staff_id": str(staff_id), "skills": member.skills})


async def remove_member(work: Work, group_id: UUID, staff_id: UUID) -> Group:
    """Take somebody out of the group. Raises Problem `not-found` for somebody who isn't in it."""
    group = await _locked(work, group_id)
    if not await store.remove_member(work.session, group_id, staff_id):
        raise Problem("not-found")
    return await _changed(work, group, "remove-member", {"staff_id": str(staff_id)}, {})


async def _move(work: Work, group_id: UUID, verb: str) -> Group:
    group = await _locked(work, group_id)
    before = _audited(group)
    lifecycle.LIFE.move(group, verb)
    return await _changed(work, group, verb, before)


async def _locked(work: Work, group_id: UUID) -> Group:
    group = _seen(work, await store.get_for_update(work.session, group_id))
    _expect_shops(work, group.shops)
    work.expect_version(group.version)
    return group


async def _changed(
    work: Work, group: Group, verb: str, before: dict[str, Any], after: dict[str, Any] | None = None
) -> Group:
    group.version += 1
    work.outdate()
    told = _audited(group) if after is None else after
    await audit.record(work, verb, "group", group.group_id, before=before, after=told)
    return group


def _seen(work: Work, group: Group | None) -> Group:
    if group is None or (group.shops and not any(work.actor.serves(shop) for shop in group.shops)):
        raise Problem("not-found")
    return group


def _expect_shops(work: Work, shops: Iterable[str]) -> None:
    """Who changes a group answers for all the shops that it works for (X1)."""
    for shop in list(shops) or [ALL_SHOPS]:
        if not work.actor.serves(shop):
            raise Problem("forbidden", shop=shop)


def _distinct(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: list(dict.fromkeys(value)) if isinstance(value, list) else value for name, value in fields.items()}


def _audited(group: Group) -> dict[str, Any]:
    return group.model_dump(include={"code", "shops", "kinds", "categories", "skills", "status"})
