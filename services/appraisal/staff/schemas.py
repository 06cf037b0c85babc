"""Staff in the words of HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from contracts.appraisal.staff import StaffGrade, StaffRole, StaffStatus
from kit.http.faults import InvalidValue
from kit.http.fields import Code, Day, Line
from kit.http.pages import Page
from services.appraisal.alias.spelling import spelling


def _spelt(alias: str) -> str:
    spelt = spelling(alias)
    if not spelt or len(spelt) > 64:
        raise InvalidValue("花名为 1 到 64 个字符", "an alias has 1 to 64 characters")
    return spelt


AliasName = Annotated[Line, Field(max_length=64, examples=["菲菲"]), AfterValidator(_spelt)]


class AliasPut(BaseModel):
    """An alias on a shop's chats; one of shop `main` holds wherever a shop has no such alias (A1)."""

    model_config = ConfigDict(extra="forbid")

    shop: Code
    alias: AliasName


def _all_different(aliases: list[AliasPut]) -> list[AliasPut]:
    if len({(one.shop, one.alias) for one in aliases}) != len(aliases):
        raise InvalidValue("花名重复", "an alias stands twice")
    return aliases


AliasList = Annotated[list[AliasPut], Field(max_length=50), AfterValidator(_all_different)]


class StaffCreate(BaseModel):
    """Somebody to hire; they begin on probation, and have no grade before its end unless one is given (A1, A2)."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    role: StaffRole
    aliases: AliasList = []
    team_id: UUID | None = None
    unit_id: UUID | None = None
    grade: StaffGrade | None = None
    hired_on: Annotated[Day | None, Field(description="The first day of work; today when left out.")] = None


class StaffUpdate(BaseModel):
    """What is to change; what is left out stays. `aliases` are all of them, `null` takes somebody out of their team
    or unit."""

    model_config = ConfigDict(extra="forbid")

    role: StaffRole | SkipJsonSchema[None] = None
    aliases: AliasList | SkipJsonSchema[None] = None
    team_id: UUID | None = None
    unit_id: UUID | None = None

    @field_validator("role", "aliases")
    @classmethod
    def _never_without(cls, given: object) -> object:
        if given is None:
            raise InvalidValue("不能为 null", "can't be null")
        return given


class StaffSuspend(BaseModel):
    """Why somebody is suspended (A10)."""

    model_config = ConfigDict(extra="forbid")

    reason: Code | None = None


class StaffLeave(BaseModel):
    """The last day of work, today when left out, and why they leave."""

    model_config = ConfigDict(extra="forbid")

    left_on: Day | None = None
    reason: Code | None = None


class AliasPublic(BaseModel):
    """An alias in a shop."""

    model_config = ConfigDict(from_attributes=True)

    shop: str
    alias: str


class StaffPublic(BaseModel):
    """A member of staff; the name is masked but in one's own record (X6)."""

    model_config = ConfigDict(from_attributes=True)

    staff_id: UUID
    number: Annotated[str, Field(examples=["S20261121-000001"])]
    name: Annotated[str, Field(examples=["李**"])]
    role: StaffRole
    aliases: list[AliasPublic]
    team_id: UUID | None
    unit_id: UUID | None
    grade: StaffGrade | None
    status: StaffStatus
    hired_on: date
    left_on: date | None
    version: int


class StaffFilter(Page):
    """Whom to list."""

    status: StaffStatus | None = None
    role: StaffRole | None = None
    team_id: UUID | None = None


class StaffPage(BaseModel):
    """One page of staff, newest first."""

    items: list[StaffPublic]
    next_cursor: str | None = None
