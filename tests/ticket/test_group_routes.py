"""T4, X1: groups over HTTP: made, changed, retired; members and what they are good at; of which shops one sees them."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from roster_desk import Roster, slug
from ticket_desk import faults

from kit.ids import new_id


async def test_a_group_is_made_changed_and_retired(roster: Roster) -> None:
    """T4: with versions and a line in the trail each."""
    made = await roster.call(
        "POST", "/v1/groups",
        json={"code": "money", "name": "退款组", "kinds": ["refund", "refund"], "categories": ["quality"], "skills": ["refunds"]},
    )  # fmt: skip
    assert made.status_code == 201
    group, path = made.json(), made.headers["location"]
    assert (group["kinds"], group["status"], group["members"], group["allowed"]) == (
        ["refund"],
        "active",
        [],
        ["retire"],
    )
    assert path == f"/v1/groups/{group['group_id']}"
    changed = await roster.call("PATCH", path, json={"name": "售后组", "kinds": []}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["name"], changed.json()["kinds"]) == (200, "售后组", [])
    assert (changed.json()["categories"], changed.headers["etag"]) == (["quality"], '"2"')
    retired = await roster.call("POST", f"{path}/retire")
    assert (retired.json()["status"], retired.json()["allowed"]) == ("retired", ["restore"])
    again = await roster.call("POST", f"{path}/retire")
    assert (again.status_code, slug(again), again.json()["allowed"]) == (409, "transition-refused", ["restore"])
    assert (await roster.call("POST", f"{path}/restore")).json()["status"] == "active"
    assert await roster.desk.audits(group["group_id"]) == ["create", "change", "retire", "restore"]
    assert (await roster.call("GET", path, "agent")).json()["version"] == 4


async def test_members_and_what_they_are_good_at(roster: Roster) -> None:
    """T4: put twice is put once; who has left, or is unknown, can't be in a group."""
    ming, hua = await roster.hire(2)
    (gone,) = await roster.hire(status="left")
    group = await roster.group("service", ming, hua, skills={ming: ["english", "english"]})
    path = f"/v1/groups/{group['group_id']}/members"
    assert {one["staff_id"]: one["skills"] for one in group["members"]} == {str(ming): ["english"], str(hua): []}
    anew = await roster.call("PUT", f"{path}/{ming}", json={"skills": ["thai"]})
    assert {one["staff_id"]: one["skills"] for one in anew.json()["members"]} == {str(ming): ["thai"], str(hua): []}
    assert faults(await roster.call("PUT", f"{path}/{gone}", json={})) == ["/staff_id"]
    unknown = await roster.call("PUT", f"{path}/{new_id()}", json={})
    assert (unknown.status_code, slug(unknown)) == (409, "not-yet-known")
    assert (await roster.call("DELETE", f"{path}/{hua}")).status_code == 200
    assert (await roster.call("DELETE", f"{path}/{hua}")).status_code == 404
    of_ming = await roster.call("GET", f"/v1/groups?staff_id={ming}", "agent")
    assert [one["code"] for one in of_ming.json()["items"]] == ["service"]
    assert (await roster.call("GET", f"/v1/groups?staff_id={hua}", "agent")).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"name": "组"}, "/code"), ({"code": "a b", "name": "组"}, "/code"), ({"code": "", "name": "组"}, "/code"),
        ({"code": "a", "name": ""}, "/name"), ({"code": "a", "name": "组\n长"}, "/name"), ({"code": "a", "name": "x" * 201}, "/name"),
        ({"code": "a", "name": "组", "kinds": ["war"]}, "/kinds/0"), ({"code": "a", "name": "组", "shops": ["a/b"]}, "/shops/0"),
        ({"code": "a", "name": "组", "skills": [""]}, "/skills/0"), ({"code": "a", "name": "组", "status": "retired"}, "/status"),
        ({"code": "a", "name": "组", "kinds": "refund"}, "/kinds"), ({"code": 7, "name": "组"}, "/code"),
    ],
)  # fmt: skip
async def test_groups_that_are_none(roster: Roster, body: dict[str, Any], where: str) -> None:
    """Bad input: a problem document, and nothing written."""
    before = await roster.footprint()
    assert faults(await roster.call("POST", "/v1/groups", json=body)) == [where]
    assert await roster.footprint() == before


async def test_a_code_is_used_once(roster: Roster) -> None:
    """T4: tickets name groups by code, so a retired one's isn't given again."""
    group = await roster.group("service")
    await roster.call("POST", f"/v1/groups/{group['group_id']}/retire")
    again = await roster.call("POST", "/v1/groups", json={"code": "service", "name": "新"})
    assert (again.status_code, slug(again)) == (409, "already-exists")
    answers = await asyncio.gather(
        *(roster.call("POST", "/v1/groups", json={"code": "vip", "name": "贵宾"}) for _ in range(10))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}


async def test_a_change_needs_the_version_that_was_read(roster: Roster) -> None:
    """If-Match: none is 428, a stale one 412, a forged one 422."""
    group = await roster.group("service")
    path = f"/v1/groups/{group['group_id']}"
    for header, status in (
        ({}, 428),
        ({"If-Match": '"7"'}, 412),
        ({"If-Match": "seven"}, 422),
        ({"If-Match": '"1"'}, 200),
    ):
        answer = await roster.call("PATCH", path, json={"name": "新名"}, headers=header)
        assert answer.status_code == status
    stale = await roster.call("POST", f"{path}/retire", headers={"If-Match": '"1"'})
    assert (stale.status_code, slug(stale)) == (412, "stale-version")


async def test_groups_of_other_shops_are_out_of_sight(roster: Roster) -> None:
    """X1: one sees groups of all shops and of one's own; one changes only what is all one's own."""
    everywhere = await roster.group("service")
    tea = await roster.group("tea", shops=["tea"])
    both = await roster.group("both", shops=["tea", "main"])
    mine: dict[str, Any] = {"shops": ["main"]}
    listed = await roster.call("GET", "/v1/groups", "agent", **mine)
    assert [one["code"] for one in listed.json()["items"]] == ["both", "service"]
    assert (await roster.call("GET", f"/v1/groups/{tea['group_id']}", "agent", **mine)).status_code == 404
    for group, status in ((everywhere, 403), (both, 403), (tea, 404)):
        path = f"/v1/groups/{group['group_id']}"
        assert (await roster.call("POST", f"{path}/retire", **mine)).status_code == status
        refused = await roster.call("PATCH", path, json={"name": "x"}, headers={"If-Match": '"1"'}, **mine)
        assert refused.status_code == status
    for shops, status in ((["main"], 201), (["tea"], 403), ([], 403)):
        body = {
            "code": f"g{len(shops)}{shops[:1]}".replace("[", "").replace("]", "").replace("'", ""),
            "name": "组",
            "shops": shops,
        }
        assert (await roster.call("POST", "/v1/groups", json=body, **mine)).status_code == status


async def test_pages_by_code(roster: Roster) -> None:
    """Keyset pages; a cursor of another list is refused."""
    for number in range(7):
        await roster.group(f"g{number}")
    first = await roster.call("GET", "/v1/groups?limit=5", "agent")
    second = await roster.call("GET", f"/v1/groups?limit=5&cursor={first.json()['next_cursor']}", "agent")
    assert [one["code"] for one in first.json()["items"] + second.json()["items"]] == [f"g{n}" for n in range(7)]
    assert second.json()["next_cursor"] is None
    foreign = await roster.call("GET", f"/v1/shifts?cursor={first.json()['next_cursor']}", "agent")
    assert faults(foreign) == ["/query/cursor"]
    assert faults(await roster.call("GET", "/v1/groups?limit=0", "agent")) == ["/query/limit"]
    assert faults(await roster.call("GET", "/v1/groups?colour=red", "agent")) == ["/query/colour"]
