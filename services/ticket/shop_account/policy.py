"""在线巡检: how often it is looked whether somebody is signed in, and in which hours that matters (T35, X3)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue
from services.ticket.calendar.policy import DAY, Period

_MINUTES_OF_A_DAY = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ShopAccountWatch(BaseModel):
    """Whoever gives no sign of life for `silent_minutes` is not there any more. Between the hours nobody has to be.
    How often it is looked is one for all shops: that of `main`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_minutes: Annotated[int, Field(ge=5, le=_MINUTES_OF_A_DAY)]
    silent_minutes: Annotated[int, Field(ge=1, le=_MINUTES_OF_A_DAY)]
    hours: tuple[Period, ...] = Field(max_length=12)

    @model_validator(mode="after")
    def _divides_the_day(self) -> Self:
        if _MINUTES_OF_A_DAY % self.every_minutes:
            raise InvalidValue("间隔须能整除一天", "a day holds a whole number of them")
        return self

    def slot_of(self, now: datetime) -> datetime:
        """The last full one of its intervals: 10:47 → 10:30."""
        return now - (now - _EPOCH) % timedelta(minutes=self.every_minutes)

    def is_silent(self, seen_at: datetime, now: datetime) -> bool:
        """Whether somebody last seen then is not there any more."""
        return now - seen_at > timedelta(minutes=self.silent_minutes)

    def is_watched(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether somebody has to be there then; a period over midnight belongs to the day it begins on."""
        local = at.astimezone(zone)
        since = timedelta(
            hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        return any(period.starts <= moment < period.ends for period in self.hours for moment in (since, since + DAY))


SHOP_ACCOUNT_WATCH = PolicyKind(
    "shop-account-watch",
    ShopAccountWatch,
    ShopAccountWatch(every_minutes=30, silent_minutes=10, hours=(Period(opens="09:00", closes="24:00"),)),
    Title("店铺账号在线巡检", "Watch over shop accounts"),
)
