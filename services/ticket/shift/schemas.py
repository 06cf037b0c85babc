"""Shifts in the words of HTTP."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from kit.http.faults import InvalidValue
from kit.http.fields import Code, Day, Instant, Line
from kit.http.pages import Page
from services.ticket.shift.lifecycle import Presence, ShiftStatus
from services.ticket.shift.policy import Duty

MOST_AT_ONCE = 500


class SegmentIn(BaseModel):
    """From then to then, and what for."""

    model_config = ConfigDict(extra="forbid")

    starts_at: Instant
    ends_at: Instant
    duty: Duty = Duty.SERVICE


class ShiftPlan(BaseModel):
    """A shift to plan: a preset of the shop on a day, or segments of its own."""

    model_config = ConfigDict(extra="forbid")

    staff_id: UUID
    shop: Code = "main"
    day: Annotated[Day | None, Field(description="The day on which the preset begins.")] = None
    preset: Annotated[Code | None, Field(description="A preset of the shop's `shift-presets` policy.")] = None
    segments: Annotated[list[SegmentIn] | None, Field(min_length=1, max_length=12)] = None

    @model_validator(mode="after")
    def _one_way_or_the_other(self) -> Self:
        if (self.preset is None) == (self.segments is None) or (self.preset is None) != (self.day is None):
            raise InvalidValue(
                "要么给出日期和班次模板，要么给出时段", "give either a day and a preset, or segments of its own"
            )
        return self


class RosterPlan(BaseModel):
    """A preset for several people and a stretch of days, on some days of the week (1: Monday)."""

    model_config = ConfigDict(extra="forbid")

    staff_ids: list[UUID] = Field(min_length=1, max_length=100)
    shop: Code = "main"
    preset: Code
    first_day: Day
    last_day: Day
    weekdays: Annotated[list[Annotated[int, Field(strict=True, ge=1, le=7)]], Field(min_length=1, max_length=7)] = [
        1, 2, 3, 4, 5, 6, 7,
    ]  # fmt: skip
    working_days: Annotated[
        bool,
        Field(
            strict=True,
            description="By the shop's calendar: no public holidays, but make-up workdays.",
        ),
    ] = False

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        days = (self.last_day - self.first_day).days + 1
        if days < 1:
            raise InvalidValue("结束日期不能早于开始日期", "the last day must not be before the first")
        if days * len(set(self.staff_ids)) > MOST_AT_ONCE:
            raise InvalidValue(f"一次最多 {MOST_AT_ONCE} 个班次", f"at most {MOST_AT_ONCE} shifts at once")
        return self


class ShiftReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class ShiftEnd(BaseModel):
    """Signing out. A supervisor lets somebody go though customers wait, and says why."""

    model_config = ConfigDict(extra="forbid")

    override_reason: Line | None = None


class PresenceChange(BaseModel):
    """Away, at a meal, or back."""

    model_config = ConfigDict(extra="forbid")

    verb: Literal["away", "meal", "back"]
    reason: Line | None = None

    @model_validator(mode="after")
    def _away_for_a_reason(self) -> Self:
        if self.verb == "away" and self.reason is None:
            raise InvalidValue("离开须写明原因", "being away needs a reason")
        return self


class SegmentPublic(BaseModel):
    """From then to then, and what for."""

    model_config = ConfigDict(from_attributes=True)

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    duty: Duty


class ShiftPublic(BaseModel):
    """A shift as an answer shows it."""

    shift_id: UUID
    staff_id: UUID
    shop: str
    preset: str | None
    business_date: date
    planned_start: AwareDatetime
    planned_end: AwareDatetime
    segments: list[SegmentPublic]
    status: ShiftStatus
    presence: Presence
    presence_since: Instant | None
    auto_reply_until: Instant | None
    started_at: Instant | None
    late_seconds: int | None
    ended_at: Instant | None
    early_seconds: int | None
    stays_on: bool
    hands_over: bool
    swap_id: UUID | None
    version: int
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")]


class Warned(BaseModel):
    """A rule that planning only warns of: fewer rest days than wanted in the days from `first_day` on (T44)."""

    rule: Literal["rest-days"] = "rest-days"
    first_day: date
    days: int
    rest_days: int
    wanted: int


class ShiftPlanned(ShiftPublic):
    """The planned shift and what planning warns of."""

    warnings: list[Warned]


class RosterItem(BaseModel):
    """What became of one shift of a roster: 201 with its id, or the problem that a single one would have met."""

    staff_id: UUID
    day: date
    status: int
    shift_id: UUID | None = None
    problem: str | None = None
    warnings: list[Warned] = []


class RosterAnswer(BaseModel):
    """Item by item, person by person and day by day."""

    items: list[RosterItem]
    planned: int


class ShiftFilter(Page):
    """Which shifts to list."""

    shop: Code | None = None
    staff_id: UUID | None = None
    status: ShiftStatus | None = None
    since: Annotated[Instant | None, Field(description="Planned to start then or later.")] = None
    until: Annotated[Instant | None, Field(description="Planned to start before then.")] = None


class ShiftPage(BaseModel):
    """One page of shifts, by their planned start."""

    items: list[ShiftPublic]
    next_cursor: str | None = None
