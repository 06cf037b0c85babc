"""`/v1/teams` (A1)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.appraisal.team import service, store
from services.appraisal.team.models import Team
from services.appraisal.team.schemas import TeamCreate, TeamFilter, TeamPage, TeamPublic, TeamUpdate

router = APIRouter(prefix="/v1/teams", tags=["teams"])


@router.post("", status_code=201, response_model=TeamPublic, dependencies=[allow("team:manage")])
async def create_team(body: TeamCreate, work: WorkDep) -> Response:
    """Make a team (A1); its code is unique, for ever."""
    team = await service.create_team(work, body)
    return await _shown(work, team, status=201, location=f"/v1/teams/{team.team_id}")


@router.get("", response_model=TeamPage, dependencies=[allow("team:read")])
async def list_teams(work: WorkDep, query: Annotated[TeamFilter, Query()]) -> Response:
    """Teams, newest first."""
    filters = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    after = read_cursor(work, "teams", query)
    found = await store.page(work.session, filters, UUID(after[0]) if after else None, query.limit + 1)
    shown = found[: query.limit]
    cursor = write_cursor(work, "teams", [str(shown[-1].team_id)]) if len(found) > query.limit else None
    page = TeamPage(items=[TeamPublic.model_validate(team) for team in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/teams", query=query, next_cursor=cursor)


@router.get("/{team_id}", response_model=TeamPublic, dependencies=[allow("team:read")])
async def get_team(team_id: UUID, work: WorkDep) -> Response:
    """One team."""
    return await _shown(work, await service.get_team(work, team_id))


@router.patch("/{team_id}", response_model=TeamPublic, dependencies=[allow("team:manage")])
async def change_team(team_id: UUID, body: TeamUpdate, work: WorkDep) -> Response:
    """Change name, unit, lead or shops; If-Match is required."""
    return await _shown(work, await service.change_team(work, team_id, body))


@router.post("/{team_id}/dissolve", response_model=TeamPublic, dependencies=[allow("team:manage")])
async def dissolve_team(team_id: UUID, work: WorkDep) -> Response:
    """解散: nobody is placed in it any more; refused while people work in it."""
    return await _shown(work, await service.dissolve_team(work, team_id))


@router.post("/{team_id}/reform", response_model=TeamPublic, dependencies=[allow("team:manage")])
async def reform_team(team_id: UUID, work: WorkDep) -> Response:
    """重组: it is there again."""
    return await _shown(work, await service.reform_team(work, team_id))


async def _shown(work: Work, team: Team, *, status: int = 200, location: str | None = None) -> Response:
    body = TeamPublic.model_validate(team)
    return await answer(work, body, status=status, version=team.version, location=location)
