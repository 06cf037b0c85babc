"""T62: leave, with somebody who comes instead or without; approved by a lead who is neither."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from roster_desk import Roster, slug
from ticket_desk import faults

from kit.ids import new_id

FIRST, LAST = "2026-11-22", "2026-11-23"
STATES = ("requested", "agreed", "approved", "declined", "refused", "withdrawn")
CALLERS = {"asker": "agent", "cover": "agent", "stranger": "agent", "lead": "supervisor", "asking-lead": "manager"}
MAY = {"agree": "cover", "decline": "cover", "withdraw": "asker", "approve": "lead", "refuse": "lead"}
# With a cover named, nothing is approved before they agreed.
DRAWN = {
    ("requested", "agree"), ("requested", "decline"), ("requested", "withdraw"), ("requested", "refuse"),
    ("agreed", "decline"), ("agreed", "withdraw"), ("agreed", "approve"), ("agreed", "refuse"),
}  # fmt: skip


@dataclass
class Away:
    """Ming, who asks for leave, and Hua, who may come instead."""

    roster: Roster
    ming: UUID
    hua: UUID
    shifts: list[dict[str, Any]]

    async def ask(self, *, covered: bool = True, **facts: Any) -> httpx.Response:
        body = {"kind": "annual", "first_day": FIRST, "last_day": LAST, **facts}
        if covered:
            body.setdefault("cover_staff_id", str(self.hua))
        return await self.roster.call("POST", "/v1/shifts/leaves", "agent", self.ming, json=body)

    async def move(self, leave: dict[str, Any], verb: str, caller: str) -> httpx.Response:
        by = {"asker": self.ming, "asking-lead": self.ming, "cover": self.hua}.get(caller) or new_id()
        body = {"reason": "不行"} if verb in ("decline", "refuse") else None
        path = f"/v1/shifts/leaves/{leave['leave_id']}/{verb}"
        return await self.roster.call("POST", path, CALLERS[caller], by, json=body)

    async def roster_now(self) -> list[tuple[str, str]]:
        found = []
        for shift in self.shifts:
            shown = (await self.roster.call("GET", f"/v1/shifts/{shift['shift_id']}")).json()
            found.append((shown["status"], "ming" if shown["staff_id"] == str(self.ming) else "hua"))
        return found


@pytest.fixture
async def away(roster: Roster) -> Away:
    """Ming works from the 22nd to the 24th."""
    ming, hua = await roster.hire(2)
    shifts = [await roster.plan(ming, "b-early", f"2026-11-{number}") for number in (22, 23, 24)]
    return Away(roster, ming, hua, shifts)


async def test_somebody_comes_instead(away: Away) -> None:
    """T62: agreed by whoever comes, approved by a lead; the shifts of those days are theirs, and uncovered if they
    don't come."""
    leave = (await away.ask(reason="婚礼")).json()
    early = await away.move(leave, "approve", "lead")
    assert (slug(early), early.json()["allowed"]) == (
        "transition-refused",
        ["agree", "decline", "refuse", "withdraw"],
    )
    assert (await away.move(leave, "agree", "cover")).json()["status"] == "agreed"
    assert (await away.move(leave, "approve", "lead")).json()["status"] == "approved"
    assert await away.roster_now() == [("planned", "hua"), ("planned", "hua"), ("planned", "ming")]
    away.roster.at("09:30", FIRST)
    await away.roster.fire()
    (told,) = await away.roster.told("shift.uncovered")
    assert (told["swap_id"], told["staff_id"], told["swapped_with_staff_id"]) == (
        leave["leave_id"], str(away.hua), str(away.ming),
    )  # fmt: skip


async def test_nobody_comes_instead(away: Away) -> None:
    """T62: a lead alone decides; the shifts of those days are cancelled, and nothing is planned into the leave."""
    leave = (await away.ask(covered=False)).json()
    assert (await away.move(leave, "approve", "lead")).json()["status"] == "approved"
    assert await away.roster_now() == [("cancelled", "ming"), ("cancelled", "ming"), ("planned", "ming")]
    refused = await away.roster.try_plan(away.ming, preset="a-day", day=LAST)
    assert (slug(refused), refused.json()["leave_id"]) == ("shift-overlap", leave["leave_id"])
    body = {"staff_ids": [str(away.ming)], "preset": "a-day", "first_day": FIRST, "last_day": "2026-11-25"}
    items = (await away.roster.call("POST", "/v1/shifts/roster", json=body)).json()["items"]
    assert [item["status"] for item in items] == [409, 409, 409, 201]
    huas = await away.roster.plan(away.hua, "a-evening", FIRST)
    swap = {"shift_id": huas["shift_id"], "with_staff_id": str(away.ming)}
    into_leave = await away.roster.call("POST", "/v1/shifts/swaps", "agent", away.hua, json=swap)
    assert slug(into_leave) == "shift-overlap"
    away.roster.at("23:00", LAST)
    await away.roster.fire()
    assert await away.roster.told("shift.uncovered") == []


@pytest.mark.parametrize("verb", sorted(MAY))
async def test_every_state_verb_and_role_of_a_leave(away: Away, verb: str) -> None:
    """I10, T62: what isn't drawn is 409, what is another's 403, to strangers 404; none of it writes anything."""
    leave = (await away.ask()).json()
    for state in STATES:
        await away.roster.desk.change(f"UPDATE shift_leave SET status = '{state}'")
        for caller in CALLERS:
            if (state, verb) in DRAWN and caller == MAY[verb]:
                continue
            before = await away.roster.footprint()
            answer = await away.move(leave, verb, caller)
            expected = 409 if caller == MAY[verb] or (caller, verb) == ("asking-lead", "withdraw") else 403
            if caller == "asking-lead" and verb == "withdraw" and (state, verb) in DRAWN:
                assert answer.status_code == 200
                await away.roster.desk.change(f"UPDATE shift_leave SET status = '{state}'")
                continue
            if caller == "stranger" and verb not in ("approve", "refuse"):
                expected = 404
            assert answer.status_code == expected, (state, verb, caller, answer.text)
            assert await away.roster.footprint() == before


@pytest.mark.parametrize(("state", "verb"), sorted(DRAWN))
async def test_every_drawn_verb_of_a_leave(away: Away, state: str, verb: str) -> None:
    """I10, T62."""
    leave = (await away.ask()).json()
    if state == "agreed":
        await away.move(leave, "agree", "cover")
    answer = await away.move(leave, verb, MAY[verb])
    then = {
        "agree": "agreed",
        "decline": "declined",
        "withdraw": "withdrawn",
        "approve": "approved",
        "refuse": "refused",
    }
    assert (answer.status_code, answer.json()["status"]) == (200, then[verb])


async def test_leave_that_is_none(away: Away) -> None:
    """T62: days that have passed, backwards, endless; oneself or somebody gone as cover."""
    (gone,) = await away.roster.hire(status="left")
    before = await away.roster.footprint()
    bad: list[tuple[dict[str, Any], str]] = [
        ({"first_day": "2026-11-20"}, "/first_day"), ({"last_day": "2026-11-21"}, ""), ({"last_day": "2027-11-21"}, ""),
        ({"kind": "holiday"}, "/kind"), ({"cover_staff_id": str(away.ming)}, "/cover_staff_id"),
        ({"cover_staff_id": str(gone)}, "/staff_id"), ({"reason": "x" * 201}, "/reason"), ({"days": 3}, "/days"),
    ]  # fmt: skip
    for facts, where in bad:
        assert faults(await away.ask(**facts)) == [where]
    assert await away.roster.footprint() == before


async def test_a_cover_who_is_busy_is_refused_on_approving(away: Away) -> None:
    """T62: nothing moves, not even the days on which they are free."""
    leave = (await away.ask()).json()
    await away.move(leave, "agree", "cover")
    await away.roster.plan(away.hua, "b-late", LAST)
    assert slug(await away.move(leave, "approve", "lead")) == "shift-overlap"
    assert await away.roster_now() == [("planned", "ming")] * 3


async def test_why_is_between_the_asker_and_the_leads(away: Away) -> None:
    """X6: whoever covers needs no reason; neither do the trail and the events."""
    leave = (await away.ask(kind="sick", reason="做手术")).json()
    path = f"/v1/shifts/leaves/{leave['leave_id']}"
    for role, by, sees in (("agent", away.ming, True), ("supervisor", new_id(), True), ("agent", away.hua, False)):
        shown = await away.roster.call("GET", path, role, by)
        assert (shown.json()["reason"] == "做手术") is sees
        listed = await away.roster.call("GET", "/v1/shifts/leaves", role, by)
        assert ("做手术" in listed.text) is sees
    assert (await away.roster.call("GET", path, "agent", new_id())).status_code == 404
    trail = await away.roster.desk.rows("SELECT reason, before, after FROM audit")
    assert "手术" not in str(trail)


async def test_ten_approve_at_once(away: Away) -> None:
    """I5."""
    leave = (await away.ask(covered=False)).json()
    answers = await asyncio.gather(*(away.move(leave, "approve", "lead") for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    assert await away.roster.desk.audits(away.shifts[0]["shift_id"]) == ["plan", "cancel"]
