"""T44, X5, X1: planning shifts, one or many; what can't be planned is refused and writes nothing."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from roster_desk import Roster, local, slug
from ticket_desk import faults

from kit.ids import new_id


def segment(
    start: str, end: str, day: str = "2026-11-22", duty: str = "service", until: str | None = None
) -> dict[str, str]:
    return {"starts_at": local(start, day).isoformat(), "ends_at": local(end, until or day).isoformat(), "duty": duty}


async def test_a_preset_on_a_day(roster: Roster) -> None:
    """T44: laid out on the shop's clock, seen by colleagues, nothing told until somebody comes."""
    (ming,) = await roster.hire()
    planned = await roster.plan(ming, "a-evening", "2026-11-22")
    assert (planned["status"], planned["presence"], planned["stays_on"], planned["allowed"]) == (
        "planned", "off", True, ["start", "cancel", "miss"],
    )  # fmt: skip
    assert (planned["planned_start"], planned["planned_end"]) == ("2026-11-22T07:30:00Z", "2026-11-22T15:00:00Z")
    assert [one["duty"] for one in planned["segments"]] == ["warehouse", "service", "service"]
    assert planned["warnings"] == []
    shown = await roster.call("GET", f"/v1/shifts/{planned['shift_id']}", "agent")
    assert shown.json() == {name: value for name, value in planned.items() if name != "warnings"}
    assert shown.headers["etag"] == '"1"'
    assert await roster.desk.audits(planned["shift_id"]) == ["plan"]
    assert await roster.desk.subjects(planned["shift_id"]) == []


async def test_over_midnight_with_segments_of_its_own(roster: Roster) -> None:
    """T44: the shift belongs to the business day on which it starts (X5)."""
    (ming,) = await roster.hire()
    laid = [segment("22:00", "02:00", until="2026-11-23"), segment("02:30", "06:00", "2026-11-23")]
    answer = await roster.try_plan(ming, segments=laid)
    assert answer.status_code == 201
    shift = answer.json()
    assert (shift["business_date"], shift["preset"]) == ("2026-11-22", None)
    assert (shift["planned_start"], shift["planned_end"]) == ("2026-11-22T14:00:00Z", "2026-11-22T22:00:00Z")


HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"segments": [segment("09:00", "10:00", until="2026-11-23")]}, "/segments/0"),  # 25 hours
    ({"segments": [segment("09:00", "12:00"), segment("11:00", "13:00")]}, "/segments/1"),  # overlapping
    ({"segments": [segment("12:00", "13:00"), segment("09:00", "10:00")]}, "/segments/1"),  # out of order
    ({"segments": [segment("12:00", "12:00")]}, "/segments/0"),
    ({"segments": [segment("12:00", "09:00")]}, "/segments/0"),
    ({"segments": []}, "/segments"),
    ({"segments": [segment("09:00", "12:00", duty="sleep")]}, "/segments/0/duty"),
    ({"segments": [{"starts_at": "2026-11-22T09:00:00", "ends_at": "2026-11-22T10:00:00"}]}, "/segments/0/starts_at"),
    ({"segments": [segment("09:00", "12:00", day="2026-11-19")]}, "/segments"),  # over already
    ({"preset": "a-day", "day": "2026-11-20"}, "/day"),
    ({"preset": "a-day"}, ""),
    ({"day": "2026-11-22"}, ""),
    ({}, ""),
    ({"preset": "a-day", "day": "2026-11-22", "segments": [segment("09:00", "12:00")]}, ""),
    ({"preset": "nightly", "day": "2026-11-22"}, "/preset"),
    ({"preset": "a-day", "day": "2026-02-30"}, "/day"),
    ({"preset": "a-day", "day": "9999-12-31"}, "/day"),
    ({"preset": "a-day", "day": "2026-11-22", "colour": "red"}, "/colour"),
    ({"preset": "a-day", "day": "2026-11-22", "shop": "no such/shop"}, "/shop"),
]


@pytest.mark.parametrize(("body", "where"), HOSTILE)
async def test_what_can_not_be_planned(roster: Roster, body: dict[str, Any], where: str) -> None:
    """T44: a shift of 25 hours, overlapping segments and the like: a problem document, and nothing written."""
    (ming,) = await roster.hire()
    before = await roster.footprint()
    answer = await roster.try_plan(ming, **body)
    assert where in faults(answer)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await roster.footprint() == before


async def test_who_can_not_be_planned(roster: Roster) -> None:
    """T44: somebody who has left; somebody nobody has heard of."""
    (gone,) = await roster.hire(status="left")
    assert faults(await roster.try_plan(gone, preset="a-day", day="2026-11-22")) == ["/staff_id"]
    unknown = await roster.try_plan(new_id(), preset="a-day", day="2026-11-22")
    assert (unknown.status_code, slug(unknown)) == (409, "not-yet-known")


async def test_two_shifts_of_one_person_never_overlap(roster: Roster) -> None:
    """T44: 13:00–24:00 meets 09:00–20:00; 24:00 on the day after is fine, and another person too."""
    ming, hua = await roster.hire(2)
    early = await roster.plan(ming, "b-early", "2026-11-22")
    refused = await roster.try_plan(ming, preset="b-late", day="2026-11-22")
    assert (refused.status_code, slug(refused), refused.json()["shift_id"]) == (
        409,
        "shift-overlap",
        early["shift_id"],
    )
    await roster.plan(ming, "b-early", "2026-11-23")
    await roster.plan(hua, "b-late", "2026-11-22")
    await roster.plan_own(ming, local("20:00", "2026-11-22"), local("22:00", "2026-11-22"))  # touching
    cancelled = await roster.verb(early, "cancel", role="supervisor", reason="换人")
    assert cancelled.json()["status"] == "cancelled"
    again = await roster.try_plan(ming, segments=[segment("13:00", "20:00")])
    assert again.status_code == 201, "a cancelled shift takes nobody's time"


async def test_twenty_plan_the_same_shift_at_once(roster: Roster) -> None:
    """T44: one shift."""
    (ming,) = await roster.hire()
    answers = await asyncio.gather(*(roster.try_plan(ming, preset="b-early", day="2026-11-22") for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert len(await roster.desk.rows("SELECT 1 FROM shift")) == 1


async def test_too_few_rest_days_are_warned_of_not_refused(roster: Roster) -> None:
    """T44: two rest days in ten; the ninth day in a row is planned and warned of, with a policy of another shop not."""
    (ming,) = await roster.hire()
    for number in range(22, 30):
        assert (await roster.plan(ming, "a-day", f"2026-11-{number}"))["warnings"] == []
    ninth = await roster.plan(ming, "a-day", "2026-11-30")
    assert ninth["status"] == "planned"
    assert ninth["warnings"][0] == {
        "rule": "rest-days", "first_day": "2026-11-21", "days": 10, "rest_days": 1, "wanted": 2,
    }  # fmt: skip


async def test_a_roster_item_by_item(roster: Roster) -> None:
    """T44: what can't be planned stops nothing else; each item says why."""
    ming, hua = await roster.hire(2)
    (gone,) = await roster.hire(status="left")
    unknown = new_id()
    taken = await roster.plan(hua, "b-late", "2026-11-24")
    body = {
        "staff_ids": [str(one) for one in (ming, hua, gone, unknown, ming)], "preset": "b-early",
        "first_day": "2026-11-23", "last_day": "2026-11-29", "weekdays": [1, 2],
    }  # fmt: skip
    answer = await roster.call("POST", "/v1/shifts/roster", json=body)
    assert answer.status_code == 200
    found = {(UUID(one["staff_id"]), one["day"]): (one["status"], one["problem"]) for one in answer.json()["items"]}
    monday, tuesday = "2026-11-23", "2026-11-24"
    assert found == {
        (ming, monday): (201, None), (ming, tuesday): (201, None),
        (hua, monday): (201, None), (hua, tuesday): (409, "/problems/shift-overlap"),
        (gone, monday): (422, "/problems/invalid-request"), (gone, tuesday): (422, "/problems/invalid-request"),
        (unknown, monday): (409, "/problems/not-yet-known"), (unknown, tuesday): (409, "/problems/not-yet-known"),
    }  # fmt: skip
    assert answer.json()["planned"] == 3
    assert len(await roster.desk.rows("SELECT 1 FROM shift")) == 4
    again = await roster.call("POST", "/v1/shifts/roster", json={**body, "staff_ids": [str(ming)]})
    assert [one["status"] for one in again.json()["items"]] == [409, 409]
    assert taken["status"] == "planned"


async def test_a_roster_of_nights_does_not_overlap_itself(roster: Roster) -> None:
    """T44: over midnight; and the warnings count what the same roster has planned."""
    night = {"zh": "夜班", "en": "night", "segments": [{"starts": "22:00", "ends": "06:00", "duty": "service"}]}
    document = {"zone": "Asia/Shanghai", "presets": {"night": night}}
    saved = await roster.call(
        "POST", "/v1/policies/ticket/shift-presets/versions", "manager", json={"document": document, "reason": "夜班"}
    )
    assert saved.status_code == 201, saved.text
    (ming,) = await roster.hire()
    body = {"staff_ids": [str(ming)], "preset": "night", "first_day": "2026-11-22", "last_day": "2026-11-30"}
    items = (await roster.call("POST", "/v1/shifts/roster", json=body)).json()["items"]
    assert [item["status"] for item in items] == [201] * 9
    assert [len(item["warnings"]) for item in items] == [0] * 8 + [2]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"last_day": "2026-11-21"}, ""), ({"last_day": "2029-11-23"}, ""), ({"staff_ids": []}, "/staff_ids"),
        ({"weekdays": [0]}, "/weekdays/0"), ({"weekdays": ["1"]}, "/weekdays/0"), ({"working_days": "yes"}, "/working_days"), ({"weekdays": []}, "/weekdays"), ({"preset": "nightly"}, "/preset"),
        ({"first_day": "yesterday"}, "/first_day"),
    ],
)  # fmt: skip
async def test_rosters_that_are_none(roster: Roster, change: dict[str, Any], where: str) -> None:
    """T44."""
    (ming,) = await roster.hire()
    body = {"staff_ids": [str(ming)], "preset": "a-day", "first_day": "2026-11-22", "last_day": "2026-11-22"}
    before = await roster.footprint()
    assert where in faults(await roster.call("POST", "/v1/shifts/roster", json={**body, **change}))
    assert await roster.footprint() == before


async def test_an_unlikely_policy_is_refused_on_save(roster: Roster) -> None:
    """X3: overlapping segments in a preset; the fault points at the segment."""
    laid = [{"starts": "09:00", "ends": "12:00"}, {"starts": "11:00", "ends": "16:00"}]
    document = {"zone": "Asia/Shanghai", "presets": {"odd": {"zh": "怪", "en": "odd", "segments": laid}}}
    refused = await roster.call(
        "POST", "/v1/policies/ticket/shift-presets/versions", "manager", json={"document": document, "reason": "试"}
    )
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/document/presets/odd/segments/1"]


async def test_the_roster_by_time_with_its_filters(roster: Roster) -> None:
    """Keyset pages by planned start; filters by person, status and span of time."""
    ming, hua = await roster.hire(2)
    for number in range(22, 27):
        await roster.plan(ming, "a-day", f"2026-11-{number}")
        await roster.plan(hua, "b-late", f"2026-11-{number}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await roster.call("GET", f"/v1/shifts?limit=3{f'&cursor={cursor}' if cursor else ''}", "agent")
        seen += [one["planned_start"] for one in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        assert ("link" in page.headers) is (cursor is not None)
    assert (len(seen), seen) == (10, sorted(seen))
    own = await roster.call(
        "GET", f"/v1/shifts?staff_id={ming}&since=2026-11-23T00:00:00Z&until=2026-11-25T00:00:00Z", "agent"
    )
    assert [one["business_date"] for one in own.json()["items"]] == ["2026-11-23", "2026-11-24"]
    assert (await roster.call("GET", "/v1/shifts?status=started", "agent")).json()["items"] == []
    forged = await roster.call("GET", "/v1/groups?cursor=AAAA", "agent")
    assert forged.status_code == 422


async def test_the_roster_of_another_shop_is_out_of_sight(roster: Roster) -> None:
    """X1: of another shop, one sees one's own shift and nothing else; nobody plans for a shop that isn't theirs."""
    ming, hua = await roster.hire(2)
    shift = await roster.plan(ming, "a-day", "2026-11-22", shop="tea")
    path = f"/v1/shifts/{shift['shift_id']}"
    assert (await roster.call("GET", path, "agent", hua, shops=["main"])).status_code == 404
    assert (await roster.call("GET", path, "agent", ming, shops=["main"])).status_code == 200
    listed = await roster.call("GET", "/v1/shifts", "agent", hua, shops=["main"])
    assert listed.json()["items"] == []
    assert len((await roster.call("GET", "/v1/shifts", "agent", ming, shops=["main"])).json()["items"]) == 1
    body = {"staff_id": str(hua), "shop": "tea", "preset": "a-day", "day": "2026-11-22"}
    refused = await roster.call("POST", "/v1/shifts", "supervisor", json=body, shops=["main"])
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    cancelled = await roster.call("POST", f"{path}/cancel", "supervisor", json={"reason": "x"}, shops=["main"])
    assert cancelled.status_code == 404


async def test_a_roster_by_the_calendar(roster: Roster) -> None:
    """T44: around the National Day of 2026 nobody is planned on holidays, but on the make-up workdays around them."""
    roster.at("12:00", "2026-09-15")
    (ming,) = await roster.hire()
    body = {
        "staff_ids": [str(ming)], "preset": "a-day", "first_day": "2026-09-18", "last_day": "2026-10-11",
        "weekdays": [1, 2, 3, 4, 5], "working_days": True,
    }  # fmt: skip
    items = (await roster.call("POST", "/v1/shifts/roster", json=body)).json()["items"]
    planned = [item["day"] for item in items]
    assert {"2026-09-20", "2026-10-10"} <= set(planned), "make-up workdays, a Sunday and a Saturday"
    assert not {f"2026-10-0{number}" for number in range(1, 8)} & set(planned)
    assert {"2026-09-18", "2026-09-21", "2026-10-08", "2026-10-09"} <= set(planned)
    assert not {"2026-09-19", "2026-10-11", "2026-09-25"} & set(planned)


async def test_the_last_night_that_can_be_planned(roster: Roster) -> None:
    """Bad input: a far day is a day; its shift may end beyond what a request could say."""
    night = {"zh": "夜班", "en": "night", "segments": [{"starts": "22:00", "ends": "32:00", "duty": "service"}]}
    document = {"zone": "Asia/Shanghai", "presets": {"night": night}}
    path = "/v1/policies/ticket/shift-presets/versions"
    await roster.call("POST", path, "manager", json={"document": document, "reason": "夜班"})
    (ming,) = await roster.hire()
    far = await roster.try_plan(ming, preset="night", day="2200-12-31")
    assert (far.status_code, far.json()["planned_end"]) == (201, "2201-01-01T00:00:00Z")
    assert faults(await roster.try_plan(ming, preset="night", day="2201-01-01")) == ["/day"]
