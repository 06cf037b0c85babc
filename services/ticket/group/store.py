"""Every query of groups."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.session import Session
from services.ticket.group.lifecycle import GroupStatus
from services.ticket.group.models import Group, Member

_ACTIVE = """
SELECT code, shops, kinds, categories, skills, status FROM service_group WHERE status = $1 ORDER BY code
"""
_MEMBERS = """
SELECT code, staff_id, group_member.skills FROM service_group JOIN group_member USING (group_id) WHERE code = ANY($1)
"""


@dataclass(slots=True)
class Active:
    """A group that is given new tickets, as routing has to know it."""

    code: str
    shops: list[str]
    kinds: list[str]
    categories: list[str]
    skills: list[str]
    status: str


async def add(session: AsyncSession, group: Group) -> None:
    """Insert a new group."""
    session.add(group)
    await session.flush()


async def get(session: AsyncSession, group_id: UUID) -> Group | None:
    """One group."""
    return await session.get(Group, group_id)


async def get_for_update(session: AsyncSession, group_id: UUID) -> Group | None:
    """One group under its row lock."""
    statement = select(Group).where(col(Group.group_id) == group_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def active(session: Session) -> Sequence[Active]:
    """The groups that are given new tickets, by code; as they were a second ago at most (`kit.memory`)."""

    async def look() -> list[Active]:
        return [Active(*row) for row in await session.fetch(_ACTIVE, GroupStatus.ACTIVE)]

    return await session.memory.recall("groups", look)


async def by_code(session: AsyncSession, code: str) -> Group | None:
    """The group of that code, retired ones too."""
    return (await session.execute(select(Group).where(col(Group.code) == code))).scalar_one_or_none()


async def code_taken(session: AsyncSession, code: str) -> bool:
    """Whether there is a group of that code, retired ones too."""
    return bool((await session.execute(select(exists().where(col(Group.code) == code)))).scalar_one())


async def page(
    session: AsyncSession, shops: Iterable[str] | None, staff_id: UUID | None, after: str | None, limit: int
) -> list[Group]:
    """Groups by code that work for one of these shops (None: of all), and that this member of staff is in."""
    statement = select(Group)
    if shops is not None:
        statement = statement.where(or_(col(Group.shops) == [], *(col(Group.shops).contains([one]) for one in shops)))
    if staff_id is not None:
        of_theirs = select(col(Member.group_id)).where(col(Member.staff_id) == staff_id)
        statement = statement.where(col(Group.group_id).in_(of_theirs))
    if after is not None:
        statement = statement.where(col(Group.code) > after)
    return list((await session.execute(statement.order_by(col(Group.code)).limit(limit))).scalars())


async def members(session: AsyncSession, group_ids: Sequence[UUID]) -> dict[UUID, list[Member]]:
    """Who is in these groups, by id."""
    statement = (
        select(Member).where(col(Member.group_id).in_(group_ids)).order_by(col(Member.group_id), col(Member.staff_id))
    )
    found: dict[UUID, list[Member]] = defaultdict(list)
    for member in (await session.execute(statement)).scalars():
        found[member.group_id].append(member)
    return found


async def members_by_code(session: Session, codes: Sequence[str]) -> Mapping[str, Mapping[UUID, frozenset[str]]]:
    """Who is in the groups of these codes, and what each is good at there; as of a second ago at most."""

    async def look(wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[UUID, frozenset[str]]]:
        found: dict[tuple[str, str], dict[UUID, frozenset[str]]] = {place: {} for place in wanted}
        for code, staff_id, skills in await session.fetch(_MEMBERS, [code for _, code in wanted]):
            found["members", code][staff_id] = frozenset(skills)
        return found

    known = await session.memory.recall_all([("members", code) for code in codes], look)
    return {code: members for (_, code), members in known.items()}


async def codes_of(session: AsyncSession, staff_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The codes of the groups that each of these is in."""
    statement = (
        select(col(Member.staff_id), col(Group.code))
        .join(Group, col(Member.group_id) == col(Group.group_id))
        .where(col(Member.staff_id).in_(staff_ids))
        .order_by(col(Group.code))
    )
    found: dict[UUID, list[str]] = {staff_id: [] for staff_id in staff_ids}
    for staff_id, code in await session.execute(statement):
        found[staff_id].append(code)
    return found


async def count_members(session: AsyncSession, group_id: UUID) -> int:
    """How many are in the group."""
    statement = select(func.count()).select_from(Member).where(col(Member.group_id) == group_id)
    return int((await session.execute(statement)).scalar_one())


async def put_member(session: AsyncSession, member: Member) -> None:
    """Put somebody in a group, or what they are good at there anew."""
    values: dict[str, Any] = member.model_dump()
    statement = insert(Member).values(values)
    changed = statement.on_conflict_do_update(
        index_elements=["group_id", "staff_id"], set_={"skills": statement.excluded.skills}
    )
    await session.execute(changed)


async def remove_member(session: AsyncSession, group_id: UUID, staff_id: UUID) -> bool:
    """Take somebody out of a group; whether they were in it."""
    gone = (
        delete(Member)
        .where(col(Member.group_id) == group_id, col(Member.staff_id) == staff_id)
        .returning(col(Member.staff_id))
    )
    return (await session.execute(gone)).scalar_one_or_none() is not None
