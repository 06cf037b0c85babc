"""Shifts as a shop plans them: presets of segments with duties, and the rules around them (T44, T62, X3)."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kit.clock import as_utc
from kit.policy import PolicyKind, Title
from kit.problems import Fault, InvalidValue

DAY = 24 * 60
LONGEST = timedelta(days=1)
PresetCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
# 26:30 is half past two on the next day; a segment that ends before it starts runs over midnight as well.
TimeOfDay = Annotated[str, Field(pattern=r"^(([0-3][0-9]|4[0-7]):[0-5][0-9]|48:00)$", examples=["09:00", "24:00"])]


class Duty(StrEnum):
    """What somebody does in a segment; only *service* is given work (T44)."""

    SERVICE = "service"
    WAREHOUSE = "warehouse"
    MEAL = "meal"
    TRAINING = "training"
    MEETING = "meeting"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Span:
    """A segment of one shift on the time line."""

    starts_at: datetime
    ends_at: datetime
    duty: Duty


class Segment(BaseModel):
    """From then to then on the shop's clock, and what for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    starts: TimeOfDay
    ends: TimeOfDay
    duty: Duty = Duty.SERVICE


class Preset(BaseModel):
    """班次: a shift that is planned by its name. `stays_on`: nobody leaves it while a customer waits; `hands_over`: a
    sheet is due at its end (T46)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Annotated[str, Field(min_length=1, max_length=64)]
    en: Annotated[str, Field(min_length=1, max_length=64)]
    segments: tuple[Segment, ...] = Field(min_length=1, max_length=12)
    stays_on: bool = False
    hands_over: bool = True

    def minutes(self) -> list[tuple[int, int]]:
        """Each segment in minutes after the midnight before the first; what is earlier on the clock than the first
        one's start belongs to the next day."""
        first = _minute(self.segments[0].starts)
        found = []
        for segment in self.segments:
            start, end = _minute(segment.starts), _minute(segment.ends)
            start += DAY if start < first else 0
            end += DAY if end < start else 0
            found.append((start, end))
        return found

    def spans(self, day: date, zone: ZoneInfo) -> list[Span]:
        """The segments of the shift that begins on that day."""
        return [
            Span(_instant(day, start, zone), _instant(day, end, zone), segment.duty)
            for (start, end), segment in zip(self.minutes(), self.segments, strict=True)
        ]


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise InvalidValue("不是 IANA 时区", "is not an IANA time zone")
    return name


class ShiftPresets(BaseModel):
    """The presets of a shop, on its clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: Annotated[str, AfterValidator(_zone)]
    presets: dict[PresetCode, Preset] = Field(min_length=1, max_length=50)


class ShiftRules(BaseModel):
    """The rules around shifts: `rest_days` in any `in_days` (warned of), how early one may sign in, when a shift that
    nobody signed out of is closed, the meal for which a lone agent's chats are answered automatically, and after how
    many minutes a swapped shift without anybody is uncovered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rest_days: int = Field(ge=0, le=30)
    in_days: int = Field(ge=1, le=31)
    early_start_minutes: int = Field(ge=0, le=720)
    close_after_minutes: int = Field(ge=0, le=1440)
    meal_minutes: int = Field(ge=0, le=120)
    uncovered_after_minutes: int = Field(ge=0, le=1440)

    def crowded(self, day: date, worked: Set[date]) -> list[tuple[date, int]]:
        """The stretches of `in_days` around that day with too few rest days: first day and how many there are."""
        found = []
        for back in range(self.in_days - 1, -1, -1):
            first = day - timedelta(days=back)
            rest = sum(first + timedelta(days=one) not in worked for one in range(self.in_days))
            if rest < self.rest_days:
                found.append((first, rest))
        return found


def laid_out_wrongly(spans: Sequence[Span]) -> tuple[int, str, str] | None:
    """What is wrong with a shift's segments: which one and why, in both languages; None when nothing is."""
    if not spans:
        return 0, "至少一个时段", "needs at least one segment"
    for place, span in enumerate(spans):
        if span.ends_at <= span.starts_at:
            return place, "结束必须晚于开始", "must end after it starts"
        if place and span.starts_at < spans[place - 1].ends_at:
            return place, "与前一时段重叠或顺序不对", "overlaps the segment before it, or comes out of order"
    if spans[-1].ends_at - spans[0].starts_at > LONGEST:
        return len(spans) - 1, "一个班次最长 24 小时", "a shift has at most 24 hours"
    return None


def _presets_laid_out_wrongly(document: ShiftPresets) -> Iterable[Fault]:
    some_day = date(2026, 1, 1)
    for code, preset in document.presets.items():
        wrong = laid_out_wrongly(preset.spans(some_day, ZoneInfo("UTC")))
        if wrong:
            yield Fault(f"/presets/{code}/segments/{wrong[0]}", *wrong[1:])


def _rest_within(rules: ShiftRules) -> Iterable[Fault]:
    if rules.rest_days > rules.in_days:
        yield Fault("/rest_days", "不能多于总天数", "can't be more than the days they are in")


def _minute(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)  # adding to it moves on the clock of the wall
    return as_utc(midnight + timedelta(minutes=minute))


def _segment(starts: str, ends: str, duty: Duty = Duty.SERVICE) -> Segment:
    return Segment(starts=starts, ends=ends, duty=duty)


SHIFT_PRESETS = PolicyKind(
    "shift-presets",
    ShiftPresets,
    ShiftPresets(
        zone="Asia/Shanghai",
        presets={
            "a-day": Preset(
                zh="A 白班", en="A day", segments=(_segment("09:00", "12:00"), _segment("12:30", "16:30"))
            ),
            "a-evening": Preset(
                zh="A 晚班",
                en="A evening",
                segments=(
                    _segment("15:30", "16:15", Duty.WAREHOUSE),
                    _segment("16:15", "17:30"),
                    _segment("18:00", "23:00"),
                ),
                stays_on=True,
            ),
            "b-early": Preset(zh="B 早班", en="B early", segments=(_segment("09:00", "20:00"),)),
            "b-late": Preset(zh="B 晚班", en="B late", segments=(_segment("13:00", "24:00"),), stays_on=True),
        },
    ),
    Title("班次模板", "Shift presets"),
    _presets_laid_out_wrongly,
)
SHIFT_RULES = PolicyKind(
    "shift-rules",
    ShiftRules,
    ShiftRules(
        rest_days=2,
        in_days=10,
        early_start_minutes=60,
        close_after_minutes=240,
        meal_minutes=20,
        uncovered_after_minutes=30,
    ),
    Title("排班规则", "Roster rules"),
    _rest_within,
)
