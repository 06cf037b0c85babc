"""Print runs, the cut-off, days off, and when a parcel leaves and arrives (T35)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ticket.calendar.policy import BUSINESS_HOURS, DayKind
from services.ticket.calendar.reckoning import Calendar
from services.ticket.shipping.policy import DISPATCH_RULES, DispatchRules, OrderWorklists, Works

RULES = DISPATCH_RULES.default
ZONE = ZoneInfo("Asia/Shanghai")
# The National Day of 2026: off from Thursday 1 to Wednesday 7 October, worked on Sunday 27 September and Saturday 10
# October.
OCTOBER: Mapping[date, DayKind] = {
    **{date(2026, 10, day): DayKind.HOLIDAY for day in range(1, 8)},
    date(2026, 9, 27): DayKind.WORKDAY,
    date(2026, 10, 10): DayKind.WORKDAY,
}


def working(days: Mapping[date, DayKind] = OCTOBER) -> Works:
    """Whether the shop works on a day, by the calendar that ships."""
    calendar = Calendar(BUSINESS_HOURS.default, {2026: days})
    return lambda day: bool(calendar.spans_of(day))


def at(text: str) -> datetime:
    """A time on the wall of the shop, of a day in 2026: `11-20 16:59`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


# paid, printed, leaves from and until, arrives from and until; 20 November 2026 is a Friday.
PROMISES = [
    # A working day, by the run.
    ("11-18 00:00", "11-18 12:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 09:30", "11-18 12:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 11:59:59.999999", "11-18 12:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 12:00", "11-18 12:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 12:00:00.000001", "11-18 15:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 15:00", "11-18 15:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 15:00:01", "11-18 17:00", "11-19", "11-20", "11-22", "11-25"),
    # The cut-off itself is in time, anything later is the next day's.
    ("11-18 16:59:59", "11-18 17:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 17:00", "11-18 17:00", "11-19", "11-20", "11-22", "11-25"),
    ("11-18 17:00:00.000001", "11-19 12:00", "11-20", "11-23", "11-23", "11-28"),
    ("11-18 23:59:59", "11-19 12:00", "11-20", "11-23", "11-23", "11-28"),
    # Over a weekend: nothing is printed nor leaves; a parcel travels all the same.
    ("11-19 10:00", "11-19 12:00", "11-20", "11-23", "11-23", "11-28"),
    ("11-20 10:00", "11-20 12:00", "11-23", "11-24", "11-26", "11-29"),
    ("11-20 17:00:01", "11-23 12:00", "11-24", "11-25", "11-27", "11-30"),
    ("11-21 10:00", "11-23 12:00", "11-24", "11-25", "11-27", "11-30"),
    ("11-22 23:59", "11-23 12:00", "11-24", "11-25", "11-27", "11-30"),
    ("11-23 00:00", "11-23 12:00", "11-24", "11-25", "11-27", "11-30"),
    # Before, in and after a week of holidays, with its make-up workdays.
    ("09-26 10:00", "09-27 12:00", "09-28", "09-29", "10-01", "10-04"),
    ("09-27 10:00", "09-27 12:00", "09-28", "09-29", "10-01", "10-04"),
    ("09-29 10:00", "09-29 12:00", "09-30", "10-08", "10-03", "10-13"),
    ("09-29 17:01", "09-30 12:00", "10-08", "10-09", "10-11", "10-14"),
    ("09-30 16:00", "09-30 17:00", "10-08", "10-09", "10-11", "10-14"),
    ("09-30 18:00", "10-08 12:00", "10-09", "10-10", "10-12", "10-15"),
    ("10-03 08:00", "10-08 12:00", "10-09", "10-10", "10-12", "10-15"),
    ("10-08 13:00", "10-08 15:00", "10-09", "10-10", "10-12", "10-15"),
    ("10-09 17:30", "10-10 12:00", "10-12", "10-13", "10-15", "10-18"),
    ("10-10 16:00", "10-10 17:00", "10-12", "10-13", "10-15", "10-18"),
    # Over the year's end.
    ("12-31 16:00", "12-31 17:00", "01-01", "01-04", "01-04", "01-09"),
]


def day_of(text: str) -> date:
    """A day of 2026, or of the January after it."""
    return date.fromisoformat(f"{2027 if text < '08' else 2026}-{text}")


@pytest.mark.parametrize(("paid", "printed", "leaves", "leaves_until", "arrives", "arrives_until"), PROMISES)
def test_what_may_be_promised(
    paid: str, printed: str, leaves: str, leaves_until: str, arrives: str, arrives_until: str
) -> None:
    """Dispatch in 1–2 working days after the print run's, transit of 3–5 days."""
    promise = RULES.promise(at(paid), ZONE, working())
    assert promise.printed_at == at(printed)
    assert (promise.leaves_from, promise.leaves_until) == (day_of(leaves), day_of(leaves_until))
    assert (promise.arrives_from, promise.arrives_until) == (day_of(arrives), day_of(arrives_until))


def test_a_shop_that_works_every_day_has_no_weekend() -> None:
    rules = RULES.model_copy(update={"keeps_calendar": False})
    promise = rules.promise(at("11-21 18:00"), ZONE, working())
    assert (promise.printed_at, promise.leaves_from) == (at("11-22 12:00"), date(2026, 11, 23))


def test_the_instant_decides_whatever_its_offset() -> None:
    """X5: 09:00 UTC is 17:00 in Shanghai, and still in time."""
    paid = datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert RULES.promise(paid, ZONE, working()).printed_at == at("11-18 17:00")
    late = paid + timedelta(microseconds=1)
    assert RULES.promise(late, ZONE, working()).printed_at == at("11-19 12:00")


def test_goods_that_leave_on_the_day_of_printing() -> None:
    rules = DispatchRules.model_validate(
        {**RULES.model_dump(), "dispatch": {"least": 0, "most": 0}, "transit": {"least": 1, "most": 1}}
    )
    promise = rules.promise(at("11-18 10:00"), ZONE, working())
    assert (promise.leaves_from, promise.leaves_until) == (date(2026, 11, 18), date(2026, 11, 18))
    assert promise.arrives_until == date(2026, 11, 19)


@given(minutes=st.integers(0, 60 * 24 * 60), later=st.integers(0, 60 * 24 * 10))
def test_who_pays_later_gets_nothing_earlier(minutes: int, later: int) -> None:
    """And a run is never before the payment, nor on a day off."""
    paid = at("09-01 00:00") + timedelta(minutes=minutes)
    works = working()
    first, second = (RULES.promise(one, ZONE, works) for one in (paid, paid + timedelta(minutes=later)))
    assert paid <= first.printed_at <= second.printed_at
    assert first.leaves_from <= second.leaves_from
    assert first.arrives_until <= second.arrives_until
    assert first.leaves_from <= first.leaves_until
    assert first.leaves_from < first.arrives_from <= first.arrives_until
    assert all(
        works(day) for day in (first.printed_at.astimezone(ZONE).date(), first.leaves_from, first.leaves_until)
    )


def test_a_calendar_without_a_working_day_has_an_answer_all_the_same() -> None:
    promise = RULES.promise(at("11-18 10:00"), ZONE, lambda _: False)
    assert promise.printed_at == at("11-19 12:00")


@pytest.mark.parametrize(
    "broken",
    [
        {"print_runs": []},
        {"print_runs": ["15:00", "12:00"]},
        {"print_runs": ["12:00", "12:00"]},
        {"print_runs": ["25:00"]},
        {"print_runs": ["9:00"]},
        {"cut_off": "17:01"},
        {"cut_off": "noon"},
        {"dispatch": {"least": 2, "most": 1}},
        {"transit": {"least": -1, "most": 1}},
        {"transit": {"least": 1.5, "most": 2}},
        {"weekend": True},
    ],
)
def test_rules_that_do_not_hold_together_are_refused(broken: dict[str, object]) -> None:
    """X3."""
    with pytest.raises(ValidationError):
        DispatchRules.model_validate({**RULES.model_dump(mode="json"), **broken})


@pytest.mark.parametrize("hours", [0, -1, 721, 1.5, "24h"])
def test_a_worklist_waits_some_hours(hours: object) -> None:
    """T33, X3."""
    with pytest.raises(ValidationError):
        OrderWorklists.model_validate({"problem_hours": hours, "unflagged_hours": 24, "unshipped_hours": 48})
