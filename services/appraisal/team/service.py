"""Use cases of teams: made, changed, dissolved, reformed (A1)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit import audit, outbox
from kit.ids import new_id
from kit.problems import Problem, invalid
from kit.work import Work
from services.appraisal.staff import standing
from services.appraisal.team import lifecycle, store
from services.appraisal.team.models import Team
from services.appraisal.team.schemas import TeamCreate, TeamUpdate
from services.appraisal.unit import service as unit

_TRACED = ("code", "name", "unit_id", "lead_staff_id", "shops", "status")


async def create_team(work: Work, asked: TeamCreate) -> Team:
    """Make a team (A1). Raises Problem `already-exists` for a taken code, `invalid-request` for an impossible lead or
    unit."""
    await _expect_places(work, asked)
    team = Team(
        team_id=new_id(),
        code=asked.code,
        name=asked.name,
        unit_id=asked.unit_id,
        lead_staff_id=asked.lead_staff_id,
        shops=sorted(asked.shops),
        status=lifecycle.LIFE.initial,
        created_at=work.now,
    )
    await store.add(work.session, team)
    await outbox.record(work, team, lifecycle.changed(team, at=work.now))
    await audit.record(work, "create", "team", team.team_id, after=_traced(team))
    return team


async def get_team(work: Work, team_id: UUID) -> Team:
    """The team. Raises Problem `not-found`."""
    return await store.get(work.session, team_id)


async def change_team(work: Work, team_id: UUID, asked: TeamUpdate) -> Team:
    """Change name, unit, lead or shops; the same again changes nothing and tells nothing.

    Raises Problem `not-found`, `precondition-required` without If-Match, `stale-version`, `invalid-request` for a
    lead who is nobody of ours or has left, or a unit that doesn't exist or is closed.
    """
    if work.expected_version is None:
        raise Problem("precondition-required")
    await _expect_places(work, asked)
    team = await _locked(work, team_id)
    before = _traced(team)
    for name in asked.model_fields_set - {"shops"}:
        setattr(team, name, getattr(asked, name))
    if asked.shops is not None:
        team.shops = sorted(asked.shops)
    if _traced(team) != before:
        await _tell(work, "change", team, before)
    return team


async def dissolve_team(work: Work, team_id: UUID) -> Team:
    """解散: a share of a pool is worked out over the people of a team (A7), so it ends when they are elsewhere.

    Raises Problem `not-found`, `transition-refused`, `stale-version`, and `still-in-use` while people work in it.
    """
    team = await _locked(work, team_id)
    before = _traced(team)
    lifecycle.LIFE.move(team, "dissolve")
    await standing.expect_empty(work, team_id=team_id)
    await _tell(work, "dissolve", team, before)
    return team


async def reform_team(work: Work, team_id: UUID) -> Team:
    """重组. Raises Problem `not-found`, `transition-refused`, `stale-version`."""
    team = await _locked(work, team_id)
    before = _traced(team)
    lifecycle.LIFE.move(team, "reform")
    await _tell(work, "reform", team, before)
    return team


async def expect_active(work: Work, team_id: UUID | None, pointer: str = "/team_id") -> None:
    """Hold the team as it is until this transaction ends. Raises Problem `invalid-request` for one that doesn't exist
    or is dissolved; none at all is fine."""
    if team_id is None:
        return
    status = await store.hold(work.session, team_id)
    if status is None:
        raise invalid(pointer, "没有这个小组", "there is no such team")
    if status != lifecycle.ACTIVE:
        raise invalid(pointer, "该小组已解散", "this team is dissolved")


async def led_by(work: Work, staff_id: UUID) -> Sequence[str]:
    """The codes of the teams that this member of staff leads."""
    return await store.led_by(work.session, staff_id)


async def _expect_places(work: Work, asked: TeamCreate | TeamUpdate) -> None:
    """People are held before units and units before teams, so that no two changes wait for each other."""
    if asked.lead_staff_id is not None:
        await standing.expect_at_work(work, asked.lead_staff_id, "/lead_staff_id")
    await unit.expect_active(work, asked.unit_id)


async def _locked(work: Work, team_id: UUID) -> Team:
    team = await store.get(work.session, team_id, lock=True)
    work.expect_version(team.version)
    return team


async def _tell(work: Work, action: str, team: Team, before: dict[str, Any]) -> None:
    team.version += 1
    await outbox.record(work, team, lifecycle.changed(team, at=work.now))
    await audit.record(work, action, "team", team.team_id, before=before, after=_traced(team))


def _traced(team: Team) -> dict[str, Any]:
    return {name: getattr(team, name) for name in _TRACED}
