"""T62: swaps and leave: asked by one, agreed by the other, approved by a lead who is neither; nobody covers → told."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from roster_desk import MINUTE, Roster, slug
from ticket_desk import faults

from kit.ids import new_id

TOMORROW, AFTER = "2026-11-22", "2026-11-23"
STATES = ("requested", "agreed", "approved", "declined", "refused", "withdrawn")
VERBS = ("agree", "decline", "withdraw", "approve", "refuse")
# Who asks, and how: role and whether they are the asker, the other, a lead who is one of the two, or somebody else.
CALLERS = {
    "asker": "agent", "other": "agent", "stranger": "agent", "lead": "supervisor", "manager": "manager",
    "asking-lead": "supervisor", "other-lead": "manager",
}  # fmt: skip
MAY = {
    "agree": {"other", "other-lead"}, "decline": {"other", "other-lead"}, "withdraw": {"asker", "asking-lead"},
    "approve": {"lead", "manager"}, "refuse": {"lead", "manager"},
}  # fmt: skip
DRAWN = {
    ("requested", "agree"), ("requested", "decline"), ("requested", "withdraw"), ("requested", "refuse"),
    ("agreed", "decline"), ("agreed", "withdraw"), ("agreed", "approve"), ("agreed", "refuse"),
}  # fmt: skip


@dataclass
class Two:
    """Ming, who asks, and Hua, the other, each with a shift to come."""

    roster: Roster
    ming: UUID
    hua: UUID
    mings: dict[str, Any]
    huas: dict[str, Any]

    async def ask(self, *, back: bool = False, **facts: Any) -> httpx.Response:
        body = {"shift_id": self.mings["shift_id"], "with_staff_id": str(self.hua), **facts}
        if back:
            body["return_shift_id"] = self.huas["shift_id"]
        return await self.roster.call("POST", "/v1/shifts/swaps", "agent", self.ming, json=body)

    async def move(
        self, swap: dict[str, Any], verb: str, caller: str, *, noun: str = "swap", **options: Any
    ) -> httpx.Response:
        who = {"asker": self.ming, "asking-lead": self.ming, "other": self.hua, "other-lead": self.hua}
        body = {"reason": "不行"} if verb in ("decline", "refuse") else None
        path = f"/v1/shifts/{noun}s/{swap[f'{noun}_id']}/{verb}"
        by = who.get(caller) or new_id()
        return await self.roster.call("POST", path, CALLERS[caller], by, json=body, **options)

    async def owner(self, shift: dict[str, Any]) -> UUID:
        shown = await self.roster.call("GET", f"/v1/shifts/{shift['shift_id']}")
        return UUID(shown.json()["staff_id"])


@pytest.fixture
async def two(roster: Roster) -> Two:
    ming, hua = await roster.hire(2)
    return Two(
        roster, ming, hua, await roster.plan(ming, "b-early", TOMORROW), await roster.plan(hua, "b-late", AFTER)
    )


async def test_a_shift_changes_hands(two: Two) -> None:
    """T62: asked, agreed, approved, applied."""
    asked = await two.ask(reason="孩子生病 13812345678")
    assert asked.status_code == 201
    swap = asked.json()
    assert (swap["status"], swap["allowed"]) == ("requested", ["agree", "decline", "refuse", "withdraw"])
    agreed = await two.move(swap, "agree", "other")
    assert (agreed.json()["status"], agreed.json()["answered_at"]) == ("agreed", "2026-11-21T04:00:00Z")
    assert await two.owner(two.mings) == two.ming, "nothing moves before it is approved"
    approved = await two.move(swap, "approve", "lead")
    assert (approved.json()["status"], approved.json()["allowed"]) == ("approved", [])
    assert await two.owner(two.mings) == two.hua
    assert await two.roster.desk.audits(swap["swap_id"]) == ["request", "agree", "approve"]
    assert await two.roster.desk.audits(two.mings["shift_id"]) == ["plan", "pass"]
    trail = await two.roster.desk.rows("SELECT reason, before, after FROM audit WHERE noun = 'swap'")
    assert "138" not in str(trail)
    assert "孩子" not in str(trail)


async def test_two_shifts_change_hands(two: Two) -> None:
    """T62: one for the other, also where each would overlap what the other gives away."""
    extra = await two.roster.plan(two.hua, "b-early", "2026-11-25")
    mings = await two.roster.plan(two.ming, "b-late", "2026-11-25")
    body = {"shift_id": mings["shift_id"], "with_staff_id": str(two.hua), "return_shift_id": extra["shift_id"]}
    swap = (await two.roster.call("POST", "/v1/shifts/swaps", "agent", two.ming, json=body)).json()
    await two.move(swap, "agree", "other")
    assert (await two.move(swap, "approve", "manager")).status_code == 200
    assert (await two.owner(mings), await two.owner(extra)) == (two.hua, two.ming)


@pytest.mark.parametrize("verb", VERBS)
async def test_every_state_verb_and_role_of_a_swap(two: Two, verb: str) -> None:
    """I10, T62: what isn't drawn is 409, what is another's is 403, to strangers 404; none of it writes anything."""
    swap = (await two.ask()).json()
    for state in STATES:
        decided = "decided_by = 'x', decided_at = now()" if state in ("approved", "refused") else "decided_by = NULL"
        await two.roster.desk.change(f"UPDATE shift_swap SET status = '{state}', {decided}")
        for caller in CALLERS:
            if (state, verb) in DRAWN and caller in MAY[verb]:
                continue
            before = await two.roster.footprint()
            answer = await two.move(swap, verb, caller)
            expected = 409 if caller in MAY[verb] else 403
            if caller == "stranger" and verb not in ("approve", "refuse"):
                expected = 404
            assert answer.status_code == expected, (state, verb, caller, answer.text)
            if expected == 409:
                assert (slug(answer), answer.json()["from"]) == ("transition-refused", state)
            assert await two.roster.footprint() == before
    shown = await two.roster.desk.rows("SELECT status FROM shift_swap")
    assert [row.status for row in shown] == [STATES[-1]]


@pytest.mark.parametrize(("state", "verb"), sorted(DRAWN))
async def test_every_drawn_verb_of_a_swap(two: Two, state: str, verb: str) -> None:
    """I10, T62: by whom it is for."""
    swap = (await two.ask()).json()
    if state == "agreed":
        await two.move(swap, "agree", "other")
    (caller, *_) = sorted(MAY[verb] - {"other-lead", "asking-lead"})
    answer = await two.move(swap, verb, caller)
    then = {
        "agree": "agreed",
        "decline": "declined",
        "withdraw": "withdrawn",
        "approve": "approved",
        "refuse": "refused",
    }
    assert (answer.status_code, answer.json()["status"]) == (200, then[verb])
    if verb in ("decline", "refuse"):
        assert answer.json()["decision_reason"] == "不行"


async def test_nobody_approves_their_own_swap(two: Two) -> None:
    """T62: a lead who is one of the two is refused; another decides."""
    swap = (await two.ask()).json()
    await two.move(swap, "agree", "other")
    for caller in ("asking-lead", "other-lead"):
        refused = await two.move(swap, "approve", caller)
        assert (refused.status_code, slug(refused)) == (403, "own-case")
    assert await two.owner(two.mings) == two.ming


async def test_swaps_that_are_none(two: Two) -> None:
    """T62: another's shift, oneself, somebody gone, a shift that has begun, one that is being swapped already."""
    (gone,) = await two.roster.hire(status="left")
    before = await two.roster.footprint()
    assert faults(await two.ask(shift_id=two.huas["shift_id"])) == ["/shift_id"]
    assert faults(await two.ask(with_staff_id=str(two.ming))) == ["/with_staff_id"]
    assert faults(await two.ask(with_staff_id=str(gone))) == ["/staff_id"]
    assert faults(await two.ask(return_shift_id=two.mings["shift_id"])) == ["/return_shift_id"]
    assert faults(await two.ask(reason="")) == ["/reason"]
    assert (await two.ask(shift_id=str(new_id()))).status_code == 404
    assert slug(await two.ask(with_staff_id=str(new_id()))) == "not-yet-known"
    assert await two.roster.footprint() == before
    assert (await two.ask()).status_code == 201
    assert slug(await two.ask()) == "already-exists"
    two.roster.at("09:00", TOMORROW)
    refused = await two.ask()
    assert slug(refused) == "not-now"
    cancelled = await two.roster.verb(two.mings, "cancel", role="supervisor", reason="x")
    assert cancelled.status_code == 200
    gone_shift = await two.ask()
    assert (slug(gone_shift), gone_shift.json()["from"]) == ("transition-refused", "cancelled")


async def test_a_swap_into_work_of_their_own_is_refused(two: Two) -> None:
    """T62: when it is asked for, and again when it is approved, for the roster may have changed."""
    busy = await two.roster.plan(two.hua, "b-late", TOMORROW)
    refused = await two.ask()
    assert (slug(refused), refused.json()["shift_id"]) == ("shift-overlap", busy["shift_id"])
    await two.roster.verb(busy, "cancel", role="supervisor", reason="x")
    swap = (await two.ask()).json()
    await two.move(swap, "agree", "other")
    await two.roster.plan(two.hua, "b-late", TOMORROW)
    before = await two.roster.footprint()
    assert slug(await two.move(swap, "approve", "lead")) == "shift-overlap"
    assert await two.roster.footprint() == before
    assert await two.owner(two.mings) == two.ming


async def test_a_swap_is_agreed_beforehand(two: Two) -> None:
    """T62: once the shift has begun, nothing is approved any more."""
    swap = (await two.ask()).json()
    await two.move(swap, "agree", "other")
    two.roster.at("09:00", TOMORROW)
    assert slug(await two.move(swap, "approve", "lead")) == "not-now"


async def test_twenty_approve_at_once(two: Two) -> None:
    """I5: the shift changes hands once."""
    swap = (await two.ask(back=True)).json()
    await two.move(swap, "agree", "other")
    answers = await asyncio.gather(*(two.move(swap, "approve", "lead") for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert (await two.owner(two.mings), await two.owner(two.huas)) == (two.hua, two.ming)
    assert await two.roster.desk.audits(two.mings["shift_id"]) == ["plan", "pass"]


async def test_agreeing_withdrawing_and_approving_race(two: Two) -> None:
    """I10: whatever came first, the shift has moved exactly when the swap ended approved."""
    swap = (await two.ask()).json()
    await two.move(swap, "agree", "other")
    moves = [("withdraw", "asker"), ("decline", "other"), ("approve", "lead"), ("refuse", "manager")] * 5
    answers = await asyncio.gather(*(two.move(swap, verb, caller) for verb, caller in moves))
    (done,) = [answer.json()["status"] for answer in answers if answer.status_code == 200]
    assert (await two.owner(two.mings) == two.hua) is (done == "approved")


async def test_two_swaps_of_one_shift_race(two: Two) -> None:
    """T62: one live request a shift."""
    answers = await asyncio.gather(*(two.ask() for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}


async def test_nobody_comes_to_a_swapped_shift(two: Two) -> None:
    """T62: half an hour after its start, once, also after a standstill; both who agreed on it are named."""
    swap = (await two.ask(back=True)).json()
    await two.move(swap, "agree", "other")
    await two.move(swap, "approve", "lead")
    two.roster.at("09:29", TOMORROW)
    await two.roster.fire()
    assert await two.roster.told("shift.uncovered") == []
    two.roster.at("09:30", TOMORROW)
    await two.roster.fire()
    await two.roster.fire()
    (told,) = await two.roster.told("shift.uncovered")
    assert (told["swap_id"], told["shift_id"]) == (swap["swap_id"], two.mings["shift_id"])
    assert (told["staff_id"], told["swapped_with_staff_id"]) == (str(two.hua), str(two.ming))
    two.roster.at("12:00", AFTER)
    await two.roster.fire()
    assert len(await two.roster.told("shift.uncovered")) == 1
    two.roster.at("23:00", "2026-11-25")
    await two.roster.fire()
    late = await two.roster.told("shift.uncovered")
    assert [one["staff_id"] for one in late] == [str(two.hua), str(two.ming)]


async def test_somebody_comes_late_or_the_shift_is_cancelled(two: Two) -> None:
    """T62: covered is covered; a shift that nobody needs any more is not uncovered."""
    swap = (await two.ask(back=True)).json()
    await two.move(swap, "agree", "other")
    await two.move(swap, "approve", "lead")
    two.roster.at("09:29", TOMORROW)
    assert (await two.roster.verb(two.mings, "start", two.hua)).status_code == 200
    cancelled = await two.roster.verb(two.huas, "cancel", role="supervisor", reason="停业")
    assert cancelled.status_code == 200
    two.roster.clock.advance(3 * 24 * 60 * MINUTE)
    await two.roster.fire()
    assert await two.roster.told("shift.uncovered") == []


async def test_a_shift_swapped_on_is_the_last_swaps(two: Two) -> None:
    """T62: only those of the last swap answer for it."""
    (kai,) = await two.roster.hire()
    swap = (await two.ask()).json()
    await two.move(swap, "agree", "other")
    await two.move(swap, "approve", "lead")
    body = {"shift_id": two.mings["shift_id"], "with_staff_id": str(kai)}
    second = (await two.roster.call("POST", "/v1/shifts/swaps", "agent", two.hua, json=body)).json()
    path = f"/v1/shifts/swaps/{second['swap_id']}"
    await two.roster.call("POST", f"{path}/agree", "agent", kai)
    await two.roster.call("POST", f"{path}/approve", "supervisor")
    two.roster.at("10:00", TOMORROW)
    await two.roster.fire()
    (told,) = await two.roster.told("shift.uncovered")
    assert (told["swap_id"], told["staff_id"], told["swapped_with_staff_id"]) == (
        second["swap_id"],
        str(kai),
        str(two.hua),
    )


async def test_who_sees_which_swaps(two: Two) -> None:
    """T62, X1: those it concerns, and leads of the shop; strangers find nothing."""
    swap = (await two.ask()).json()
    for role, by, options, seen in (
        ("agent", two.ming, {}, True), ("agent", two.hua, {}, True), ("agent", new_id(), {}, False),
        ("supervisor", new_id(), {}, True), ("supervisor", new_id(), {"shops": ["tea"]}, False),
        ("manager", None, {}, True), ("agent", None, {}, False),
    ):  # fmt: skip
        listed = await two.roster.call("GET", "/v1/shifts/swaps?status=requested", role, by, **options)
        assert [one["swap_id"] for one in listed.json()["items"]] == [swap["swap_id"]] * seen
        shown = await two.roster.call("GET", f"/v1/shifts/swaps/{swap['swap_id']}", role, by, **options)
        assert shown.status_code == (200 if seen else 404)
