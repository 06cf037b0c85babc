"""The report in the words of HTTP: figures for charts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.complaint import ComplaintCategory, Grade, Nature
from kit.http.fields import Code, Line
from services.ticket.complaint.schemas import MonthOf

PerCent = Annotated[str | None, Field(description="Per cent, two decimals; empty of nothing.", examples=["87.50"])]


class ReportFilter(BaseModel):
    """Which month, and of which shop; of all shops of the caller's token when empty."""

    model_config = ConfigDict(extra="forbid")

    month: MonthOf
    shop: Code | None = None


class VolumeSet(BaseModel):
    """How much a unit handled in the month (X2)."""

    model_config = ConfigDict(extra="forbid")

    volume: Annotated[int, Field(strict=True, ge=0, le=10**12)]
    measure: Annotated[Line | None, Field(description="Of what.", examples=["订单"])] = None


class VolumePublic(BaseModel):
    """A unit's volume of a month."""

    model_config = ConfigDict(from_attributes=True)

    unit_id: UUID
    month: str
    volume: int
    measure: str | None
    set_by: str
    set_at: datetime


class VolumeFilter(BaseModel):
    """Whose month."""

    model_config = ConfigDict(extra="forbid")

    month: MonthOf


class Volumes(BaseModel):
    """The volumes of a month."""

    items: list[VolumePublic]


class UnitRow(BaseModel):
    """A unit: complaints opened in the month and laid at its door, against its volume; fewest for it is first."""

    unit_id: UUID
    code: str | None
    name: str | None
    complaints: int
    founded: int
    volume: int | None
    per_thousand: Annotated[str | None, Field(description="Complaints per thousand of the volume.")]
    rank: Annotated[int | None, Field(description="Ties share one; empty without a volume.")]


class CategoryRow(BaseModel):
    """A type (T10)."""

    category: ComplaintCategory
    complaints: int
    share: PerCent


class GradeRow(BaseModel):
    """A grade (T13)."""

    grade: Grade
    complaints: int
    share: PerCent


class NatureRow(BaseModel):
    """Founded or not (T11)."""

    nature: Nature
    complaints: int


class AgentRow(BaseModel):
    """An agent: complaints ended in the month, on promise or not, and those laid at their door."""

    staff_id: UUID
    alias: str | None
    handled: int
    kept: int
    broken: int
    on_promise: PerCent
    responsible: int


class Ends(BaseModel):
    """How the complaints ended that ended in the month."""

    closed: int
    unreachable: int
    withdrawn: int


class Times(BaseModel):
    """From opening to the end, of those closed or unreachable, by the clock on the wall: nearest rank, to the minute
    within a day, to ten within three days, to the hour beyond."""

    median_minutes: int | None
    p90_minutes: int | None


class Promises(BaseModel):
    """Promises of the complaints that ended in the month (T16)."""

    kept: int
    broken: int
    on_promise: PerCent


class TrendRow(BaseModel):
    """A month of the trend."""

    month: str
    opened: int
    ended: int
    repeat: int
    malignant: int
    kept: int
    broken: int
    on_promise: PerCent


class ComplaintReport(BaseModel):
    """投诉月报 (T15). Complaints opened in the month, without those opened in error; ends and promises of those that
    ended in it."""

    month: str
    shop: str | None
    opened: int
    without_unit: int
    cancelled: int
    ended: Ends
    times: Times
    promises: Promises
    units: list[UnitRow]
    categories: list[CategoryRow]
    grades: list[GradeRow]
    natures: list[NatureRow]
    agents: list[AgentRow]
    trend: list[TrendRow]
