"""Use cases of staff: hired, changed, confirmed, suspended, readmitted, gone (A1)."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from contracts.appraisal.staff import StaffEvent
from kit import audit, outbox
from kit.clock import business_date
from kit.ids import new_id, people_number
from kit.problems import Problem
from kit.work import Work
from services.appraisal.alias import service as alias
from services.appraisal.credit import service as credit
from services.appraisal.staff import lifecycle, store
from services.appraisal.staff.lifecycle import Aliases
from services.appraisal.staff.models import Staff
from services.appraisal.staff.schemas import StaffCreate, StaffUpdate
from services.appraisal.team import service as team
from services.appraisal.unit import service as unit

Member = tuple[Staff, Aliases]
# The name is personal and is in no trail (X6).
_TRACED = ("role", "team_id", "unit_id", "grade", "status", "left_on")


async def hire_staff(work: Work, asked: StaffCreate) -> Member:
    """Take somebody on, on probation.

    Raises Problem `already-exists` for an alias that is taken in its shop, `invalid-request` for a unit or team that
    doesn't exist or is no more.
    """
    await _expect_places(work, asked)
    staff = Staff(
        staff_id=new_id(),
        number=people_number("S", work.now, await store.next_number(work.session)),
        name=asked.name,
        role=asked.role,
        team_id=asked.team_id,
        unit_id=asked.unit_id,
        grade=asked.grade,
        status=lifecycle.LIFE.initial,
        hired_on=asked.hired_on or business_date(work.now),
        created_at=work.now,
    )
    await store.add(work.session, staff)
    aliases = await _set_aliases(work, staff, [(one.shop, one.alias) for one in asked.aliases])
    await outbox.record(work, staff, lifecycle.hired(staff, aliases, by=work.actor.subject))
    await audit.record(work, "hire", "staff", staff.staff_id, after=_traced(staff, aliases))
    return staff, aliases


async def get_staff(work: Work, staff_id: UUID) -> Member:
    """The member of staff with their aliases. Raises Problem `not-found`."""
    staff = await store.get(work.session, staff_id)
    return staff, (await alias.aliases_of(work, [staff_id]))[staff_id]


async def change_staff(work: Work, staff_id: UUID, asked: StaffUpdate) -> Member:
    """Change role, team, unit or aliases; the same again changes nothing and tells nothing.

    Raises Problem `not-found`, `precondition-required` without If-Match, `stale-version`, and `already-exists` for an
    alias that is taken in its shop, `invalid-request` for a unit or team that doesn't exist or is no more.
    """
    if work.expected_version is None:
        raise Problem("precondition-required")
    staff, aliases = await _lock(work, staff_id)
    before = _traced(staff, aliases)
    await _expect_places(work, asked)
    for name in asked.model_fields_set - {"aliases"}:
        setattr(staff, name, getattr(asked, name))
    if asked.aliases is not None:
        aliases = await _set_aliases(work, staff, [(one.shop, one.alias) for one in asked.aliases])
    if _traced(staff, aliases) != before:
        event = lifecycle.changed(staff, aliases, by=work.actor.subject, at=work.now)
        await _tell(work, "change", staff, aliases, event, before=before)
    return staff, aliases


async def confirm_staff(work: Work, staff_id: UUID) -> Member:
    """End the probation well. Raises Problem `not-found`, `transition-refused`, `stale-version`."""
    return await _move(work, staff_id, "confirm", lifecycle.confirm)


async def suspend_staff(work: Work, staff_id: UUID, reason: str | None) -> Member:
    """Suspend somebody (A10). Raises Problem `not-found`, `transition-refused`, `stale-version`."""
    return await _move(work, staff_id, "suspend", lifecycle.suspend, why=reason, reason=reason)


async def readmit_staff(work: Work, staff_id: UUID) -> Member:
    """Take a suspended one back (A10). Raises Problem `not-found`, `transition-refused`, `stale-version`."""
    return await _move(work, staff_id, "readmit", lifecycle.readmit)


async def part_with_staff(work: Work, staff_id: UUID, left_on: date | None, reason: str | None) -> Member:
    """Record that somebody left. Their aliases stay theirs: old remarks still name them.

    Whoever leads a unit or a team stays until somebody else does, for complaints and penalty lists go to leads: the
    answer names them. Raises Problem `not-found`, `transition-refused`, `stale-version`, `still-in-use`, and
    `invalid-request` for an impossible day.
    """
    member = await _move(work, staff_id, "leave", lifecycle.leave, why=reason, left_on=left_on)
    units, teams = await unit.led_by(work, staff_id), await team.led_by(work, staff_id)
    if units or teams:
        raise Problem("still-in-use", units=list(units), teams=list(teams))
    return member


async def _expect_places(work: Work, asked: StaffCreate | StaffUpdate) -> None:
    """People are held before units and units before teams, so that no two changes wait for each other."""
    await unit.expect_active(work, asked.unit_id)
    await team.expect_active(work, asked.team_id)


async def _move(
    work: Work, staff_id: UUID, verb: str, move: Callable[..., StaffEvent], *, why: str | None = None, **facts: Any
) -> Member:
    staff, aliases = await _lock(work, staff_id)
    before = _traced(staff, aliases)
    event = move(staff, aliases, by=work.actor.subject, at=work.now, **facts)
    await _tell(work, verb, staff, aliases, event, before=before, why=why)
    return staff, aliases


async def _lock(work: Work, staff_id: UUID) -> Member:
    staff = await store.get(work.session, staff_id, lock=True)
    work.expect_version(staff.version)
    return staff, (await alias.aliases_of(work, [staff_id]))[staff_id]


async def _set_aliases(work: Work, staff: Staff, wanted: Sequence[tuple[str, str]]) -> Aliases:
    """Let them bear these aliases; remarks that named one before anybody bore it are theirs now (A1)."""
    if added := await alias.set_aliases(work, staff.staff_id, wanted):
        await credit.match_waiting_flags(work, staff.staff_id, added)
    return (await alias.aliases_of(work, [staff.staff_id]))[staff.staff_id]


async def _tell(
    work: Work,
    action: str,
    staff: Staff,
    aliases: Aliases,
    event: StaffEvent,
    *,
    before: dict[str, Any],
    why: str | None = None,
) -> None:
    staff.version += 1
    await outbox.record(work, staff, event)
    after = _traced(staff, aliases)
    await audit.record(work, action, "staff", staff.staff_id, before=before, after=after, reason=why)


def _traced(staff: Staff, aliases: Aliases) -> dict[str, Any]:
    """What the audit keeps of somebody."""
    plain = {name: getattr(staff, name) for name in _TRACED}
    return {**plain, "aliases": [f"{one.shop}/{one.alias}" for one in aliases]}
