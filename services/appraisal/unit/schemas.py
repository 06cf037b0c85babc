"""Units in the words of HTTP."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.appraisal.staff import UnitKind
from kit.http.faults import InvalidValue
from kit.http.fields import Code, Line
from kit.http.pages import Page
from services.appraisal.unit.lifecycle import UnitStatus


class UnitCreate(BaseModel):
    """A unit to make; its code is for ever (X2)."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[Code, Field(examples=["warehouse-east"])]
    name: Annotated[Line, Field(examples=["华东仓"])]
    kind: UnitKind
    lead_staff_id: UUID | None = None


class UnitUpdate(BaseModel):
    """What is to change; what is left out stays. A `null` lead leaves the unit without one."""

    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    kind: UnitKind | None = None
    lead_staff_id: UUID | None = None

    @model_validator(mode="after")
    def _never_without(self) -> Self:
        for name in ("name", "kind"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise InvalidValue(f"{name} 不能为 null", f"{name} can't be null")
        return self


class UnitPublic(BaseModel):
    """A unit as an answer shows it."""

    model_config = ConfigDict(from_attributes=True)

    unit_id: UUID
    code: str
    name: str
    kind: UnitKind
    lead_staff_id: UUID | None
    status: UnitStatus
    version: int


class UnitFilter(Page):
    """Which units to list."""

    status: UnitStatus | None = None
    kind: UnitKind | None = None
    code: Code | None = None
    lead_staff_id: UUID | None = None


class UnitPage(BaseModel):
    """One page of units, newest first."""

    items: list[UnitPublic]
    next_cursor: str | None = None
