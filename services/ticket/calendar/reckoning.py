"""Counting business time: pure, exact to the microsecond, and never minute by minute (T43)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from services.ticket.calendar.policy import DAY, BusinessHours, DayKind, Years

NOTHING = timedelta()
# What a shop's hours don't use up in so many days is due then: an answer, however odd the calendar.
HORIZON = 30 * 366 * DAY
Span = tuple[datetime, datetime]


class Reckoning(Protocol):
    """A way of counting time: a shop's business hours, or the clock on the wall."""

    def after(self, start: datetime, span: timedelta) -> datetime:
        """The instant at which `span` of counted time has passed since `start`."""
        ...

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much counted time lies between the two; nothing when the end isn't after the start."""
        ...


class WallTime:
    """The clock on the wall: every second counts (T41, T42)."""

    def after(self, start: datetime, span: timedelta) -> datetime:
        return start + max(span, NOTHING)

    def between(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, NOTHING)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A shop's business hours with the holidays of the years that are known."""

    hours: BusinessHours
    years: Years = field(default_factory=dict)
    _spans: dict[date, tuple[Span, ...]] = field(default_factory=dict, repr=False, compare=False)

    def after(self, start: datetime, span: timedelta) -> datetime:
        """The instant at which `span` of business time has passed since `start`. Used up exactly at closing, it is
        due at closing; nothing to use up is due at once."""
        left = span
        if left <= NOTHING:
            return start
        for opens, closes in self._open_from(start):
            held = closes - opens
            if left <= held:
                return opens + left
            left -= held
        return start + HORIZON

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The business time between two instants."""
        counted = NOTHING
        if end <= start:
            return counted
        for opens, closes in self._open_from(start):
            if opens >= end:
                break
            counted += min(closes, end) - opens
        return counted

    def is_open(self, at: datetime) -> bool:
        """Whether the shop works at that instant; at the instant of closing it doesn't any more."""
        return next(self._open_from(at), (None, None))[0] == at

    def kind_of(self, day: date) -> DayKind | None:
        """What makes the day special: a holiday, a make-up workday, or nothing."""
        return self.years.get(day.year, {}).get(day)

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """When the shop works on a day, in UTC; a period over midnight belongs to the day it starts on, and a make-up
        workday has Monday's hours (T43)."""
        known = self._spans.get(day)
        if known is None:
            known = self._spans[day] = self._reckoned(day)
        return known

    def unannounced(self, start: datetime, end: datetime) -> tuple[int, ...]:
        """The years between two instants whose holidays nobody has announced: weekends alone are kept in them."""
        if self.hours.holidays is None:
            return ()
        zone = self.hours.time_zone
        first, last = start.astimezone(zone).year, end.astimezone(zone).year
        return tuple(year for year in range(first, last + 1) if year not in self.years)

    def _reckoned(self, day: date) -> tuple[Span, ...]:
        kind = self.kind_of(day)
        if kind is DayKind.HOLIDAY:
            return ()
        periods = self.hours.periods(0 if kind is DayKind.WORKDAY else day.weekday())
        instant = _instants(day, self.hours.time_zone)
        spans = ((instant(period.starts), instant(period.ends)) for period in periods)
        return tuple(span for span in spans if span[0] < span[1])  # summer time may skip a period whole

    def _open_from(self, start: datetime) -> Iterator[Span]:
        """Every span of work that ends after `start`, in order, none overlapping the one before it: a make-up
        workday may begin while the night of the day before is still going on."""
        begun = start.astimezone(UTC)
        day = start.astimezone(self.hours.time_zone).date() - DAY
        last = day + HORIZON
        while day < last:
            for opens, closes in self.spans_of(day):
                if closes > begun:
                    yield max(opens, begun), closes
                    begun = closes
            day += DAY


def _instants(day: date, zone: ZoneInfo) -> Callable[[timedelta], datetime]:
    """What turns times on the wall of a day, and of the night after it, into instants."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    offset = midnight.utcoffset()
    if offset == (midnight + 2 * DAY).utcoffset():  # the zone keeps its offset throughout, as it nearly always does
        steady = midnight.astimezone(UTC)
        return lambda wall: steady + wall
    return lambda wall: _instant(day, wall, zone)


def _instant(day: date, wall: timedelta, zone: ZoneInfo) -> datetime:
    """The instant of a time on the wall. Of one that comes twice when summer ends, the first; of one that is skipped
    when it begins, the instant of the change: so what is later on the wall is never earlier in truth."""
    named = datetime(day.year, day.month, day.day, tzinfo=zone) + wall
    early, late = (named.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return early if early <= late else _change_between(late, early, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant, to the second, at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
