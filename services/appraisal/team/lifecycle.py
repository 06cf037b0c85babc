"""The life of a team, drawn, and what is told of it (A1)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.appraisal.staff import TeamChanged, TeamState
from kit.lifecycle import Lifecycle


class TeamStatus(StrEnum):
    """Whether people work in it."""

    ACTIVE = "active"
    DISSOLVED = "dissolved"


ACTIVE, DISSOLVED = TeamStatus.ACTIVE, TeamStatus.DISSOLVED

LIFE = Lifecycle(
    noun="team",
    states=TeamStatus,
    initial=ACTIVE,
    # Codes are for ever, so a team that comes back is the old one, reformed.
    table={"dissolve": {ACTIVE: DISSOLVED}, "reform": {DISSOLVED: ACTIVE}},
)


class TeamLike(Protocol):
    """A team as the table holds it."""

    team_id: UUID
    code: str
    name: str
    unit_id: UUID | None
    lead_staff_id: UUID | None
    status: str

    @property
    def shops(self) -> Sequence[str]:
        """The shops that it works for."""


def changed(team: TeamLike, *, at: datetime) -> TeamChanged:
    """小组变更: every change tells the whole state, for others keep a copy."""
    state = TeamState(
        team_id=team.team_id,
        code=team.code,
        name=team.name,
        unit_id=team.unit_id,
        lead_staff_id=team.lead_staff_id,
        shops=tuple(team.shops),
        active=team.status == ACTIVE,
    )
    return TeamChanged(team=state, changed_at=at)
