"""发货规则: print runs, cut-off, days until it leaves and arrives (T35); from when on the morning lists name an order
(T33, X3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kit.clock import as_utc
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

Wall = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
DAY = timedelta(days=1)
# A calendar without a working day in so long has no next one: the day itself is taken.
LONGEST_BREAK = 60
Works = Callable[[date], bool]


class Days(BaseModel):
    """So many days at least and at most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least: int = Field(ge=0, le=60)
    most: int = Field(ge=0, le=60)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise InvalidValue("最少不能多于最多", "the least is no more than the most")
        return self


@dataclass(frozen=True, slots=True)
class Promise:
    """When an order is printed, leaves and arrives. What may be promised is the later of each two (T16)."""

    printed_at: datetime
    leaves_from: date
    leaves_until: date
    arrives_from: date
    arrives_until: date


class DispatchRules(BaseModel):
    """A shop's rules. `keeps_calendar`: nothing is printed or leaves on its days off; a parcel travels every day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    print_runs: tuple[Wall, ...] = Field(min_length=1, max_length=24)
    cut_off: Wall
    keeps_calendar: bool = True
    dispatch: Days
    transit: Days

    @model_validator(mode="after")
    def _runs_in_order(self) -> Self:
        if list(self.print_runs) != sorted(set(self.print_runs)):
            raise InvalidValue("打单时间须从早到晚，且不重复", "print runs stand from early to late, each once")
        if self.cut_off > self.print_runs[-1]:
            raise InvalidValue("截单不能晚于最后一次打单", "the cut-off is no later than the last print run")
        return self

    def promise(self, paid_at: datetime, zone: ZoneInfo, works: Works) -> Promise:
        """What holds for an order paid at that instant: paid up to the cut-off of a working day it is in that day's
        next run, later in the first of the next working day."""
        day, wall = paid_at.astimezone(zone).date(), paid_at.astimezone(zone).time()
        if self._works(day, works) and wall <= _time(self.cut_off):
            run = next(run for run in self.print_runs if wall <= _time(run))
        else:
            day, run = self._after(day, 1, works), self.print_runs[0]
        leaves_from, leaves_until = (
            self._after(day, days, works) for days in (self.dispatch.least, self.dispatch.most)
        )
        return Promise(
            printed_at=as_utc(datetime.combine(day, _time(run), zone)),
            leaves_from=leaves_from,
            leaves_until=leaves_until,
            arrives_from=leaves_from + self.transit.least * DAY,
            arrives_until=leaves_until + self.transit.most * DAY,
        )

    def _after(self, day: date, days: int, works: Works) -> date:
        """The working day that many working days later."""
        for _ in range(days):
            following = (day + ahead * DAY for ahead in range(1, LONGEST_BREAK + 1))
            day = next((one for one in following if self._works(one, works)), day + DAY)
        return day

    def _works(self, day: date, works: Works) -> bool:
        return not self.keeps_calendar or works(day)


class OrderWorklists(BaseModel):
    """After how many hours an order is listed: flagged as a problem and nothing done since, paid and unflagged, paid
    and unshipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem_hours: int = Field(ge=1, le=720)
    unflagged_hours: int = Field(ge=1, le=720)
    unshipped_hours: int = Field(ge=1, le=720)


def _time(wall: str) -> time:
    return time.fromisoformat(wall)


DISPATCH_RULES = PolicyKind(
    "dispatch-rules",
    DispatchRules,
    DispatchRules(
        print_runs=("12:00", "15:00", "17:00"),
        cut_off="17:00",
        dispatch=Days(least=1, most=2),
        transit=Days(least=3, most=5),
    ),
    Title("发货规则", "Dispatch rules"),
)
ORDER_WORKLISTS = PolicyKind(
    "order-worklists",
    OrderWorklists,
    OrderWorklists(problem_hours=24, unflagged_hours=24, unshipped_hours=48),
    Title("每日订单清单", "Morning lists of orders"),
)
