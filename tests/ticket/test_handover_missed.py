"""T46, A12: a shift that nobody hands over in time is told of, once."""

import asyncio

import pytest
from handover_desk import Change
from roster_desk import HOUR, MINUTE, Roster
from stage import Starter

from kit.clock import FrozenClock


@pytest.mark.parametrize("signed_at", [None, "20:15", "20:16"])
async def test_a_handover_is_missed_exactly_once(change: Change, signed_at: str | None) -> None:
    """T46, A12: nothing signed within fifteen minutes of the planned end; once, also after a standstill."""
    sheet = await change.draft()
    if signed_at == "20:15":
        change.roster.at("20:15")
        assert (await change.move(sheet, "sign", "outgoing")).status_code == 200
    change.roster.at("20:14") if signed_at is None else None
    if signed_at is None:
        await change.roster.fire()
        assert await change.roster.told("shift.handover_missed") == []
    change.roster.at("23:30")
    for _ in range(3):
        await change.roster.fire()
    told = [one for one in await change.roster.told("shift.handover_missed") if one["staff_id"] == str(change.ming)]
    if signed_at == "20:15":
        assert told == []
        return
    (once,) = told
    assert (once["shift_id"], once["due_at"], once["preset"]) == (
        change.shift["shift_id"],
        "2026-11-21T12:15:00Z",
        "b-early",
    )
    shown = await change.roster.call("GET", f"/v1/handovers/{sheet['handover_id']}", "agent", change.ming)
    assert shown.json()["missed"] is True
    late = await change.move(sheet, "sign", "outgoing")
    assert (late.status_code, late.json()["missed"]) == (200, True)
    await change.roster.fire()
    assert (
        len([one for one in await change.roster.told("shift.handover_missed") if one["staff_id"] == str(change.ming)])
        == 1
    )


async def test_nobody_misses_what_was_not_due(roster: Roster) -> None:
    """T46: a shift nobody came to has nothing to hand over; neither has one whose preset says so."""
    ming, hua = await roster.hire(2)
    preset = {"zh": "帮手", "en": "helper", "segments": [{"starts": "09:00", "ends": "20:00"}], "hands_over": False}
    document = {"zone": "Asia/Shanghai", "presets": {"helper": preset}}
    planned = await roster.plan(ming)
    path = "/v1/policies/ticket/shift-presets/versions"
    saved = await roster.call("POST", path, "manager", json={"document": document, "reason": "试"})
    assert saved.status_code == 201
    await roster.on_shift(hua, preset="helper")
    roster.clock.advance(48 * HOUR)
    await roster.fire()
    assert await roster.told("shift.handover_missed") == []
    assert (await roster.call("GET", f"/v1/shifts/{planned['shift_id']}")).json()["status"] == "missed"


async def test_whoever_stays_on_for_customers_hands_over_when_they_leave(roster: Roster) -> None:
    """T44, T46: while a customer waits after midnight, nothing is missed yet; gone without a sheet, it is."""
    (ming,) = await roster.hire()
    await roster.group("service", ming)
    shift = await roster.plan(ming, "b-late")
    roster.at("13:00")
    await roster.verb(shift, "start")
    chat = await roster.desk.open(kind="inquiry")
    roster.at("00:15", "2026-11-22")
    await roster.fire()
    assert await roster.told("shift.handover_missed") == []
    await roster.desk.verb(chat, "cancel", reason="已走")
    roster.clock.advance(14 * MINUTE)
    await roster.fire()
    assert await roster.told("shift.handover_missed") == []
    roster.clock.advance(2 * MINUTE)
    await roster.fire()
    assert len(await roster.told("shift.handover_missed")) == 1


async def test_two_processes_find_one_missed_handover(
    start_service: Starter, change: Change, clock: FrozenClock
) -> None:
    """T46: both look for what is due at the same time, again and again, after a standstill: it is told once."""
    url = change.roster.desk.client.runtime.settings.database_url.get_secret_value()
    async with start_service("ticket", database_url=url, clock=clock) as other:
        change.roster.at("23:00")
        for _ in range(3):
            await asyncio.gather(
                other.runtime.timers.fire_due(), change.roster.fire(), other.runtime.timers.fire_due()
            )
    told = [one for one in await change.roster.told("shift.handover_missed") if one["staff_id"] == str(change.ming)]
    assert len(told) == 1
