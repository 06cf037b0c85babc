"""Calendars in the words of HTTP."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Day as Date
from kit.http.fields import Instant, Line
from services.ticket.calendar.policy import Day, DayKind, Weekday

MOST_SECONDS = 10_000 * 3600


class CalendarQuery(BaseModel):
    """From which day on, and how many days."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[Date | None, Field(description="The first day shown; the shop's today if not given.")] = None
    days: Annotated[int, Field(ge=1, le=62)] = 14


class DueQuery(BaseModel):
    """From when, and how much business time."""

    model_config = ConfigDict(extra="forbid")

    start: Instant
    seconds: Annotated[int, Field(ge=0, le=MOST_SECONDS)]


class Warned(BaseModel):
    """Something to know about an answer: a year whose holidays nobody has announced keeps its weekends alone."""

    year: int
    detail_zh: str
    detail_en: str


class Hours(BaseModel):
    """From when to when, in the shop's zone."""

    opens_at: datetime
    closes_at: datetime


class DayPublic(BaseModel):
    """One day of a shop. A period over midnight stands with the day it starts on."""

    day: date
    kind: Annotated[DayKind | None, Field(description="What makes it another day than its weekday says.")]
    periods: list[Hours]


class CalendarPublic(BaseModel):
    """What holds for a shop: the hours in force (its own, else those of `main`) and what becomes of the next days."""

    shop: str
    policy_shop: str
    policy_version: int
    zone: str
    week: dict[Weekday, Day]
    holidays: Annotated[str | None, Field(description="The region whose public holidays it keeps.")]
    years_known: list[int]
    open_now: bool
    days: list[DayPublic]
    warnings: list[Warned]


class DuePublic(BaseModel):
    """When that much business time has passed."""

    shop: str
    policy_shop: str
    policy_version: int
    start: datetime
    seconds: int
    due_at: Annotated[datetime, Field(description="In the shop's zone.")]
    warnings: list[Warned]


class SpecialDay(BaseModel):
    """A public holiday, or a workday that makes up for one."""

    model_config = ConfigDict(extra="forbid")

    day: Date
    kind: DayKind
    name: Line


class HolidayYearPut(BaseModel):
    """All special days of a year, as they were announced, and where that was."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[list[SpecialDay], Field(max_length=366)]
    reason: Annotated[Line, Field(examples=["国务院办公厅通知"])]


class HolidayYearPublic(BaseModel):
    """A region's year as it is known."""

    model_config = ConfigDict(from_attributes=True)

    region: str
    year: int
    days: list[SpecialDay]
    version: int
    saved_by: str
    saved_at: datetime
