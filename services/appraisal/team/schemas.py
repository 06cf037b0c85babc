"""Teams in the words of HTTP."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kit.http.faults import InvalidValue
from kit.http.fields import Code, Line
from kit.http.pages import Page
from services.appraisal.team.lifecycle import TeamStatus


def _all_different(shops: list[str]) -> list[str]:
    if len(set(shops)) != len(shops):
        raise InvalidValue("店铺重复", "a shop stands twice")
    return shops


Shops = Annotated[list[Code], Field(max_length=100), AfterValidator(_all_different)]


class TeamCreate(BaseModel):
    """A team to make; its code is for ever (A1)."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[Code, Field(examples=["aftersales"])]
    name: Annotated[Line, Field(examples=["售后组"])]
    unit_id: UUID | None = None
    lead_staff_id: UUID | None = None
    shops: Shops = []


class TeamUpdate(BaseModel):
    """What is to change; what is left out stays. `shops` are all of them; `null` takes the team out of its unit or
    leaves it without a lead."""

    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    unit_id: UUID | None = None
    lead_staff_id: UUID | None = None
    shops: Shops | None = None

    @model_validator(mode="after")
    def _never_without(self) -> Self:
        for name in ("name", "shops"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise InvalidValue(f"{name} 不能为 null", f"{name} can't be null")
        return self


class TeamPublic(BaseModel):
    """A team as an answer shows it."""

    model_config = ConfigDict(from_attributes=True)

    team_id: UUID
    code: str
    name: str
    unit_id: UUID | None
    lead_staff_id: UUID | None
    shops: list[str]
    status: TeamStatus
    version: int


class TeamFilter(Page):
    """Which teams to list."""

    status: TeamStatus | None = None
    code: Code | None = None
    unit_id: UUID | None = None
    lead_staff_id: UUID | None = None


class TeamPage(BaseModel):
    """One page of teams, newest first."""

    items: list[TeamPublic]
    next_cursor: str | None = None
