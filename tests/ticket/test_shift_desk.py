"""T44: signing in and out, being away and back, the evening that stays on, and who is at the desk now."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from roster_desk import HOUR, MINUTE, Roster, local, slug
from ticket_desk import faults

from kit.ids import new_id


async def test_a_day_from_signing_in_to_signing_out(roster: Roster) -> None:
    """T44: late and early are told; the trail has every step."""
    (ming,) = await roster.hire()
    shift = await roster.plan(ming, "b-early", "2026-11-22")
    roster.at("09:03", "2026-11-22")
    started = await roster.verb(shift, "start")
    assert (started.status_code, started.json()["status"], started.json()["presence"]) == (
        200,
        "started",
        "available",
    )
    assert (started.json()["late_seconds"], started.headers["etag"]) == (180, '"2"')
    roster.at("19:30", "2026-11-22")
    ended = (await roster.verb(shift, "end")).json()
    assert (ended["status"], ended["presence"], ended["early_seconds"], ended["allowed"]) == (
        "ended",
        "off",
        1800,
        [],
    )
    assert await roster.desk.subjects(shift["shift_id"]) == ["shift.started", "shift.ended"]
    (told,) = await roster.told("shift.ended")
    assert (told["staff_id"], told["early_seconds"], told["preset"]) == (str(ming), 1800, "b-early")
    assert await roster.desk.audits(shift["shift_id"]) == ["plan", "start", "end"]
    again = await roster.verb(shift, "start")
    assert (slug(again), again.json()["from"], again.json()["allowed"]) == ("transition-refused", "ended", [])


@pytest.mark.parametrize(
    ("time", "may"), [("07:59", False), ("08:00", True), ("09:00", True), ("19:59", True), ("20:00", False)]
)
async def test_one_signs_in_around_the_shift(roster: Roster, time: str, may: bool) -> None:
    """T44: from an hour before until its end, exclusive (policy `shift-rules`)."""
    (ming,) = await roster.hire()
    shift = await roster.plan(ming, "b-early", "2026-11-22")
    roster.at(time, "2026-11-22")
    answer = await roster.verb(shift, "start")
    assert (answer.status_code == 200) is may, answer.text
    if not may:
        assert slug(answer) == "not-now"
        assert answer.json()["opens_at"] == "2026-11-22T00:00:00+00:00"
        assert await roster.desk.subjects(shift["shift_id"]) == []


async def test_only_the_owner_and_leads_work_a_shift(roster: Roster) -> None:
    """T44: a colleague is refused, a caller of another shop finds nothing, a lead signs somebody in."""
    ming, hua = await roster.hire(2)
    shift = await roster.plan(ming)
    for verb, body in (("start", {}), ("end", {}), ("presence", {"verb": "meal"})):
        before = await roster.footprint()
        refused = await roster.verb(shift, verb, hua, **body)
        assert (refused.status_code, slug(refused)) == (403, "forbidden"), verb
        nobody = await roster.verb(shift, verb, new_id(), **body)
        assert nobody.status_code == 403
        assert await roster.footprint() == before
    led = await roster.verb(shift, "start", new_id(), role="supervisor")
    assert led.status_code == 200


async def test_one_is_on_one_shift_at_a_time(roster: Roster) -> None:
    """T44: the next shift waits until the one before it has been signed out of."""
    (ming,) = await roster.hire()
    first = await roster.plan_own(ming, local("11:00"), local("12:30"))
    second = await roster.plan_own(ming, local("12:30"), local("14:00"))
    assert (await roster.verb(first, "start")).status_code == 200
    refused = await roster.verb(second, "start")
    assert (refused.status_code, refused.json()["running_shift_id"]) == (409, first["shift_id"])
    assert (await roster.verb(first, "end")).status_code == 200
    assert (await roster.verb(second, "start")).status_code == 200


async def test_twenty_sign_in_at_once(roster: Roster) -> None:
    """I5: one event, one line in the trail."""
    (ming,) = await roster.hire()
    shift = await roster.plan(ming)
    answers = await asyncio.gather(*(roster.verb(shift, "start") for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert await roster.desk.subjects(shift["shift_id"]) == ["shift.started"]
    assert await roster.desk.audits(shift["shift_id"]) == ["plan", "start"]


async def test_nobody_came(roster: Roster) -> None:
    """T44: at its end the shift is missed, once, also after a standstill; signed in to is not missed."""
    ming, hua = await roster.hire(2)
    missed = await roster.plan(ming, "b-early", "2026-11-22")
    (came,) = await roster.on_shift(hua)
    cancelled = await roster.plan(hua, "b-early", "2026-11-22")
    await roster.verb(cancelled, "cancel", role="supervisor", reason="停业")
    roster.at("19:59", "2026-11-22")
    await roster.fire()
    assert (await roster.call("GET", f"/v1/shifts/{missed['shift_id']}")).json()["status"] == "planned"
    roster.at("21:00", "2026-11-24")
    await roster.fire()
    for shift, status in ((missed, "missed"), (cancelled, "cancelled"), (came, "ended")):
        assert (await roster.call("GET", f"/v1/shifts/{shift['shift_id']}")).json()["status"] == status
    assert await roster.desk.audits(missed["shift_id"]) == ["plan", "miss"]


async def test_whoever_forgot_to_sign_out_is_signed_out(roster: Roster) -> None:
    """T44: four hours after the end, by the service itself."""
    (ming,) = await roster.hire()
    (shift,) = await roster.on_shift(ming)
    roster.at("23:59")
    await roster.fire()
    assert len(await roster.told("shift.ended")) == 0
    roster.at("00:00", "2026-11-22")
    await roster.fire()
    (told,) = await roster.told("shift.ended")
    assert (told["shift_id"], told["early_seconds"]) == (shift["shift_id"], 0)
    trail = await roster.desk.rows("SELECT actor FROM audit WHERE action = 'end'")
    assert [row.actor for row in trail] == ["system:timers"]


async def test_away_meal_and_back(roster: Roster) -> None:
    """T44: away needs a reason, which colleagues don't see; what isn't drawn is refused."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming, hua)
    shift, _ = await roster.on_shift(ming, hua)
    assert faults(await roster.verb(shift, "presence", verb="away")) == [""]
    assert faults(await roster.verb(shift, "presence", verb="home")) == ["/verb"]
    steps: list[tuple[str, int, str]] = [
        ("back", 409, "available"), ("away", 200, "away"), ("away", 409, "away"), ("meal", 200, "meal"),
        ("meal", 409, "meal"), ("away", 200, "away"), ("back", 200, "available"), ("back", 409, "available"),
    ]  # fmt: skip
    for verb, status, then in steps:
        answer = await roster.verb(shift, "presence", verb=verb, reason="去仓库 13812345678")
        assert answer.status_code == status, (verb, answer.text)
        shown = await roster.call("GET", f"/v1/shifts/{shift['shift_id']}", "agent", hua)
        assert shown.json()["presence"] == then
        assert "去仓库" not in shown.text
    trail = await roster.desk.rows("SELECT DISTINCT reason FROM audit WHERE action = 'away'")
    assert [row.reason for row in trail] == ["去仓库 ****"]
    planned = await roster.plan(hua, "b-late", "2026-11-22")
    refused = await roster.verb(planned, "presence", verb="meal")
    assert (refused.json()["noun"], refused.json()["from"], refused.json()["allowed"]) == (
        "presence",
        "off",
        ["arrive"],
    )


async def test_a_lone_agents_meal_turns_on_the_automatic_reply(roster: Roster) -> None:
    """T44: twenty minutes, when nobody else of their groups is there to answer; not for one of two."""
    ming, hua, other = await roster.hire(3)
    await roster.group("service", ming, hua)
    await roster.group("vip", other)
    lone, elsewhere = await roster.on_shift(ming, other)
    meal = (await roster.verb(lone, "presence", verb="meal")).json()
    assert meal["auto_reply_until"] == "2026-11-21T04:20:00Z"
    desk = (await roster.call("GET", "/v1/shifts/desk")).json()
    assert {one["staff_id"]: one["auto_reply"] for one in desk["agents"]} == {str(ming): True, str(other): False}
    roster.clock.advance(20 * MINUTE)
    desk = (await roster.call("GET", "/v1/shifts/desk")).json()
    assert [one["auto_reply"] for one in desk["agents"]] == [False, False]
    assert (await roster.verb(lone, "presence", verb="back")).json()["auto_reply_until"] is None
    await roster.on_shift(hua)
    assert (await roster.verb(lone, "presence", verb="meal")).json()["auto_reply_until"] is None
    assert elsewhere["presence"] == "available"


async def test_customers_of_a_lone_agent_at_a_meal_are_answered_automatically(roster: Roster) -> None:
    """T44, T48: once a meal and ticket, in words of its own; whoever comes new as well; no clock stops; back, no more."""
    (ming,) = await roster.hire()
    await roster.group("service", ming)
    (shift,) = await roster.on_shift(ming)
    customer = {"account_id": roster.desk.account("ming")}
    chat = await roster.desk.open("storefront", by=customer, kind="inquiry")
    path = f"/v1/tickets/{chat['ticket_id']}/messages"

    async def automatic(where: str = path) -> list[str]:
        shown = (await roster.desk.call("GET", where, "supervisor")).json()["items"]
        return [one["text"] for one in shown if one["automatic"]]

    async def write(text: str) -> None:
        heard = await roster.desk.call("POST", path, "storefront", json={"text": text}, **customer)
        assert heard.status_code == 201, heard.text

    await write("在吗")
    assert await automatic() == []
    await roster.verb(shift, "presence", verb="meal")
    clocks = "SELECT count(*) FROM clock WHERE running_since IS NOT NULL AND ended_at IS NULL"
    before = [tuple(row) for row in await roster.desk.rows(clocks)]
    for text in ("在吗", "还在吗"):
        await write(text)
    (said,) = await automatic()
    assert "用餐" in said
    assert [tuple(row) for row in await roster.desk.rows(clocks)] == before
    new = await roster.desk.open("storefront", by=customer, kind="inquiry")
    seen = await roster.desk.call("GET", f"/v1/tickets/{new['ticket_id']}", "supervisor")
    assert seen.json()["assignee_staff_id"] is None
    (said,) = await automatic(f"/v1/tickets/{new['ticket_id']}/messages")
    assert "用餐" in said
    await roster.verb(shift, "presence", verb="back")
    await write("多谢")
    assert len(await automatic()) == 1


async def evening(roster: Roster, ming: UUID) -> dict[str, Any]:
    """Ming on the evening shift, at 22:00."""
    await roster.group("service", ming)
    shift = await roster.plan(ming, "b-late")
    roster.at("13:00")
    assert (await roster.verb(shift, "start")).status_code == 200
    roster.at("22:00")
    return shift


async def test_the_evening_stays_on_while_a_customer_waits(roster: Roster) -> None:
    """T44: refused with how many wait; over when they have been answered."""
    (ming,) = await roster.hire()
    shift = await evening(roster, ming)
    chat = await roster.desk.open(kind="inquiry")
    assert chat["assignee_staff_id"] == str(ming)
    roster.at("23:59")
    before = await roster.footprint()
    refused = await roster.verb(shift, "end")
    assert (refused.status_code, slug(refused), refused.json()["waiting"]) == (409, "customers-waiting", 1)
    assert await roster.footprint() == before
    by = {"staff_id": ming}
    await roster.desk.verb(chat, "start", by=by)
    await roster.desk.verb(chat, "solve", by=by, solution="已查到")
    assert (await roster.verb(shift, "end")).status_code == 200


async def test_a_lead_lets_the_evening_go_with_a_reason(roster: Roster) -> None:
    """T44: nobody lets themselves go; the reason is in the trail."""
    (ming,) = await roster.hire()
    shift = await evening(roster, ming)
    await roster.desk.open(kind="inquiry")
    refused = await roster.verb(shift, "end", override_reason="累了")
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    assert faults(await roster.verb(shift, "end", role="supervisor", override_reason="")) == ["/override_reason"]
    let_go = await roster.verb(shift, "end", new_id(), role="supervisor", override_reason="停电")
    assert (let_go.status_code, let_go.json()["status"]) == (200, "ended")
    trail = await roster.desk.rows("SELECT reason FROM audit WHERE action = 'end' AND noun = 'shift'")
    assert [row.reason for row in trail] == ["停电"]


async def test_a_day_shift_may_leave_its_customers_to_the_next(roster: Roster) -> None:
    """T44, T46: only the evening stays on; by day the sheet passes them on."""
    (ming,) = await roster.hire()
    await roster.group("service", ming)
    (shift,) = await roster.on_shift(ming)
    await roster.desk.open(kind="inquiry")
    assert (await roster.verb(shift, "end")).status_code == 200


async def test_chats_that_came_after_the_end_hold_nobody(roster: Roster) -> None:
    """T44: at night the queue grows; whoever was on until midnight goes home."""
    (ming,) = await roster.hire()
    shift = await evening(roster, ming)
    roster.clock.advance(2 * HOUR + MINUTE)
    late = await roster.desk.open(kind="inquiry")
    assert (late["assignee_staff_id"], late["group"]) == (None, "service")
    assert (await roster.verb(shift, "end")).status_code == 200


async def test_the_desk_shows_who_is_here_and_what_waits(roster: Roster) -> None:
    """T44: presence, duty, load, groups and their queues; of one group on request."""
    ming, hua, kai = await roster.hire(3)
    await roster.group("service", ming, hua)
    await roster.group("vip", kai)
    await roster.on_shift(ming, hua, kai)
    for _ in range(3):
        await roster.desk.open(kind="inquiry")
    await roster.desk.open(kind="inquiry", channel="email")
    desk = (await roster.call("GET", "/v1/shifts/desk", "agent")).json()
    assert (desk["chat_limit"], len(desk["agents"])) == (20, 3)
    load = {one["staff_id"]: (one["open_tickets"], one["open_chats"], one["groups"]) for one in desk["agents"]}
    assert load[str(kai)] == (0, 0, ["vip"])
    assert sorted([load[str(ming)][:2], load[str(hua)][:2]]) == [(2, 1), (2, 2)]
    assert {one["duty"] for one in desk["agents"]} == {"service"}
    assert desk["groups"] == [
        {"code": "service", "taking_work": 2, "waiting": 0}, {"code": "vip", "taking_work": 1, "waiting": 0},
    ]  # fmt: skip
    of_vip = (await roster.call("GET", "/v1/shifts/desk?group=vip", "agent")).json()
    assert [one["staff_id"] for one in of_vip["agents"]] == [str(kai)]
    assert [one["code"] for one in of_vip["groups"]] == ["vip"]
    assert faults(await roster.call("GET", "/v1/shifts/desk?mood=good", "agent")) == ["/query/mood"]
    roster.clock.advance(timedelta(hours=9))
    desk = (await roster.call("GET", "/v1/shifts/desk", "agent")).json()
    assert {(one["duty"], one["takes_work"]) for one in desk["agents"]} == {(None, False)}
