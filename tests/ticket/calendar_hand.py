"""Calendars as the tests of business time know them, and due times worked out by hand, one a line (T43)."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from services.ticket.calendar.policy import BusinessHours, DayKind, Weekday
from services.ticket.calendar.reckoning import Calendar

OFF, ON = DayKind.HOLIDAY, DayKind.WORKDAY
WORKDAYS = tuple(Weekday)[:5]


def spread(year: int, *, off: str, on: str) -> dict[date, DayKind]:
    """`off="10-01..10-07"`: the days of these ranges, and the make-up workdays."""
    days: dict[date, DayKind] = {}
    for part in off.split():
        first, _, last = part.partition("..")
        day, end = date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year}-{last or first}")
        while day <= end:
            days[day] = OFF
            day += timedelta(days=1)
    return days | {date.fromisoformat(f"{year}-{day}"): ON for day in on.split()}


# The three years around the tables, as the State Council announced them; 2027 is not announced.
CHINA = {
    2024: spread(
        2024,
        off="01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-10 09-15..09-17 10-01..10-07",
        on="02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: spread(
        2025,
        off="01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
        on="01-26 02-08 04-27 09-28 10-11",
    ),
    2026: spread(
        2026,
        off="01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07",
        on="01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}


def hours(*periods: str, days: tuple[Weekday, ...] = WORKDAYS, zone: str = "Asia/Shanghai", **more: str) -> Calendar:
    """A calendar with these periods on these days; `mon="10:00-14:00"` gives a day its own. Shanghai's keep the
    Chinese holidays, others none."""

    def told(text: str) -> list[dict[str, str]]:
        return [dict(zip(("opens", "closes"), one.split("-"), strict=True)) for one in text.split()]

    week = {day: told(" ".join(periods)) for day in days} | {Weekday(day): told(text) for day, text in more.items()}
    region = "cn" if zone == "Asia/Shanghai" else None
    document = BusinessHours.model_validate({"zone": zone, "week": week, "holidays": region})
    return Calendar(document, CHINA if region else {})


ALL_WEEK = tuple(Weekday)
CALENDARS = {
    "office": hours("09:00-12:00", "13:00-18:00"),
    "shop": hours("09:00-12:00", "12:30-16:30", "18:00-23:00", days=ALL_WEEK),
    "night": hours("20:00-02:00"),
    "monday": hours("09:00-12:00", "13:00-18:00", mon="10:00-14:00"),
    "always": hours("00:00-24:00", days=ALL_WEEK, zone="UTC"),
    "new york": hours("09:00-17:00", zone="America/New_York"),
    "ny night": hours("22:00-06:00", days=ALL_WEEK, zone="America/New_York"),
    "ny early": hours("02:30-10:00", days=ALL_WEEK, zone="America/New_York"),
}

BY_HAND = """
office   | Fri 2026-11-20 09:00    | 1h       | Fri 2026-11-20 10:00    | within the morning
office   | Fri 2026-11-20 11:30    | 1h       | Fri 2026-11-20 13:30    | lunch doesn't count: 30 min before, 30 after
office   | Fri 2026-11-20 09:00    | 3h       | Fri 2026-11-20 12:00    | used up exactly when lunch begins: due then
office   | Fri 2026-11-20 09:00    | 3h 1s    | Fri 2026-11-20 13:00:01 | a second more is a second after lunch
office   | Fri 2026-11-20 12:15    | 1h       | Fri 2026-11-20 14:00    | begun at lunch
office   | Fri 2026-11-20 12:00    | 1h       | Fri 2026-11-20 14:00    | begun at the instant lunch begins
office   | Fri 2026-11-20 13:00    | 5h       | Fri 2026-11-20 18:00    | used up exactly at closing: due at closing
office   | Fri 2026-11-20 17:59:59 | 1s       | Fri 2026-11-20 18:00    | the last second of the week
office   | Fri 2026-11-20 17:59:59 | 2s       | Mon 2026-11-23 09:00:01 | one second of it on Monday
office   | Fri 2026-11-20 17:30    | 1h       | Mon 2026-11-23 09:30    | over the weekend
office   | Fri 2026-11-20 18:00    | 1h       | Mon 2026-11-23 10:00    | begun at closing
office   | Fri 2026-11-20 21:40    | 30m      | Mon 2026-11-23 09:30    | begun in the evening
office   | Sat 2026-11-21 12:00    | 1h       | Mon 2026-11-23 10:00    | begun on a Saturday
office   | Sat 2026-11-21 12:00    | 24h      | Wed 2026-11-25 18:00    | 24 hours are three workdays
office   | Thu 2026-11-19 06:00    | 8h       | Thu 2026-11-19 18:00    | begun before opening: the whole day
office   | Thu 2026-11-19 09:00    | 24h      | Mon 2026-11-23 18:00    | Thursday, Friday, Monday
office   | Mon 2026-11-23 16:00    | 4h       | Tue 2026-11-24 11:00    | two today, two tomorrow
office   | Mon 2026-11-23 10:00    | 120h     | Mon 2026-12-14 10:00    | 7 + 14 × 8 + 1
office   | Wed 2026-09-30 17:00    | 2h       | Thu 2026-10-08 10:00    | over National Day, seven days
office   | Thu 2026-10-01 10:00    | 1h       | Thu 2026-10-08 10:00    | begun on a holiday
office   | Fri 2026-10-09 17:00    | 2h       | Sat 2026-10-10 10:00    | the Saturday makes up for the holidays
office   | Sat 2026-10-10 17:00    | 2h       | Mon 2026-10-12 10:00    | begun on it
office   | Wed 2026-09-30 18:00    | 24h      | Sat 2026-10-10 18:00    | Thursday, Friday and that Saturday
office   | Sun 2026-09-20 09:00    | 8h       | Sun 2026-09-20 18:00    | a Sunday that makes up for the holidays
office   | Fri 2026-09-25 10:00    | 1h       | Mon 2026-09-28 10:00    | Mid-autumn on a Friday
office   | Fri 2026-02-13 17:00    | 10h      | Tue 2026-02-24 10:00    | 1, then 8 on a make-up Saturday, Spring Festival, 1
office   | Fri 2026-02-27 17:00    | 9h       | Sat 2026-02-28 18:00    | used up as the make-up Saturday closes
office   | Wed 2025-12-31 17:00    | 2h       | Sun 2026-01-04 10:00    | over New Year to a make-up Sunday
office   | Wed 2025-12-31 17:00    | 9h 1s    | Mon 2026-01-05 09:00:01 | a second more than the old year and that Sunday
office   | Thu 2026-12-31 17:00    | 2h       | Fri 2027-01-01 10:00    | 2027 is not announced: a Friday is a workday
office   | Fri 2027-01-01 17:00    | 2h       | Mon 2027-01-04 10:00    | but its weekends are kept
office   | Thu 2024-02-29 17:00    | 2h       | Fri 2024-03-01 10:00    | over a leap day
shop     | Sat 2026-11-21 11:30    | 1h       | Sat 2026-11-21 13:00    | half an hour's lunch
shop     | Sat 2026-11-21 16:00    | 1h       | Sat 2026-11-21 18:30    | over the late break
shop     | Sat 2026-11-21 22:30    | 1h       | Sun 2026-11-22 09:30    | from evening to morning
shop     | Sat 2026-11-21 09:00    | 12h      | Sat 2026-11-21 23:00    | three periods, the whole day
shop     | Wed 2026-09-30 22:00    | 2h       | Thu 2026-10-08 10:00    | a shop that keeps holidays
night    | Mon 2026-11-23 23:00    | 2h       | Tue 2026-11-24 01:00    | over midnight
night    | Mon 2026-11-23 23:00    | 3h       | Tue 2026-11-24 02:00    | used up at closing, after midnight
night    | Mon 2026-11-23 23:00    | 3h 1s    | Tue 2026-11-24 20:00:01 | a second more is the next evening
night    | Fri 2026-11-20 23:30    | 1h       | Sat 2026-11-21 00:30    | Friday's night goes on into Saturday
night    | Sat 2026-11-21 01:00    | 2h       | Mon 2026-11-23 21:00    | begun in what is left of Friday
night    | Sun 2026-11-22 23:00    | 1h       | Mon 2026-11-23 21:00    | Sunday has no night
night    | Wed 2026-09-30 23:00    | 4h       | Thu 2026-10-08 21:00    | Wednesday's night goes on into the holiday
night    | Thu 2026-10-01 01:00    | 1h       | Thu 2026-10-01 02:00    | a holiday that is still Wednesday's night
night    | Thu 2026-10-08 00:30    | 1h       | Thu 2026-10-08 21:00    | a workday, but the holiday before had no night
night    | Sat 2026-10-10 23:00    | 4h       | Mon 2026-10-12 21:00    | a make-up Saturday's night ends on Sunday
monday   | Fri 2026-10-09 17:00    | 3h       | Sat 2026-10-10 12:00    | a make-up workday has Monday's hours
monday   | Sat 2026-10-10 09:00    | 4h       | Sat 2026-10-10 14:00    | and closes as Mondays do
monday   | Sat 2026-10-10 09:00    | 4h 1s    | Mon 2026-10-12 10:00:01 | the next is Monday itself
always   | Sat 2026-11-21 12:00    | 24h      | Sun 2026-11-22 12:00    | open all the time
always   | Thu 2026-12-31 23:30    | 1h       | Fri 2027-01-01 00:30    | over a year's end
new york | Fri 2026-11-20 04:30    | 1h       | Fri 2026-11-20 10:00    | Shanghai has closed then
new york | Fri 2026-03-06 16:00    | 2h       | Mon 2026-03-09 10:00    | over the beginning of summer time
new york | Fri 2026-10-30 16:00    | 2h       | Mon 2026-11-02 10:00    | over its end
ny night | Sat 2026-03-07 23:00    | 4h       | Sun 2026-03-08 04:00    | there is no two o'clock that night
ny night | Sat 2026-03-07 22:00    | 7h       | Sun 2026-03-08 06:00    | so it has seven hours
ny night | Sat 2026-10-31 22:00    | 9h       | Sun 2026-11-01 06:00    | one o'clock comes twice: nine hours
ny night | Sat 2026-10-31 22:00    | 3h 30m   | Sun 2026-11-01 01:30    | half past one, the first
ny early | Sun 2026-03-08 00:00    | 1h       | Sun 2026-03-08 04:00    | its half past two is skipped: it opens at three
"""
_SPAN = re.compile(r"(\d+)([hms])")
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


class Hand(NamedTuple):
    """One line: from `start`, `span` of business time of `calendar` is used up at `due`."""

    calendar: str
    start: datetime
    span: timedelta
    due: datetime
    why: str


def span_of(text: str) -> timedelta:
    """`3h 1s`."""
    return timedelta(**{_UNITS[unit]: int(number) for number, unit in _SPAN.findall(text)})


def instant_of(text: str, calendar: Calendar) -> datetime:
    """`Fri 2026-11-20 17:59:59` on the wall of the calendar's zone; the name of the day must be right."""
    name, wall = text.split(" ", 1)
    at = datetime.fromisoformat(wall).replace(tzinfo=calendar.hours.time_zone)
    assert f"{at:%a}" == name, text
    return at.astimezone(UTC)


def by_hand() -> list[Hand]:
    """The table."""
    lines = [[cell.strip() for cell in line.split("|")] for line in BY_HAND.strip().splitlines()]
    return [
        Hand(name, instant_of(start, CALENDARS[name]), span_of(span), instant_of(due, CALENDARS[name]), why)
        for name, start, span, due, why in lines
    ]
