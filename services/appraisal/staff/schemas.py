"""Staff in the words of HTTP."""

import re
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts.appraisal.staff import StaffGrade, StaffRole, StaffStatus
from kit.http.faults import InvalidValue
from kit.http.fields import Code, Line
from kit.http.pages import Page
from services.appraisal.alias.spelling import spelling

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _from_text(value: object) -> object:
    """YYYY-MM-DD only: a bare number would be taken for seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise InvalidValue("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD")
    return value


def _in_range(day: date) -> date:
    if not 1950 <= day.year <= 2200:
        raise InvalidValue("日期超出范围", "the date is out of range")
    return day


def _spelt(alias: str) -> str:
    spelt = spelling(alias)
    if not spelt or len(spelt) > 64:
        raise InvalidValue("花名为 1 到 64 个字符", "an alias has 1 to 64 characters")
    return spelt


Day = Annotated[date, BeforeValidator(_from_text), AfterValidator(_in_range)]
AliasName = Annotated[Line, AfterValidator(_spelt), Field(examples=["菲菲"])]


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

    role: StaffRole | None = None
    aliases: AliasList | None = None
    team_id: UUID | None = None
    unit_id: UUID | None = None

    @model_validator(mode="after")
    def _never_without(self) -> Self:
        for name in ("role", "aliases"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise InvalidValue(f"{name} 不能为 null", f"{name} can't be null")
        return self


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
