"""What has to happen within which time: the tables of T41, T42 and T43, and due times of tickets worked out by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from calendar_hand import CALENDARS, instant_of
from clock_bench import TIERS, paused, resumed, started
from pydantic import BaseModel, ValidationError
from stage import Starter

from contracts.customer.customer import Tier
from contracts.ticket.aftercare import Lateness
from contracts.ticket.clock import ClockKind
from contracts.ticket.ticket import TicketKind
from kit.policy import PolicyKind
from services.ticket.calendar.reckoning import Calendar
from services.ticket.clock.policy import (
    EMERGENCY_CONTAINMENT,
    FIRST_REPLY_LOAD,
    HOUR,
    SLA_TARGETS,
    EmergencyContainment,
    FirstReplyLoad,
    SlaCase,
    SlaTargets,
    case_of,
    check_containment,
    check_load,
    check_targets,
)

K = ClockKind
TARGETS = SLA_TARGETS.default
KINDS: tuple[PolicyKind[Any], ...] = (SLA_TARGETS, FIRST_REPLY_LOAD, EMERGENCY_CONTAINMENT)
RETURN_LEGS = {K.AGREE: 24, K.SHIP_BACK: 56, K.INSPECT: 24, K.PAY_OUT: 8, K.CALL_BACK: 48}
# The table of T43, in business hours.
TABLE: dict[SlaCase, dict[ClockKind, int]] = {
    SlaCase.COMPLAINT: {K.FIRST_REPLY: 1, K.NEXT_REPLY: 4, K.SOLUTION: 24},
    SlaCase.REFUND_UNSHIPPED: {K.FIRST_REPLY: 1, K.NEXT_REPLY: 4, K.SOLUTION: 8},
    SlaCase.RETURN: RETURN_LEGS,
    SlaCase.EXCHANGE: RETURN_LEGS | {K.RESEND: 24},
    SlaCase.RESEND: {K.RESEND: 24},
    SlaCase.BAD_REVIEW: {K.FIRST_REPLY: 4, K.SOLUTION: 24},
    SlaCase.MERCHANT_REPORT: {K.FIRST_REPLY: 4, K.NEXT_REPLY: 24, K.SOLUTION: 72},
    SlaCase.INQUIRY: {K.FIRST_REPLY: 2, K.NEXT_REPLY: 8, K.SOLUTION: 24},
    SlaCase.FAULT_REPORT: {K.FIRST_REPLY: 2, K.NEXT_REPLY: 8, K.SOLUTION: 24},
    SlaCase.SERVICE_REQUEST: {K.FIRST_REPLY: 4, K.NEXT_REPLY: 8, K.SOLUTION: 48},
    SlaCase.SUGGESTION: {K.SOLUTION: 120},
    SlaCase.EMERGENCY: {},
}


@pytest.mark.parametrize("case", SlaCase)
def test_the_default_table(case: SlaCase) -> None:
    """T43: every kind, every clock, and no clock that the table doesn't name."""
    for kind in ClockKind:
        hours = TABLE[case].get(kind)
        assert TARGETS.seconds(case, kind, None) == (None if hours is None else hours * HOUR)


@pytest.mark.parametrize("kind", TicketKind)
def test_every_kind_of_ticket_has_its_line(kind: TicketKind) -> None:
    assert case_of(kind) in TARGETS.targets


@pytest.mark.parametrize("tier", TIERS)
def test_a_key_customer_waits_half_as_long(tier: Tier | None) -> None:
    """C16, T58"""
    expected = 1800 if tier is Tier.KEY else 3600
    assert TARGETS.seconds(SlaCase.COMPLAINT, K.FIRST_REPLY, tier) == expected


def test_a_target_is_whole_seconds_rounded_half_up() -> None:
    """X4"""
    assert [TARGETS.for_tier(seconds, Tier.KEY) for seconds in (1, 3, 61, 60)] == [1, 2, 31, 30]


@pytest.mark.parametrize(
    ("chats", "tier", "seconds", "overflow"),
    [
        (1, None, 60, False), (4, None, 60, False), (4, Tier.KEY, 30, False), (5, None, 60, False),
        (5, Tier.KEY, 30, False), (6, None, 300, False), (10, None, 300, False), (10, Tier.KEY, 150, False),
        (11, None, 600, False), (20, None, 600, False), (20, Tier.SMALL, 600, False), (21, None, 600, True),
        (21, Tier.KEY, 300, True), (500, None, 600, True),
    ],
)  # fmt: skip
def test_the_first_reply_by_open_chats(chats: int, tier: Tier | None, seconds: int, overflow: bool) -> None:
    """T41: the new one is among them; beyond twenty an auto-reply goes out, and the clock runs on."""
    target = FIRST_REPLY_LOAD.default.target(chats)
    assert (TARGETS.for_tier(target.seconds, tier), target.overflow) == (seconds, overflow)


@pytest.mark.parametrize(
    ("milliseconds", "lateness"),
    [
        (0, Lateness.IN_TIME), (600_000, Lateness.IN_TIME), (600_001, Lateness.MODERATE),
        (1_800_000, Lateness.MODERATE), (1_800_001, Lateness.SEVERE), (86_400_000, Lateness.SEVERE),
    ],
)  # fmt: skip
def test_how_late_an_emergency_was_contained(milliseconds: int, lateness: Lateness) -> None:
    """T42: 10:00.000 is in time, anything later moderate."""
    assert EMERGENCY_CONTAINMENT.default.lateness(timedelta(milliseconds=milliseconds)) is lateness


def test_what_stands_still_while_the_customer_is_waited_for() -> None:
    """T43, T48: everything but a first reply, which nobody has given yet, what goes by the clock on the wall, and the
    leg that is the customer's own (T47)."""
    assert set(ClockKind) - TARGETS.paused_in_waiting == {K.FIRST_REPLY, K.CONTAINMENT, K.SHIP_BACK}


def changed(policy: BaseModel, **changes: Any) -> dict[str, Any]:
    return {**policy.model_dump(mode="json"), **changes}


def found(kind: PolicyKind[Any], given: dict[str, Any]) -> list[str]:
    return [fault.pointer for fault in kind.check(kind.document.model_validate(given))]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"paused_in_waiting": ["first_reply"]}, ["/paused_in_waiting"]),
        ({"paused_in_waiting": ["containment", "solution"]}, ["/paused_in_waiting"]),
        ({"targets": {"emergency": {"containment": 600}}}, ["/targets/emergency/containment"]),
        ({"tier_factors": {"key": "0.00"}}, ["/tier_factors/key"]),
        ({"targets": {}}, []),
        ({"tier_factors": {}}, []),
    ],
)
def test_what_the_shape_of_the_targets_cannot_say(change: dict[str, Any], where: list[str]) -> None:
    assert found(SLA_TARGETS, changed(TARGETS, **change)) == where
    assert SLA_TARGETS.check is check_targets


@pytest.mark.parametrize(
    "change",
    [
        {"targets": {"complaints": {"solution": 5}}}, {"targets": {"complaint": {"reply": 5}}},
        {"targets": {"complaint": {"solution": 0}}}, {"targets": {"complaint": {"solution": 1.5}}},
        {"targets": {"complaint": {"solution": 3_600_001}}}, {"tier_factors": {"gold": "1.00"}},
        {"tier_factors": {"key": 0.5}}, {"tier_factors": {"key": "-0.50"}}, {"warn_percent": 0},
        {"warn_percent": 100}, {"warn_percent": "80"}, {"paused_in_waiting": ["lunch"]}, {"grace": 5},
    ],
)  # fmt: skip
def test_targets_of_no_shape_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SlaTargets.model_validate(changed(TARGETS, **change))


def steps(*pairs: tuple[int, int]) -> dict[str, Any]:
    return {"steps": [{"up_to": up_to, "seconds": seconds} for up_to, seconds in pairs], "overflow_seconds": 600}


def test_steps_rise() -> None:
    assert found(FIRST_REPLY_LOAD, steps((5, 60), (5, 300))) == ["/steps/1/up_to"]
    assert found(FIRST_REPLY_LOAD, steps((5, 60), (10, 300), (7, 600))) == ["/steps/2/up_to"]
    assert found(FIRST_REPLY_LOAD, steps((5, 60), (10, 30))) == []
    assert FIRST_REPLY_LOAD.check is check_load
    for bad in (steps(), steps((0, 60)), steps((5, 0))):
        with pytest.raises(ValidationError):
            FirstReplyLoad.model_validate(bad)


def test_severe_comes_after_moderate() -> None:
    assert found(EMERGENCY_CONTAINMENT, {"in_time_seconds": 600, "moderate_seconds": 600}) == ["/moderate_seconds"]
    assert EMERGENCY_CONTAINMENT.check is check_containment
    with pytest.raises(ValidationError):
        EmergencyContainment.model_validate({"in_time_seconds": 0, "moderate_seconds": 5})


async def test_the_migration_ships_the_defaults(start_service: Starter) -> None:
    async with start_service("ticket") as ticket:
        for kind in KINDS:
            answer = await ticket.call("GET", f"/v1/policies/ticket/{kind.name}", "manager")
            assert kind.document.model_validate(answer.json()["in_force"]["document"]) == kind.default
            assert answer.json()["title_zh"] != kind.name


# A clock of a ticket: its calendar, line, kind and tier; when it starts; its pause; when it warns and when it is due.
TICKETS = """
office complaint first_reply -      | Fri 2026-11-20 11:30 |                        | Fri 11-20 13:18 | Fri 11-20 13:30
office complaint first_reply key    | Fri 2026-11-20 17:45 |                        | Mon 11-23 09:09 | Mon 11-23 09:15
office complaint next_reply -       | Fri 2026-11-20 16:00 |                        | Mon 11-23 10:12 | Mon 11-23 11:00
office complaint next_reply key     | Fri 2026-11-20 16:00 |                        | Fri 11-20 17:36 | Fri 11-20 18:00
office complaint solution -         | Sat 2026-11-21 12:00 |                        | Wed 11-25 13:12 | Wed 11-25 18:00
office complaint solution key       | Sat 2026-11-21 12:00 |                        | Tue 11-24 10:36 | Tue 11-24 14:00
office complaint solution small     | Wed 2026-09-30 18:00 |                        | Sat 10-10 13:12 | Sat 10-10 18:00
office inquiry solution -           | Mon 2026-11-23 09:00 | Mon 10:00 .. Mon 15:00 | Wed 11-25 17:12 | Thu 11-26 14:00
office inquiry solution -           | Mon 2026-11-23 09:00 | Mon 11:00 .. Mon 11:00 | Wed 11-25 13:12 | Wed 11-25 18:00
office refund_unshipped solution -  | Mon 2026-11-23 09:00 | Mon 11:00 .. Tue 11:00 | Tue 11-24 16:24 | Tue 11-24 18:00
office refund_unshipped solution -  | Mon 2026-11-23 09:00 | Mon 12:30 .. Mon 12:45 | Mon 11-23 16:24 | Mon 11-23 18:00
office return agree -               | Fri 2026-11-20 09:00 | Fri 18:00 .. Mon 09:00 | Tue 11-24 13:12 | Tue 11-24 18:00
office return agree -               | Fri 2026-11-20 09:00 | Sat 11:00 .. Mon 08:00 | Tue 11-24 13:12 | Tue 11-24 18:00
office return pay_out key           | Tue 2026-11-24 16:00 | Wed 09:00 .. Fri 09:00 | Fri 11-27 10:12 | Fri 11-27 11:00
office return pay_out key           | Tue 2026-09-29 16:00 | Wed 09:00 .. Thu 09:00 | Thu 10-08 10:12 | Thu 10-08 11:00
office suggestion solution -        | Mon 2026-11-23 10:00 |                        | Wed 12-09 10:00 | Mon 12-14 10:00
office resend resend key            | Wed 2025-12-31 14:00 |                        | Sun 01-04 15:36 | Sun 01-04 18:00
office exchange resend -            | Thu 2026-12-31 09:00 |                        | Mon 01-04 13:12 | Mon 01-04 18:00
office merchant_report solution -   | Mon 2026-11-23 09:00 | Tue 09:00 .. Thu 09:00 | Fri 12-04 10:36 | Mon 12-07 18:00
night complaint first_reply -       | Fri 2026-11-20 23:30 |                        | Sat 11-21 00:18 | Sat 11-21 00:30
night complaint next_reply key      | Sat 2026-11-21 01:00 |                        | Mon 11-23 20:36 | Mon 11-23 21:00
night inquiry next_reply -          | Mon 2026-11-23 20:00 | Mon 23:00 .. Tue 01:00 | Tue 11-24 22:24 | Wed 11-25 00:00
new-york complaint first_reply key  | Fri 2026-11-20 16:45 |                        | Mon 11-23 09:09 | Mon 11-23 09:15
new-york complaint solution -       | Thu 2026-10-29 09:00 |                        | Mon 11-02 12:12 | Mon 11-02 17:00
new-york refund_unshipped solution - | Fri 2026-03-06 09:00 | Fri 10:00 .. Mon 10:00 | Mon 03-09 15:24 | Mon 03-09 17:00
"""


def tickets() -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in line.split("|")) for line in TICKETS.strip().splitlines()]


def seen(calendar: Calendar, at: datetime) -> str:
    return f"{at.astimezone(calendar.hours.time_zone):%a %m-%d %H:%M}"


def soon(calendar: Calendar, start: datetime, text: str) -> datetime:
    """The next `Fri 10:00` from `start` on."""
    day = start.astimezone(calendar.hours.time_zone).date()
    while f"{day:%a}" != text[:3]:
        day += timedelta(days=1)
    return instant_of(f"{day:%a %Y-%m-%d} {text[4:]}", calendar)


@pytest.mark.parametrize("line", tickets(), ids=lambda line: f"{line[0]}, {line[1]}")
def test_clocks_worked_out_by_hand(line: tuple[str, ...]) -> None:
    """T43, T58: targets, factors, calendars and pauses together."""
    what, begins, pause, warns, due = line
    name, case, kind, tier = what.split()
    calendar = CALENDARS[name.replace("-", " ")]
    seconds = TARGETS.seconds(SlaCase(case), ClockKind(kind), None if tier == "-" else Tier(tier))
    assert seconds is not None
    start = instant_of(begins, calendar)
    clock = started(start, calendar, seconds)
    if pause:
        stops, goes_on = (soon(calendar, start, text) for text in pause.split(" .. "))
        paused(clock, stops, calendar)
        resumed(clock, goes_on, calendar)
    assert seen(calendar, clock.warn_at) == warns
    assert seen(calendar, clock.due_at) == due
    assert clock.due_at.second == clock.due_at.microsecond == 0


def test_the_table_of_tickets_says_each_thing_once() -> None:
    assert len(tickets()) == len(set(tickets())) >= 20
