"""Staff over HTTP (A1): hired, changed, through their life, with state, trail and event in one transaction."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from appraisal_desk import Desk
from stage import Starter

from contracts.catalogue import decode

STAFF = "/v1/staff"
SOMEBODY = {"name": "林菲", "role": "agent"}


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("appraisal") as client:
        yield Desk(client)


async def told(desk: Desk) -> list[Any]:
    """The events in the outbox, in order."""
    rows = await desk.rows("SELECT subject, body, sequence FROM outbox ORDER BY id")
    return [(row.sequence, decode(row.subject, row.body)) for row in rows]


async def test_whoever_is_hired_begins_on_probation(desk: Desk) -> None:
    answer = await desk.client.call(
        "POST", STAFF, "manager", json={**SOMEBODY, "aliases": [{"shop": "main", "alias": " 菲菲 "}]}
    )
    assert answer.status_code == 201
    hired = answer.json()
    assert answer.headers["Location"] == f"{STAFF}/{hired['staff_id']}"
    assert answer.headers["ETag"] == '"1"'
    assert hired["number"] == "S20261121-000001"
    assert (hired["status"], hired["grade"], hired["hired_on"]) == ("probation", None, "2026-11-21")
    assert hired["aliases"] == [{"shop": "main", "alias": "菲菲"}]
    ((sequence, event),) = await told(desk)
    assert (sequence, event.SUBJECT, event.staff.number) == (1, "staff.hired", hired["number"])


async def test_a_name_is_masked_but_in_ones_own_record_and_is_in_no_event_nor_trail(desk: Desk) -> None:
    hired = await desk.hire("林菲菲")
    assert hired["name"] == "林**"
    path = f"{STAFF}/{hired['staff_id']}"
    assert (await desk.client.call("GET", path, "admin")).json()["name"] == "林**"
    own = await desk.client.call("GET", path, "agent", staff_id=hired["staff_id"])
    assert own.json()["name"] == "林菲菲"
    listed = (await desk.client.call("GET", STAFF, "agent", staff_id=hired["staff_id"])).json()["items"]
    assert listed[0]["name"] == "林菲菲"
    kept = [bytes(row.body).decode() for row in await desk.rows("SELECT body FROM outbox")]
    kept += [orjson.dumps(row.after).decode() for row in await desk.rows("SELECT after FROM audit")]
    assert kept
    assert not any("林" in text for text in kept)


async def test_the_whole_life(desk: Desk) -> None:
    hired = await desk.hire()
    path = f"{STAFF}/{hired['staff_id']}"
    steps = (("confirm", "active"), ("suspend", "suspended"), ("readmit", "active"), ("leave", "left"))
    for version, (verb, status) in enumerate(steps, start=2):
        answer = await desk.client.call("POST", f"{path}/{verb}", "manager")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert answer.headers["ETag"] == f'"{version}"'
    assert answer.json()["left_on"] == "2026-11-21"
    events = await told(desk)
    assert [event.SUBJECT for _, event in events] == [
        "staff.hired", "staff.changed", "staff.suspended", "staff.changed", "staff.left",
    ]  # fmt: skip
    assert [sequence for sequence, _ in events] == [1, 2, 3, 4, 5]
    trail = await desk.rows("SELECT action, actor, before, after FROM audit ORDER BY id")
    assert [row.action for row in trail] == ["hire", "confirm", "suspend", "readmit", "leave"]
    assert trail[1].before["status"] == "probation"
    assert trail[1].after["grade"] == "junior"


async def test_an_undrawn_step_names_what_is_allowed_and_changes_nothing(desk: Desk) -> None:
    hired = await desk.hire()
    refused = await desk.client.call("POST", f"{STAFF}/{hired['staff_id']}/readmit", "manager")
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "/problems/transition-refused"
    assert (problem["from"], problem["verb"]) == ("probation", "readmit")
    assert problem["allowed"] == ["confirm", "suspend", "leave"]
    assert len(await told(desk)) == 1


async def test_a_reason_goes_into_event_and_trail(desk: Desk) -> None:
    hired = await desk.hire()
    body = {"reason": "six_violations"}
    await desk.client.call("POST", f"{STAFF}/{hired['staff_id']}/suspend", "manager", json=body)
    assert (await told(desk))[-1][1].reason == "six_violations"
    assert (await desk.rows("SELECT reason FROM audit ORDER BY id"))[-1].reason == "six_violations"


async def test_an_impossible_last_day_is_refused(desk: Desk) -> None:
    hired = await desk.hire(hired_on="2026-11-20")
    path = f"{STAFF}/{hired['staff_id']}/leave"
    for day in ("2026-11-19", "2026-11-22"):
        refused = await desk.client.call("POST", path, "manager", json={"left_on": day})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/left_on"
    left = await desk.client.call("POST", path, "manager", json={"left_on": "2026-11-20"})
    assert (left.status_code, left.json()["left_on"]) == (200, "2026-11-20")


async def test_an_alias_is_one_persons_in_its_shop(desk: Desk) -> None:
    await desk.hire("林菲", ("main", "菲菲"))
    elsewhere = await desk.hire("林丽", ("B2C", "菲菲"))
    assert elsewhere["aliases"] == [{"shop": "B2C", "alias": "菲菲"}]
    aliases = [{"shop": "main", "alias": "丽丽"}, {"shop": "main", "alias": "菲菲"}]
    refused = await desk.client.call("POST", STAFF, "manager", json={**SOMEBODY, "aliases": aliases})
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/already-exists"
    assert refused.json()["field"] == "/aliases/1/alias"
    assert await desk.count("staff") == 2
    assert await desk.count("staff_alias") == 2


async def test_two_who_want_the_same_alias_at_once(desk: Desk) -> None:
    body = {**SOMEBODY, "aliases": [{"shop": "main", "alias": "菲菲"}]}
    answers = await asyncio.gather(*(desk.client.call("POST", STAFF, "manager", json=body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert await desk.count("staff_alias") == 1


async def test_changes_need_the_version_that_was_read(desk: Desk) -> None:
    path = f"{STAFF}/{(await desk.hire())['staff_id']}"
    body = {"role": "supervisor"}
    assert (await desk.client.call("PATCH", path, "manager", json=body)).status_code == 428
    changed = await desk.client.call("PATCH", path, "manager", json=body, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["role"], changed.headers["ETag"]) == (200, "supervisor", '"2"')
    stale = await desk.client.call("PATCH", path, "manager", json={"role": "agent"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (
        await desk.client.call("POST", f"{path}/confirm", "manager", headers={"If-Match": '"1"'})
    ).status_code == 412


async def test_a_change_replaces_the_aliases_and_tells_the_whole_state(desk: Desk) -> None:
    hired = await desk.hire("林菲", ("main", "菲菲"), ("B2C", "飞飞"))
    made = await desk.client.call("POST", "/v1/teams", "manager", json={"code": "day", "name": "白班"})
    team = made.json()["team_id"]
    body = {"aliases": [{"shop": "B2C", "alias": "飞飞"}, {"shop": "C2C", "alias": "菲菲"}], "team_id": team}
    path = f"{STAFF}/{hired['staff_id']}"
    changed = await desk.client.call("PATCH", path, "manager", json=body, headers={"If-Match": '"1"'})
    assert changed.json()["aliases"] == [{"shop": "B2C", "alias": "飞飞"}, {"shop": "C2C", "alias": "菲菲"}]
    event = (await told(desk))[-1][1]
    assert (event.SUBJECT, str(event.staff.team_id)) == ("staff.changed", team)
    assert [(one.shop, one.alias) for one in event.staff.aliases] == [("B2C", "飞飞"), ("C2C", "菲菲")]
    out = await desk.client.call("PATCH", path, "manager", json={"team_id": None}, headers={"If-Match": '"2"'})
    assert out.json()["team_id"] is None
    freed = await desk.hire("林丽", ("main", "菲菲"))
    assert freed["aliases"] == [{"shop": "main", "alias": "菲菲"}]


async def test_the_same_again_changes_nothing_and_tells_nothing(desk: Desk) -> None:
    hired = await desk.hire("林菲", ("main", "菲菲"))
    path = f"{STAFF}/{hired['staff_id']}"
    body = {"role": "agent", "aliases": [{"shop": "main", "alias": "菲菲"}]}
    same = await desk.client.call("PATCH", path, "manager", json=body, headers={"If-Match": '"1"'})
    assert (same.status_code, same.headers["ETag"]) == (200, '"1"')
    assert len(await told(desk)) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"role": "agent"}, "/name"),
        ({**SOMEBODY, "role": "boss"}, "/role"),
        ({**SOMEBODY, "hired_on": 20261121}, "/hired_on"),
        ({**SOMEBODY, "hired_on": "2026-02-30"}, "/hired_on"),
        ({**SOMEBODY, "status": "active"}, "/status"),
        ({**SOMEBODY, "aliases": [{"shop": "main", "alias": "x" * 65}]}, "/aliases/0/alias"),
        (
            {**SOMEBODY, "aliases": [{"shop": "main", "alias": "菲菲"}, {"shop": "main", "alias": "菲菲 "}]},
            "/aliases",
        ),
    ],
)
async def test_what_is_wrong_is_pointed_at(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    refused = await desk.client.call("POST", STAFF, "manager", json=body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


@pytest.mark.parametrize("body", [{"status": "left"}, {"role": None}, {"aliases": None}, {"name": "林"}])
async def test_a_change_carries_neither_status_nor_nothing(desk: Desk, body: dict[str, Any]) -> None:
    path = f"{STAFF}/{(await desk.hire())['staff_id']}"
    refused = await desk.client.call("PATCH", path, "manager", json=body, headers={"If-Match": '"1"'})
    assert refused.status_code == 422


async def test_a_hiring_sent_twice_with_one_key_hires_once(desk: Desk) -> None:
    key = {"Idempotency-Key": "hire-1"}
    first = await desk.client.call("POST", STAFF, "manager", json=SOMEBODY, headers=key)
    again = await desk.client.call("POST", STAFF, "manager", json=SOMEBODY, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert await desk.count("staff") == 1


async def test_the_list_is_paged_and_filtered(desk: Desk) -> None:
    people = [await desk.hire(name) for name in ("甲", "乙", "丙")]
    await desk.client.call("POST", f"{STAFF}/{people[0]['staff_id']}/confirm", "manager")
    first = (await desk.client.call("GET", f"{STAFF}?limit=2")).json()
    rest = (await desk.client.call("GET", f"{STAFF}?limit=2&cursor={first['next_cursor']}")).json()
    seen = [one["staff_id"] for one in first["items"] + rest["items"]]
    assert seen == [one["staff_id"] for one in reversed(people)]
    assert rest["next_cursor"] is None
    active = (await desk.client.call("GET", f"{STAFF}?status=active&role=agent")).json()["items"]
    assert [one["staff_id"] for one in active] == [people[0]["staff_id"]]
    assert (await desk.client.call("GET", f"{STAFF}?name=甲")).status_code == 422
    assert (await desk.client.call("GET", f"{STAFF}?cursor=abc")).status_code == 422


async def test_nobody_is_404(desk: Desk) -> None:
    for method, path in (("GET", ""), ("POST", "/confirm"), ("POST", "/leave")):
        assert (await desk.client.call(method, f"{STAFF}/{uuid4()}{path}", "manager")).status_code == 404
