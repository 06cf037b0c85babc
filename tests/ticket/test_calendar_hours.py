"""The weekly hours as a policy: what a document may say, and what is refused with both names (T43, X3)."""

from typing import Any

import pytest
from pydantic import ValidationError
from stage import Starter

from services.ticket.calendar.policy import BUSINESS_HOURS, DEFAULT_HOURS, BusinessHours, Weekday, check_hours

OFFICE = [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "18:00"}]
PATH = "/v1/policies/ticket/business-hours"


def period(text: str) -> dict[str, str]:
    opens, closes = text.split("-")
    return {"opens": opens, "closes": closes}


def document(zone: str = "Asia/Shanghai", holidays: str | None = "cn", **week: str) -> dict[str, Any]:
    """`mon="09:00-12:00 13:00-18:00"`."""
    days = {day: [period(one) for one in text.split()] for day, text in week.items()}
    return {"zone": zone, "week": days, "holidays": holidays}


def faults(given: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.en) for fault in check_hours(BusinessHours.model_validate(given))]


def test_the_default_is_an_office_week_of_forty_hours() -> None:
    """Eight hours a day, so that 24 hours are three workdays; weekends are off, as make-up workdays presume (T43)."""
    assert DEFAULT_HOURS.zone == "Asia/Shanghai"
    assert DEFAULT_HOURS.holidays == "cn"
    for number, day in enumerate(Weekday):
        told = " ".join(str(one) for one in DEFAULT_HOURS.periods(number))
        assert told == ("" if day in ("sat", "sun") else "09:00–12:00 13:00–18:00")
    assert list(check_hours(DEFAULT_HOURS)) == []


@pytest.mark.parametrize(
    ("week", "where", "names"),
    [
        ({"mon": "09:00-12:00 11:00-14:00"}, "/week/mon/1", "mon 09:00–12:00 / mon 11:00–14:00"),
        ({"mon": "11:00-14:00 09:00-12:00"}, "/week/mon/0", "mon 09:00–12:00 / mon 11:00–14:00"),
        ({"mon": "09:00-18:00 10:00-11:00"}, "/week/mon/1", "mon 09:00–18:00 / mon 10:00–11:00"),
        ({"mon": "09:00-12:00 09:00-12:00"}, "/week/mon/1", "mon 09:00–12:00 / mon 09:00–12:00"),
        ({"mon": "22:00-06:00", "tue": "05:59-10:00"}, "/week/tue/0", "mon 22:00–06:00 / tue 05:59–10:00"),
        ({"sun": "22:00-06:00", "mon": "05:00-10:00"}, "/week/mon/0", "sun 22:00–06:00 / mon 05:00–10:00"),
        ({"fri": "20:00-19:00", "sat": "18:00-20:00"}, "/week/sat/0", "fri 20:00–19:00 / sat 18:00–20:00"),
    ],
)
def test_periods_that_overlap_are_refused_and_both_are_named(week: dict[str, str], where: str, names: str) -> None:
    assert (where, f"periods overlap: {names}") in faults(document(**week))


@pytest.mark.parametrize(
    "week",
    [
        {"mon": "09:00-12:00 12:00-18:00"},
        {"mon": "22:00-06:00", "tue": "06:00-10:00"},
        {"sun": "22:00-06:00", "mon": "06:00-10:00"},
        {"mon": "00:00-24:00", "tue": "00:00-24:00"},
        {"sat": "10:00-09:00"},
        dict.fromkeys(Weekday, "00:00-24:00"),
    ],
)
def test_periods_may_touch_and_run_over_midnight(week: dict[str, str]) -> None:
    assert faults(document(**week)) == []


@pytest.mark.parametrize("week", [{}, {"mon": ""}, {"mon": "09:00-09:59"}])
def test_a_week_has_at_least_an_hour(week: dict[str, str]) -> None:
    assert faults(document(**week)) == [("/week", "a week has at least one hour")]


@pytest.mark.parametrize(
    "text",
    ["09:00-09:00", "00:00-00:00", "24:00-06:00", "09:00-25:00", "09:00-24:01", "9:00-12:00", "09:60-12:00", "-"],
)
def test_a_period_takes_some_time_and_at_most_a_day(text: str) -> None:
    """25:00, zero length and a second round of the clock can't be said."""
    with pytest.raises(ValidationError):
        BusinessHours.model_validate(document(mon=text))


@pytest.mark.parametrize("zone", ["Asia/Peking", "", "+08:00", "../etc/passwd", "CST-8"])
def test_a_zone_is_one_of_the_worlds(zone: str) -> None:
    with pytest.raises(ValidationError):
        BusinessHours.model_validate(document(zone=zone, mon="09:00-18:00"))


@pytest.mark.parametrize("week", [{"monday": "09:00-18:00"}, {"mon": "09:00-18:00", "8": ""}])
def test_a_week_has_seven_days(week: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BusinessHours.model_validate(document(**week))


async def test_hours_are_versions_per_shop_and_bad_ones_change_nothing(start_service: Starter) -> None:
    """X3"""
    async with start_service("ticket") as ticket:
        bad = {"shop": "wuhan", "reason": "夜班", "document": document(mon="09:00-12:00 11:00-14:00")}
        refused = await ticket.call("POST", f"{PATH}/versions", "manager", json=bad)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/document/week/mon/1")
        assert "mon 09:00–12:00" in refused.json()["errors"][0]["detail"]
        for wrong in ("09:00-09:00", "09:00-25:00"):
            answer = await ticket.call("POST", f"{PATH}/validate", "manager", json={"document": document(mon=wrong)})
            assert answer.status_code == 422, wrong
        history = await ticket.call("GET", f"{PATH}/versions", "manager")
        assert [(one["shop"], one["version"]) for one in history.json()["items"]] == [("main", 1)]
        good = {**bad, "document": document(**dict.fromkeys(Weekday, "20:00-02:00"))}
        assert (await ticket.call("POST", f"{PATH}/versions", "manager", json=good)).status_code == 201
        own = await ticket.call("GET", PATH + "?shop=wuhan", "manager")
        assert own.json()["in_force"]["document"]["week"]["sun"] == [{"opens": "20:00", "closes": "02:00"}]
        assert (await ticket.call("GET", PATH, "manager")).json()["in_force"]["document"]["week"]["mon"] == OFFICE


async def test_the_migration_ships_the_default(start_service: Starter) -> None:
    async with start_service("ticket") as ticket:
        shipped = (await ticket.call("GET", PATH, "manager")).json()["in_force"]["document"]
    assert BUSINESS_HOURS.document.model_validate(shipped) == BUSINESS_HOURS.default
