"""Public holidays and make-up workdays: seeded, uploaded by the year, and missed with a warning (T43)."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import chinese_calendar
import pytest
import structlog
from stage import NOON, Client, Starter
from ticket_desk import faults

from services.ticket.calendar import service

PATH = "/v1/ticket-calendars/holidays/cn"
SEEDED = (2022, 2023, 2024, 2025, 2026)
NEW_YEAR = [
    {"day": "2027-01-01", "kind": "holiday", "name": "元旦"},
    {"day": "2027-01-02", "kind": "holiday", "name": "元旦"},
    {"day": "2027-01-10", "kind": "workday", "name": "元旦"},
]


@pytest.fixture
async def ticket(start_service: Starter) -> AsyncIterator[Client]:
    async with start_service("ticket") as client:
        yield client


async def put(ticket: Client, days: list[Any], role: str = "manager", year: int = 2027, **options: Any) -> Any:
    body = {"days": days, "reason": "国务院办公厅通知"}
    return await ticket.call("PUT", f"{PATH}/{year}", role, json=body, **options)


async def due(ticket: Client, start: str, seconds: int, shop: str = "main") -> Any:
    path = f"/v1/ticket-calendars/{shop}/due?start={start.replace('+', '%2B')}&seconds={seconds}"
    answer = await ticket.call("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_seeded_years_are_those_that_were_announced(ticket: Client) -> None:
    """Day by day against an independent list."""
    for year in SEEDED:
        known = (await ticket.call("GET", f"{PATH}/{year}")).json()
        special = {date.fromisoformat(one["day"]): one["kind"] for one in known["days"]}
        day = date(year, 1, 1)
        while day.year == year:
            works = special.get(day, "workday" if day.weekday() < 5 else "holiday") == "workday"
            assert works is chinese_calendar.is_workday(day), day
            day += timedelta(days=1)
        names = {one["name"] for one in known["days"]}
        assert "春节" in names
        assert all(one["name"] for one in known["days"])


def test_the_independent_list_ends_where_ours_ends() -> None:
    told = {day.year for day in (*chinese_calendar.holidays, *chinese_calendar.workdays)}
    assert max(told) == max(SEEDED)


async def test_a_year_that_is_not_announced_keeps_its_weekends_with_a_warning(ticket: Client) -> None:
    """A log line once, a warning in every answer, and never an error."""
    service._MISSED.clear()
    with structlog.testing.capture_logs() as lines:
        first = await due(ticket, "2026-12-31T17:00:00+08:00", 7200)
        again = await due(ticket, "2026-12-31T17:00:00+08:00", 7200)
    assert first["due_at"] == "2027-01-01T10:00:00+08:00"
    assert [one["year"] for one in first["warnings"]] == [2027]
    assert "2027" in first["warnings"][0]["detail_zh"]
    assert again["warnings"] == first["warnings"]
    told = [line for line in lines if line["event"] == "calendar.year_not_announced"]
    assert [(line["year"], line["region"]) for line in told] == [(2027, "cn")]
    assert (await due(ticket, "2026-11-20T17:00:00+08:00", 7200))["warnings"] == []


async def test_an_uploaded_year_holds_from_then_on(ticket: Client) -> None:
    assert (await ticket.call("GET", f"{PATH}/2027")).status_code == 404
    saved = await put(ticket, NEW_YEAR)
    assert (saved.status_code, saved.json()["version"], saved.headers["etag"]) == (200, 1, '"1"')
    assert (await ticket.call("GET", f"{PATH}/2027")).json()["days"] == NEW_YEAR
    reckoned = await due(ticket, "2026-12-31T17:00:00+08:00", 7200)
    assert (reckoned["due_at"], reckoned["warnings"]) == ("2027-01-04T10:00:00+08:00", [])
    make_up = await due(ticket, "2027-01-08T17:00:00+08:00", 7200)
    assert make_up["due_at"] == "2027-01-10T10:00:00+08:00"


async def test_a_year_is_replaced_whole_and_written_down(ticket: Client) -> None:
    await put(ticket, NEW_YEAR)
    second = await put(ticket, NEW_YEAR[:1], headers={"If-Match": '"1"'})
    assert (second.json()["version"], second.json()["days"]) == (2, NEW_YEAR[:1])
    stale = await put(ticket, NEW_YEAR, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    trail = (await ticket.call("GET", "/v1/audit/ticket?noun=holiday_year", "auditor")).json()["items"]
    assert [(one["action"], one["after"]["version"]) for one in trail] == [("announce", 2), ("announce", 1)]
    assert trail[0]["before"]["version"] == 1
    assert trail[0]["reason"] == "国务院办公厅通知"


@pytest.mark.parametrize(
    ("days", "where"),
    [
        ([{"day": "2026-01-01", "kind": "holiday", "name": "元旦"}], ["/days/0/day"]),
        ([*NEW_YEAR, NEW_YEAR[0]], ["/days/3/day"]),
        ([NEW_YEAR[0], {**NEW_YEAR[0], "kind": "workday"}], ["/days/1/day"]),
        ([{"day": "2027-02-30", "kind": "holiday", "name": "春节"}], ["/days/0/day"]),
        ([{"day": "2027-01-01", "kind": "rest", "name": "元旦"}], ["/days/0/kind"]),
        ([{"day": "2027-01-01", "kind": "holiday", "name": " "}], ["/days/0/name"]),
        ([{**NEW_YEAR[0], "region": "cn"}], ["/days/0/region"]),
        ([{"day": "2028-01-01", "kind": "holiday", "name": "元旦"}, NEW_YEAR[0], NEW_YEAR[0]], ["/days/0/day", "/days/2/day"]),
    ],
)  # fmt: skip
async def test_a_bad_year_is_refused_and_nothing_changes(ticket: Client, days: list[Any], where: list[str]) -> None:
    assert faults(await put(ticket, days)) == where
    assert (await ticket.call("GET", f"{PATH}/2027")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["holidays/CN/2027", "holidays/cn/1969", "holidays/cn/2201", "holidays/cn/next", "holidays/-/2027"],
)
async def test_regions_and_years_have_their_form(ticket: Client, path: str) -> None:
    answer = await ticket.call("PUT", f"/v1/ticket-calendars/{path}", "manager", json={"days": [], "reason": "x"})
    assert answer.status_code == 422


async def test_whoever_puts_a_year_in_serves_all_shops(ticket: Client) -> None:
    """X1: the holidays are every shop's."""
    assert (await put(ticket, NEW_YEAR, shops=["wuhan"])).status_code == 403
    assert (await put(ticket, NEW_YEAR, "agent")).status_code == 403
    assert (await put(ticket, NEW_YEAR, shops=["main"])).status_code == 200


async def test_a_year_of_the_same_days_says_so_whatever_order_they_come_in(ticket: Client) -> None:
    await put(ticket, NEW_YEAR[::-1])
    assert (await ticket.call("GET", f"{PATH}/2027")).json()["days"] == NEW_YEAR


async def test_a_calendar_shows_its_next_days(ticket: Client) -> None:
    """From a Saturday on; the zone is the shop's."""
    shown = (await ticket.call("GET", "/v1/ticket-calendars/main")).json()
    assert (shown["zone"], shown["policy_version"], shown["open_now"]) == ("Asia/Shanghai", 1, False)
    assert shown["years_known"] == list(SEEDED)
    assert [one["day"] for one in shown["days"]] == [
        (NOON.date() + timedelta(days=place)).isoformat() for place in range(14)
    ]
    assert shown["days"][0]["periods"] == []
    monday = shown["days"][2]["periods"]
    assert monday == [
        {"opens_at": "2026-11-23T09:00:00+08:00", "closes_at": "2026-11-23T12:00:00+08:00"},
        {"opens_at": "2026-11-23T13:00:00+08:00", "closes_at": "2026-11-23T18:00:00+08:00"},
    ]
    golden = await ticket.call("GET", "/v1/ticket-calendars/main?first=2026-09-30&days=11")
    kinds = [one["kind"] for one in golden.json()["days"]]
    assert kinds == [None, *["holiday"] * 7, None, None, "workday"]
    turn = (await ticket.call("GET", "/v1/ticket-calendars/main?first=2026-12-31&days=2")).json()
    assert [one["year"] for one in turn["warnings"]] == [2027]


async def test_a_shop_without_hours_of_its_own_has_those_of_main_and_another_zone_is_its_own(ticket: Client) -> None:
    """X3; two zones"""
    week = {day: [{"opens": "09:00", "closes": "17:00"}] for day in ("mon", "tue", "wed", "thu", "fri")}
    document = {"zone": "America/New_York", "week": week, "holidays": None}
    body = {"shop": "nyc", "reason": "纽约店", "document": document}
    assert (await ticket.call("POST", "/v1/policies/ticket/business-hours/versions", "manager", json=body)).is_success
    shanghai = await due(ticket, "2026-11-20T17:30:00+08:00", 3600, "wuhan")
    assert (shanghai["policy_shop"], shanghai["due_at"]) == ("main", "2026-11-23T09:30:00+08:00")
    york = await due(ticket, "2026-11-20T17:30:00+08:00", 3600, "nyc")
    assert (york["policy_shop"], york["due_at"]) == ("nyc", "2026-11-20T10:00:00-05:00")
    summer = await due(ticket, "2026-10-30T16:00:00-04:00", 7200, "nyc")
    assert summer["due_at"] == "2026-11-02T10:00:00-05:00"
    assert (await due(ticket, "2030-01-01T00:00:00Z", 3600, "nyc"))["warnings"] == []


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("start=2026-11-20T09:00:00Z", ["/query/seconds"]),
        ("start=2026-11-20&seconds=5", ["/query/start"]),
        ("start=2026-11-20T09:00:00&seconds=5", ["/query/start"]),
        ("start=2026-11-20T09:00:00Z&seconds=-1", ["/query/seconds"]),
        ("start=2026-11-20T09:00:00Z&seconds=36000001", ["/query/seconds"]),
        ("start=2026-11-20T09:00:00Z&seconds=5&shop=x", ["/query/shop"]),
    ],
)
async def test_what_cannot_be_reckoned_is_refused(ticket: Client, query: str, where: list[str]) -> None:
    assert faults(await ticket.call("GET", f"/v1/ticket-calendars/main/due?{query}")) == where


async def test_more_than_a_generation_of_hours_is_no_due_time(ticket: Client) -> None:
    """An hour a week: 10,000 hours are two centuries."""
    document = {"zone": "UTC", "week": {"sun": [{"opens": "09:00", "closes": "10:00"}]}, "holidays": None}
    body = {"shop": "sundays", "reason": "周日店", "document": document}
    assert (await ticket.call("POST", "/v1/policies/ticket/business-hours/versions", "manager", json=body)).is_success
    path = "/v1/ticket-calendars/sundays/due?start=2026-11-20T09:00:00Z&seconds=36000000"
    assert faults(await ticket.call("GET", path)) == ["/query/seconds"]
    assert (await due(ticket, "2026-11-20T09:00:00Z", 7200, "sundays"))["due_at"] == "2026-11-29T10:00:00Z"


async def test_a_shops_own_hours_are_for_those_who_serve_it(ticket: Client) -> None:
    """X1"""
    assert (await ticket.call("GET", "/v1/ticket-calendars/nyc", shops=["wuhan"])).status_code == 403
    path = "/v1/ticket-calendars/nyc/due?start=2026-11-20T09:00:00Z&seconds=1"
    assert (await ticket.call("GET", path, shops=["wuhan"])).status_code == 403
    assert (await ticket.call("GET", "/v1/ticket-calendars/main", shops=["wuhan"])).status_code == 200
