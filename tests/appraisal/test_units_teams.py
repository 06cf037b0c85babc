"""Units and teams over HTTP (X2, A1): made, changed, closed, with leads who work here, and people who work in them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from appraisal_desk import Desk
from stage import Starter

from contracts.catalogue import decode
from kit.problems import Problem
from services.appraisal.team import lifecycle as team_life
from services.appraisal.unit import lifecycle as unit_life

STAFF, UNITS, TEAMS = "/v1/staff", "/v1/units", "/v1/teams"
PLACES = pytest.mark.parametrize(("path", "noun"), [(UNITS, "unit"), (TEAMS, "team")])
ENDS = {"unit": ("close", "reopen", "closed"), "team": ("dissolve", "reform", "dissolved")}


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("appraisal") as client:
        yield Desk(client)


async def make(desk: Desk, path: str, code: str = "east", **facts: Any) -> dict[str, Any]:
    kind = {"kind": "warehouse"} if path == UNITS else {}
    answer = await desk.client.call("POST", path, "manager", json={"code": code, "name": "华东", **kind, **facts})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def told(desk: Desk, noun: str) -> list[Any]:
    """The events of a noun in the outbox, in order; their sequence has no gap (E4)."""
    rows = await desk.rows("SELECT subject, body, sequence FROM outbox WHERE noun = :noun ORDER BY id", noun=noun)
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    return [getattr(decode(row.subject, row.body), noun) for row in rows]


@pytest.mark.parametrize("life", [unit_life.LIFE, team_life.LIFE], ids=["unit", "team"])
def test_every_state_and_verb(life: Any) -> None:
    class Thing:
        status = ""

    for state in life.states:
        for verb, moves in life.table.items():
            thing = Thing()
            thing.status = state.value
            if state in moves:
                life.move(thing, verb)
                assert thing.status == moves[state]
            else:
                with pytest.raises(Problem):
                    life.move(thing, verb)
                assert thing.status == state


@PLACES
async def test_one_is_made_changed_ended_and_taken_up_again(desk: Desk, path: str, noun: str) -> None:
    lead = (await desk.hire())["staff_id"]
    one = await make(desk, path, lead_staff_id=lead)
    assert (one["code"], one["lead_staff_id"], one["status"], one["version"]) == ("east", lead, "active", 1)
    where = f"{path}/{one[f'{noun}_id']}"
    body = {"name": "华北", "lead_staff_id": None}
    changed = await desk.client.call("PATCH", where, "manager", json=body, headers={"If-Match": '"1"'})
    assert (changed.json()["name"], changed.json()["lead_staff_id"], changed.headers["ETag"]) == ("华北", None, '"2"')
    end, begin, over = ENDS[noun]
    ended = await desk.client.call("POST", f"{where}/{end}", "manager")
    assert (ended.status_code, ended.json()["status"]) == (200, over)
    again = await desk.client.call("POST", f"{where}/{end}", "manager")
    assert (again.status_code, again.json()["allowed"]) == (409, [begin])
    back = await desk.client.call("POST", f"{where}/{begin}", "admin")
    assert (back.json()["status"], back.json()["version"]) == ("active", 4)
    assert (await desk.client.call("GET", where, "agent")).json() == back.json()
    events = await told(desk, noun)
    assert [(event.name, event.active) for event in events] == [
        ("华东", True), ("华北", True), ("华北", False), ("华北", True),
    ]  # fmt: skip
    trail = await desk.rows("SELECT action, before, after FROM audit WHERE noun = :noun ORDER BY id", noun=noun)
    assert [row.action for row in trail] == ["create", "change", end, begin]
    assert (trail[1].before["name"], trail[1].after["name"]) == ("华东", "华北")


@PLACES
async def test_a_code_is_one_and_for_ever(desk: Desk, path: str, noun: str) -> None:
    one = await make(desk, path)
    body = {"code": "east", "name": "另一个", **({"kind": "station"} if noun == "unit" else {})}
    again = await desk.client.call("POST", path, "manager", json=body)
    assert (again.status_code, again.json()["type"], again.json()["field"]) == (
        409, "/problems/already-exists", "/code",
    )  # fmt: skip
    where = f"{path}/{one[f'{noun}_id']}"
    moved = await desk.client.call("PATCH", where, "manager", json={"code": "west"}, headers={"If-Match": '"1"'})
    assert moved.status_code == 422
    assert len(await told(desk, noun)) == 1
    answers = await asyncio.gather(
        *(desk.client.call("POST", path, "manager", json={**body, "code": "race"}) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@PLACES
async def test_a_change_needs_the_version_and_the_same_again_tells_nothing(desk: Desk, path: str, noun: str) -> None:
    where = f"{path}/{(await make(desk, path))[f'{noun}_id']}"
    assert (await desk.client.call("PATCH", where, "manager", json={"name": "华北"})).status_code == 428
    stale = await desk.client.call("PATCH", where, "manager", json={"name": "华北"}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    same = await desk.client.call("PATCH", where, "manager", json={"name": "华东"}, headers={"If-Match": '"1"'})
    assert (same.status_code, same.headers["ETag"]) == (200, '"1"')
    for body in ({"name": None}, {"status": "closed"}, {"name": ""}, {"nothing": 1}):
        refused = await desk.client.call("PATCH", where, "manager", json=body, headers={"If-Match": '"1"'})
        assert refused.status_code == 422, body
    assert len(await told(desk, noun)) == 1


@PLACES
async def test_a_lead_is_staff_of_ours_who_has_not_left(desk: Desk, path: str, noun: str) -> None:
    gone = (await desk.hire())["staff_id"]
    assert (await desk.client.call("POST", f"{STAFF}/{gone}/leave", "manager")).status_code == 200
    one = await make(desk, path)
    for lead in (gone, str(uuid4())):
        kind = {"kind": "floor"} if noun == "unit" else {}
        body = {"code": "west", "name": "华西", "lead_staff_id": lead, **kind}
        made = await desk.client.call("POST", path, "manager", json=body)
        assert (made.status_code, made.json()["errors"][0]["pointer"]) == (422, "/lead_staff_id")
        changed = await desk.client.call(
            "PATCH", f"{path}/{one[f'{noun}_id']}", "manager", json={"lead_staff_id": lead}, headers={"If-Match": "*"}
        )
        assert changed.status_code == 428
        changed = await desk.client.call(
            "PATCH",
            f"{path}/{one[f'{noun}_id']}",
            "manager",
            json={"lead_staff_id": lead},
            headers={"If-Match": '"1"'},
        )
        assert changed.status_code == 422
    assert len(await told(desk, noun)) == 1


async def test_whoever_leads_stays_until_somebody_else_does(desk: Desk) -> None:
    """C7 in small: nobody leaves a unit or a team without a lead unnoticed; the answer names them."""
    lead = (await desk.hire())["staff_id"]
    unit, team = await make(desk, UNITS, lead_staff_id=lead), await make(desk, TEAMS, "west", lead_staff_id=lead)
    refused = await desk.client.call("POST", f"{STAFF}/{lead}/leave", "manager")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/still-in-use")
    assert (refused.json()["units"], refused.json()["teams"]) == (["east"], ["west"])
    assert (await desk.client.call("GET", f"{STAFF}/{lead}")).json()["status"] == "probation"
    for where in (f"{UNITS}/{unit['unit_id']}", f"{TEAMS}/{team['team_id']}"):
        await desk.client.call("PATCH", where, "manager", json={"lead_staff_id": None}, headers={"If-Match": '"1"'})
    assert (await desk.client.call("POST", f"{STAFF}/{lead}/leave", "manager")).status_code == 200


async def test_leaving_and_being_put_in_charge_at_once(desk: Desk) -> None:
    """Whichever comes first: never a lead who has left."""
    for number in range(6):
        lead = (await desk.hire())["staff_id"]
        body = {"code": f"u{number}", "name": "站", "kind": "station", "lead_staff_id": lead}
        left, made = await asyncio.gather(
            desk.client.call("POST", f"{STAFF}/{lead}/leave", "manager"),
            desk.client.call("POST", UNITS, "manager", json=body),
        )
        assert (left.status_code, made.status_code) in {(200, 422), (409, 201)}


async def test_staff_work_in_units_and_teams_that_exist(desk: Desk) -> None:
    unit, team = await make(desk, UNITS), await make(desk, TEAMS)
    hired = await desk.hire(unit_id=unit["unit_id"], team_id=team["team_id"])
    assert (hired["unit_id"], hired["team_id"]) == (unit["unit_id"], team["team_id"])
    closed = (await make(desk, UNITS, "old"))["unit_id"]
    assert (await desk.client.call("POST", f"{UNITS}/{closed}/close", "manager")).status_code == 200
    for facts in ({"unit_id": closed}, {"unit_id": str(uuid4())}, {"team_id": str(uuid4())}):
        pointer = f"/{next(iter(facts))}"
        refused = await desk.client.call("POST", STAFF, "manager", json={"name": "林", "role": "agent", **facts})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
        moved = await desk.client.call(
            "PATCH", f"{STAFF}/{hired['staff_id']}", "manager", json=facts, headers={"If-Match": '"1"'}
        )
        assert (moved.status_code, moved.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await desk.count("staff") == 1


@PLACES
async def test_none_ends_while_people_work_in_it(desk: Desk, path: str, noun: str) -> None:
    one = (await make(desk, path))[f"{noun}_id"]
    hired = (await desk.hire(**{f"{noun}_id": one}))["staff_id"]
    end = f"{path}/{one}/{ENDS[noun][0]}"
    refused = await desk.client.call("POST", end, "manager")
    assert (refused.status_code, refused.json()["type"], refused.json()["staff"]) == (
        409, "/problems/still-in-use", 1,
    )  # fmt: skip
    assert len(await told(desk, noun)) == 1
    await desk.client.call("POST", f"{STAFF}/{hired}/leave", "manager")
    assert (await desk.client.call("POST", end, "manager")).status_code == 200


async def test_a_team_stands_in_a_unit_and_works_for_shops(desk: Desk) -> None:
    unit = (await make(desk, UNITS))["unit_id"]
    team = await make(desk, TEAMS, unit_id=unit, shops=["outlet", "flagship"])
    assert (team["unit_id"], team["shops"]) == (unit, ["flagship", "outlet"])
    where = f"{TEAMS}/{team['team_id']}"
    for body in ({"shops": ["a", "a"]}, {"shops": None}, {"unit_id": str(uuid4())}):
        refused = await desk.client.call("PATCH", where, "manager", json=body, headers={"If-Match": '"1"'})
        assert refused.status_code == 422, body
    same = {"shops": ["outlet", "flagship"]}
    answer = await desk.client.call("PATCH", where, "manager", json=same, headers={"If-Match": '"1"'})
    assert answer.json()["version"] == 1
    await desk.client.call("PATCH", where, "manager", json={"shops": []}, headers={"If-Match": '"1"'})
    assert [list(event.shops) for event in await told(desk, "team")] == [["flagship", "outlet"], []]


@PLACES
async def test_lists_are_paged_and_filtered(desk: Desk, path: str, noun: str) -> None:
    made = [(await make(desk, path, code))[f"{noun}_id"] for code in ("a", "b", "c")]
    await desk.client.call("POST", f"{path}/{made[0]}/{ENDS[noun][0]}", "manager")
    first = (await desk.client.call("GET", f"{path}?limit=2")).json()
    rest = (await desk.client.call("GET", f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    assert [one[f"{noun}_id"] for one in first["items"] + rest["items"]] == list(reversed(made))
    over = (await desk.client.call("GET", f"{path}?status={ENDS[noun][2]}")).json()["items"]
    assert [one["code"] for one in over] == ["a"]
    assert [one["code"] for one in (await desk.client.call("GET", f"{path}?code=b")).json()["items"]] == ["b"]
    assert (await desk.client.call("GET", f"{path}?name=b")).status_code == 422
    assert (await desk.client.call("GET", f"{path}/{uuid4()}")).status_code == 404


@PLACES
async def test_sent_twice_with_one_key_makes_one(desk: Desk, path: str, noun: str) -> None:
    body = {"code": "east", "name": "华东", **({"kind": "courier"} if noun == "unit" else {})}
    key = {"Idempotency-Key": "make-1"}
    first = await desk.client.call("POST", path, "manager", json=body, headers=key)
    again = await desk.client.call("POST", path, "manager", json=body, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert await desk.count(noun) == 1
