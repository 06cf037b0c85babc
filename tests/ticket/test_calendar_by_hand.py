"""Business time against due times worked out by hand, and against what must be so of any calendar (T43)."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from calendar_hand import ALL_WEEK, CALENDARS, CHINA, Hand, by_hand, hours
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ticket.calendar.policy import BusinessHours, DayKind
from services.ticket.calendar.reckoning import HORIZON, Calendar, WallTime

HANDS = by_hand()
MICROSECOND = timedelta(microseconds=1)


def test_the_table_is_long_enough_and_says_each_thing_once() -> None:
    assert len(HANDS) >= 40
    assert len({(hand.calendar, hand.start, hand.span) for hand in HANDS}) == len(HANDS)
    assert {hand.calendar for hand in HANDS} == set(CALENDARS)


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: f"{hand.calendar}: {hand.why}")
def test_due_times_worked_out_by_hand(hand: Hand) -> None:
    """T43"""
    calendar = CALENDARS[hand.calendar]
    assert calendar.after(hand.start, hand.span) == hand.due
    assert calendar.between(hand.start, hand.due) == hand.span


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: f"{hand.calendar}: {hand.why}")
def test_a_microsecond_more_or_less_is_one(hand: Hand) -> None:
    """Exact at every edge: less is due earlier, more is due later, and by no more than the closed hours between."""
    calendar = CALENDARS[hand.calendar]
    assert calendar.after(hand.start, hand.span - MICROSECOND) == hand.due - MICROSECOND
    later = calendar.after(hand.start, hand.span + MICROSECOND)
    assert later > hand.due
    assert calendar.between(hand.due, later) == MICROSECOND
    assert (later == hand.due + MICROSECOND) is calendar.is_open(hand.due)


FIRST = datetime(2025, 6, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(), timedelta(days=730)).map(lambda since: FIRST + since)
SPANS = st.timedeltas(timedelta(), timedelta(hours=200))
ANY = st.sampled_from(sorted(CALENDARS)).map(CALENDARS.__getitem__)


@settings(deadline=None)
@given(ANY, INSTANTS, SPANS)
def test_what_is_added_is_what_lies_between(calendar: Calendar, start: datetime, span: timedelta) -> None:
    assert calendar.between(start, calendar.after(start, span)) == span


@settings(deadline=None)
@given(ANY, INSTANTS, SPANS, SPANS)
def test_adding_twice_is_adding_the_sum(calendar: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    halfway = calendar.after(start, one)
    assert calendar.between(start, calendar.after(halfway, two)) == one + two
    if two:
        assert calendar.after(halfway, two) == calendar.after(start, one + two)


@settings(deadline=None)
@given(ANY, INSTANTS, SPANS, SPANS)
def test_more_time_is_never_due_earlier(calendar: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    low, high = sorted((one, two))
    assert calendar.after(start, low) <= calendar.after(start, high)


@settings(deadline=None)
@given(ANY, INSTANTS, INSTANTS, SPANS)
def test_what_starts_later_is_never_due_earlier(
    calendar: Calendar, one: datetime, two: datetime, span: timedelta
) -> None:
    first, second = sorted((one, two))
    assert calendar.after(first, span) <= calendar.after(second, span)


@settings(deadline=None)
@given(ANY, INSTANTS, INSTANTS, INSTANTS)
def test_time_between_adds_up_and_is_never_more_than_the_wall_shows(
    calendar: Calendar, one: datetime, two: datetime, three: datetime
) -> None:
    first, middle, last = sorted((one, two, three))
    whole = calendar.between(first, last)
    assert whole == calendar.between(first, middle) + calendar.between(middle, last)
    assert timedelta() <= whole <= last - first
    assert calendar.between(last, first) == timedelta()


@settings(deadline=None)
@given(ANY, INSTANTS, st.timedeltas(MICROSECOND, timedelta(hours=200)))
def test_nothing_is_due_while_the_shop_is_closed(calendar: Calendar, start: datetime, span: timedelta) -> None:
    """The instant before is always open: a target is used up in business hours or at their closing (T43)."""
    assert calendar.is_open(calendar.after(start, span) - MICROSECOND)


@settings(deadline=None)
@given(INSTANTS, SPANS)
def test_the_clock_on_the_wall_counts_every_second(start: datetime, span: timedelta) -> None:
    """T41, T42"""
    wall = WallTime()
    assert wall.after(start, span) == start + span
    assert wall.between(start, start + span) == span
    assert wall.between(start + span, start) == timedelta()


@settings(deadline=None)
@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=12)))
def test_the_walk_day_by_day_says_the_same_as_minute_by_minute(start: datetime, length: timedelta) -> None:
    """Against the plainest way of counting there is."""
    calendar = CALENDARS["office"]
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=int(length.total_seconds() // 60))
    counted, at = 0, start
    zone = calendar.hours.time_zone
    while at < end:
        local = at.astimezone(zone)
        kind = CHINA.get(local.year, {}).get(local.date())
        works = kind is DayKind.WORKDAY or (kind is None and local.weekday() < 5)
        counted += works and (9 <= local.hour < 12 or 13 <= local.hour < 18)
        at += timedelta(minutes=1)
    assert calendar.between(start, end) == timedelta(minutes=counted)


def test_nothing_to_use_up_is_due_at_once_also_when_closed() -> None:
    saturday = datetime(2026, 11, 21, 4, tzinfo=UTC)
    assert CALENDARS["office"].after(saturday, timedelta()) == saturday


def test_a_make_up_workday_may_begin_while_the_night_before_goes_on_and_no_minute_counts_twice() -> None:
    """Friday's night ends at six on the Saturday that makes up and opens at five."""
    calendar = hours("05:00-10:00", fri="20:00-06:00")
    friday = datetime(2026, 10, 9, 12, tzinfo=UTC)  # 20:00 in Shanghai
    assert calendar.after(friday, timedelta(hours=14)) == datetime(2026, 10, 10, 2, tzinfo=UTC)


def test_a_period_that_summer_time_skips_is_none() -> None:
    calendar = hours("02:15-02:45", "03:00-04:00", days=ALL_WEEK, zone="America/New_York")
    (only,) = calendar.spans_of(date(2026, 3, 8))
    assert only == (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC))
    assert len(calendar.spans_of(date(2026, 3, 9))) == 2


def test_years_that_are_not_announced_are_named() -> None:
    calendar = CALENDARS["office"]
    eve, after = datetime(2026, 12, 31, 8, tzinfo=UTC), datetime(2028, 1, 3, tzinfo=UTC)
    assert calendar.unannounced(eve, eve) == ()
    assert calendar.unannounced(eve, after) == (2027, 2028)
    assert calendar.unannounced(eve, datetime(2026, 12, 31, 16, tzinfo=UTC)) == (2027,)  # midnight in Shanghai
    assert CALENDARS["new york"].unannounced(eve, after) == ()


def test_what_the_hours_never_use_up_is_due_at_the_horizon() -> None:
    """A calendar of nothing but holidays answers, too."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    never = Calendar(BusinessHours.model_validate({"zone": "UTC", "week": {}, "holidays": None}))
    assert never.after(start, timedelta(seconds=1)) == start + HORIZON
    assert never.between(start, start + timedelta(days=400)) == timedelta()
    assert not never.is_open(start)


@pytest.mark.parametrize("name", ["office", "shop", "ny night"])
def test_a_due_time_thirty_days_off_is_reckoned_in_less_than_a_millisecond(name: str) -> None:
    """No walk minute by minute: 30 days are 30 looks at a week, and a calendar that knows them already looks less."""
    known = CALENDARS[name]
    start, span = datetime(2026, 11, 2, tzinfo=UTC), timedelta(hours=22 * 8)

    def best(fresh: bool) -> float:
        took = []
        for _ in range(30):
            calendar = Calendar(known.hours, known.years) if fresh else known
            began = time.perf_counter()
            calendar.after(start, span)
            took.append(time.perf_counter() - began)
        return min(took)

    assert best(fresh=True) < 0.001
    assert best(fresh=False) < 0.000_2


def test_all_seven_days_are_a_week() -> None:
    assert [day.value for day in ALL_WEEK] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
