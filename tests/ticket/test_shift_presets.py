"""T44, X5: presets laid out by hand on the clock of their shop, over midnight too; what is laid out wrongly."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from services.ticket.shift.policy import (
    SHIFT_PRESETS,
    SHIFT_RULES,
    Duty,
    Preset,
    ShiftPresets,
    ShiftRules,
    Span,
    laid_out_wrongly,
)  # fmt: skip

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 21)
# Written out by hand in UTC: Shanghai is eight hours ahead.
BY_HAND: dict[str, list[tuple[str, str, str]]] = {
    "a-day": [("21T01:00", "21T04:00", "service"), ("21T04:30", "21T08:30", "service")],
    "a-evening": [
        ("21T07:30", "21T08:15", "warehouse"), ("21T08:15", "21T09:30", "service"), ("21T10:00", "21T15:00", "service"),
    ],
    "b-early": [("21T01:00", "21T12:00", "service")],
    "b-late": [("21T05:00", "21T16:00", "service")],
}  # fmt: skip


def instant(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00").replace(tzinfo=UTC)


def a_preset(*segments: tuple[str, str]) -> Preset:
    laid = [{"starts": starts, "ends": ends} for starts, ends in segments]
    return Preset.model_validate({"zh": "班", "en": "shift", "segments": laid})


@pytest.mark.parametrize("code", BY_HAND)
def test_the_shipped_presets_by_hand(code: str) -> None:
    """T44: A day and evening, B 09:00–20:00 and 13:00–24:00."""
    spans = SHIFT_PRESETS.default.presets[code].spans(DAY, SHANGHAI)
    assert [(one.starts_at, one.ends_at, one.duty.value) for one in spans] == [
        (instant(start), instant(end), duty) for start, end, duty in BY_HAND[code]
    ]


def test_these_are_all_presets_and_the_evenings_stay_on() -> None:
    """T44."""
    presets = SHIFT_PRESETS.default.presets
    assert set(presets) == set(BY_HAND)
    assert {code for code, preset in presets.items() if preset.stays_on} == {"a-evening", "b-late"}
    assert SHIFT_PRESETS.default.zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("segments", "hours"),
    [
        ((("22:00", "06:00"),), [(22, 30)]),
        ((("22:00", "30:00"),), [(22, 30)]),
        ((("22:00", "02:00"), ("02:30", "06:00")), [(22, 26), (26.5, 30)]),
        ((("22:00", "24:00"), ("24:00", "30:00")), [(22, 24), (24, 30)]),
        ((("00:00", "24:00"),), [(0, 24)]),
        ((("18:00", "00:00"),), [(18, 24)]),
        ((("23:30", "00:30"), ("01:00", "05:00")), [(23.5, 24.5), (25, 29)]),
    ],
)
def test_over_midnight(segments: tuple[tuple[str, str], ...], hours: list[tuple[float, float]]) -> None:
    """T44: a segment that ends before it starts runs into the next day, and so do those after it."""
    preset = a_preset(*segments)
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    spans = preset.spans(DAY, SHANGHAI)
    assert [(one.starts_at - midnight, one.ends_at - midnight) for one in spans] == [
        (timedelta(hours=start), timedelta(hours=end)) for start, end in hours
    ]
    assert laid_out_wrongly(spans) is None


def test_a_zone_with_summer_time_keeps_to_the_clock_on_the_wall() -> None:
    """X5: 22:00–06:00 in Berlin on the night the clocks go back is nine hours."""
    spans = a_preset(("22:00", "06:00")).spans(date(2026, 10, 24), ZoneInfo("Europe/Berlin"))
    assert (spans[0].starts_at, spans[0].ends_at) == (
        datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("segments", "wrong"),
    [
        ((("09:00", "12:00"), ("11:00", "16:00")), 1),  # overlapping
        ((("09:00", "12:00"), ("11:59", "16:00")), 1),
        ((("12:30", "16:30"), ("09:00", "12:00")), 1),  # 09:00 is the next day's: 23.5 hours in all
        ((("09:00", "09:00"),), 0),  # empty
        ((("09:00", "34:00"),), 0),  # 25 hours
        ((("09:00", "33:01"),), 0),
        ((("08:00", "20:00"), ("20:00", "33:00")), 1),  # 25 hours in two
        ((("48:00", "09:00"),), 0),
    ],
)
def test_what_is_laid_out_wrongly_is_refused_on_save(segments: tuple[tuple[str, str], ...], wrong: int) -> None:
    """T44, X3: overlapping segments, a shift of 25 hours; the fault points at the segment."""
    document = ShiftPresets(zone="Asia/Shanghai", presets={"odd": a_preset(*segments)})
    faults = list(SHIFT_PRESETS.check(document))
    if segments[0] == ("12:30", "16:30"):
        assert faults == []
        return
    assert [fault.pointer for fault in faults] == [f"/presets/odd/segments/{wrong}"]


@pytest.mark.parametrize("time", ["9:00", "09:60", "48:01", "49:00", "-1:00", "09.00", "", "aa:bb", "09:00:00"])
def test_times_that_are_none_are_refused(time: str) -> None:
    """X3."""
    with pytest.raises(ValidationError):
        a_preset((time, "12:00"))


@pytest.mark.parametrize(
    "document",
    [
        {"zone": "Mars/Olympus", "presets": {"day": {"zh": "日", "en": "day", "segments": [{"starts": "09:00", "ends": "10:00"}]}}},
        {"zone": "Asia/Shanghai", "presets": {}},
        {"zone": "Asia/Shanghai", "presets": {"day": {"zh": "日", "en": "day", "segments": []}}},
        {"zone": "Asia/Shanghai", "presets": {"a day": {"zh": "日", "en": "day", "segments": [{"starts": "09:00", "ends": "10:00"}]}}},
        {"zone": "Asia/Shanghai", "presets": {"day": {"zh": "日", "en": "day", "segments": [{"starts": "09:00", "ends": "10:00", "duty": "sleep"}]}}},
        {"zone": "Asia/Shanghai", "presets": {"day": {"zh": "", "en": "day", "segments": [{"starts": "09:00", "ends": "10:00"}]}}},
    ],
)  # fmt: skip
def test_documents_of_another_shape_are_refused(document: dict[str, Any]) -> None:
    """X3."""
    with pytest.raises(ValidationError):
        ShiftPresets.model_validate(document)


def test_the_end_of_a_span_is_exclusive_and_touching_ones_are_fine() -> None:
    """T44: 09:00–12:00 and 12:00–15:00 don't overlap."""
    nine = instant("21T01:00")
    spans = [Span(nine + timedelta(hours=at), nine + timedelta(hours=at + 3), Duty.SERVICE) for at in (0, 3)]
    assert laid_out_wrongly(spans) is None
    assert laid_out_wrongly([]) is not None
    day = [Span(nine, nine + timedelta(hours=24), Duty.SERVICE)]
    assert laid_out_wrongly(day) is None
    assert laid_out_wrongly([Span(nine, nine + timedelta(hours=24, microseconds=1), Duty.SERVICE)]) is not None


def days(*numbers: int) -> set[date]:
    return {date(2026, 11, number) for number in numbers}


@pytest.mark.parametrize(
    ("worked", "planned", "crowded"),
    [
        (set(), 15, []),
        (days(*range(8, 15)), 15, []),  # eight in ten
        (days(*range(7, 15)), 15, [(date(2026, 11, 6), 1), (date(2026, 11, 7), 1)]),  # nine in a row
        (days(*range(6, 15)), 15, [(date(2026, 11, 6), 0), (date(2026, 11, 7), 1)]),
        (days(1, 2, 3, 4, 5, 6, 7, 8), 11, []),
        (days(1, 2, 3, 4, 5, 6, 7, 8), 9, [(date(2026, 10, 31), 1), (date(2026, 11, 1), 1)]),
    ],
)
def test_two_rest_days_in_ten(worked: set[date], planned: int, crowded: list[tuple[date, int]]) -> None:
    """T44: every stretch of ten days around the planned one has two days off, else it is named."""
    day = date(2026, 11, planned)
    assert SHIFT_RULES.default.crowded(day, worked | {day}) == crowded


def test_more_rest_days_than_days_is_refused() -> None:
    """X3."""
    rules = SHIFT_RULES.default.model_copy(update={"rest_days": 11})
    assert [fault.pointer for fault in SHIFT_RULES.check(rules)] == ["/rest_days"]
    for name in ShiftRules.model_fields:
        with pytest.raises(ValidationError):
            ShiftRules.model_validate({**SHIFT_RULES.default.model_dump(), name: -1})
