"""The hours a shop works in an ordinary week, as a versioned document per shop (T43, X3)."""

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kit.policy import PolicyKind, Title
from kit.problems import Fault, InvalidValue

DAY = timedelta(days=1)
MIDNIGHT = time(0)
LEAST_WEEK = timedelta(hours=1)


class Weekday(StrEnum):
    """A day of the week, in the order of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEKDAYS = tuple(Weekday)


@cache
def _zones() -> frozenset[str]:
    """All that this machine knows; read once, for it walks through hundreds of files."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise InvalidValue("必须是 IANA 时区，例如 Asia/Shanghai", "must be an IANA time zone such as Asia/Shanghai")
    return name


Zone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known_zone)]
Region = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,15}$", examples=["cn"])]
Opening = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Closing = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


class Period(BaseModel):
    """营业时段: from opening to closing by the clock on the wall; a closing before the opening is on the next
    day, and the period still belongs to the day it starts on (T43)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opens: Opening = Field(examples=["09:00"])
    closes: Closing = Field(examples=["12:00", "24:00"])

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.opens == self.closes:
            raise InvalidValue(
                "时段不能为零；全天请写 00:00–24:00", "a period takes some time; a whole day is 00:00–24:00"
            )
        return self

    @property
    def starts(self) -> timedelta:
        """How long after the day's midnight it opens, by the clock on the wall."""
        return _since_midnight(self.opens)

    @property
    def ends(self) -> timedelta:
        """How long after the day's midnight it closes; more than a day for a period over midnight."""
        ends = _since_midnight(self.closes)
        return ends if ends > self.starts else ends + DAY

    def __str__(self) -> str:
        return f"{self.opens}–{self.closes}"


Day = Annotated[tuple[Period, ...], Field(max_length=12)]


class BusinessHours(BaseModel):
    """A shop's zone, its ordinary week, and the region whose public holidays it keeps; a shop may keep none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: Zone
    week: dict[Weekday, Day]
    holidays: Region | None = "cn"

    @property
    def time_zone(self) -> ZoneInfo:
        """The zone in which the periods are meant."""
        return ZoneInfo(self.zone)

    def periods(self, weekday: int) -> tuple[Period, ...]:
        """The periods of a day of the week (Monday is 0), earliest first."""
        return tuple(sorted(self.week.get(WEEKDAYS[weekday], ()), key=lambda period: period.starts))


def check_hours(hours: BusinessHours) -> Iterator[Fault]:
    """Periods that overlap, also over midnight and from Sunday to Monday, and a week that hardly has hours."""
    placed = [(WEEKDAYS[day], place, period) for day in range(7) for place, period in _in_order(hours, WEEKDAYS[day])]
    if sum((period.ends - period.starts for _, _, period in placed), timedelta()) < LEAST_WEEK:
        yield Fault("/week", "一周至少营业一小时", "a week has at least one hour")
        return
    for (day, place, period), (other_day, other_place, other) in pairwise([*placed, placed[0]]):
        gap = _begins(other_day, other) - _begins(day, period)
        if gap < timedelta() or (day, place) == (other_day, other_place):
            gap += 7 * DAY
        if gap < period.ends - period.starts:
            names = f"{day} {period} / {other_day} {other}"
            yield Fault(f"/week/{other_day}/{other_place}", f"时段重叠：{names}", f"periods overlap: {names}")


def _in_order(hours: BusinessHours, day: Weekday) -> list[tuple[int, Period]]:
    return sorted(enumerate(hours.week.get(day, ())), key=lambda placed: placed[1].starts)


def _begins(day: Weekday, period: Period) -> timedelta:
    return WEEKDAYS.index(day) * DAY + period.starts


@cache
def _since_midnight(wall: str) -> timedelta:
    hours, minutes = wall.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


class DayKind(StrEnum):
    """What makes a day another one than its weekday says."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


Years = Mapping[int, Mapping[date, DayKind]]
"""The special days of every year that is known; a year that isn't in it has not been announced."""

_OFFICE_DAY = (Period(opens="09:00", closes="12:00"), Period(opens="13:00", closes="18:00"))
# Eight hours on the five workdays of an ordinary Chinese office week: a target of 24 hours is three workdays. It is
# the calendar of promises to customers, not the roster: shifts may well run from nine to midnight (T44).
DEFAULT_HOURS = BusinessHours(
    zone="Asia/Shanghai",
    week={day: _OFFICE_DAY if day not in (Weekday.SAT, Weekday.SUN) else () for day in WEEKDAYS},
    holidays="cn",
)
BUSINESS_HOURS = PolicyKind(
    "business-hours", BusinessHours, DEFAULT_HOURS, Title("营业时间", "Business hours"), check_hours
)
