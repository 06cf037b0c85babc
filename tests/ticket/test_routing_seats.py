"""T4, T41: who gets a ticket: the least-loaded on shift, round robin on ties, never above the limit, never below none."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from roster_desk import Roster, slug

from contracts.customer.customer import Tier
from contracts.ticket.ticket import IntakeChannel, TicketKind
from kit.ids import new_id
from kit.principals import system
from kit.problems import Problem
from services.ticket.routing import service as routing
from services.ticket.routing.service import Routed, Sought

ACTOR = system("test")


def sought(**facts: Any) -> Sought:
    plain = {
        "kind": TicketKind.INQUIRY,
        "category": None,
        "shop": "main",
        "tier": None,
        "channel": IntakeChannel.CHAT,
    }
    return Sought(**{**plain, **facts})


async def route(roster: Roster, **facts: Any) -> Routed:
    async with roster.desk.client.transactions.begin(ACTOR) as work:
        return await routing.route(work, sought(**facts))


async def release(roster: Roster, staff_id: UUID, channel: IntakeChannel = IntakeChannel.CHAT) -> None:
    async with roster.desk.client.transactions.begin(ACTOR) as work:
        await routing.release(work, staff_id, channel)


async def take(roster: Roster, staff_id: UUID, channel: IntakeChannel = IntakeChannel.CHAT, **how: Any) -> int:
    async with roster.desk.client.transactions.begin(ACTOR) as work:
        return await routing.take(work, staff_id, channel, **how)


async def limit(roster: Roster, **facts: Any) -> None:
    document = {"open_chats": 20, "open_tickets": None, "hand_assignment_may_exceed": False, **facts}
    saved = await roster.call(
        "POST", "/v1/policies/ticket/desk-load/versions", "manager", json={"document": document, "reason": "试"}
    )
    assert saved.status_code == 201, saved.text


async def test_without_groups_nothing_changes(roster: Roster) -> None:
    """T4: a company that has made no group has a queue for everybody."""
    (ming,) = await roster.hire()
    await roster.on_shift(ming)
    assert await route(roster) == Routed(None, None, None, overflow=False, policy_version=1)
    assert await roster.seats() == {}


async def test_fifty_at_once_for_three_with_a_limit_of_five(roster: Roster) -> None:
    """T4: nobody above five, all three full, the rest queued as overflow; told to each is how many they have."""
    people = await roster.hire(3)
    await roster.group("service", *people)
    await roster.on_shift(*people)
    await limit(roster, open_chats=5)
    found = await asyncio.gather(*(route(roster) for _ in range(50)))
    given = [one for one in found if one.staff_id is not None]
    queued = [one for one in found if one.staff_id is None]
    assert (len(given), len(queued)) == (15, 35)
    assert Counter(one.staff_id for one in given) == dict.fromkeys(people, 5)
    assert {(one.group, one.overflow, one.open_chats) for one in queued} == {("service", True, None)}
    for staff_id in people:
        assert sorted(one.open_chats or 0 for one in given if one.staff_id == staff_id) == [1, 2, 3, 4, 5]
    assert await roster.seats() == dict.fromkeys(people, (5, 5))


@pytest.mark.parametrize(("tickets", "people"), [(20, 3), (20, 7), (1, 3), (30, 4)])
async def test_many_at_once_are_spread_evenly(roster: Roster, tickets: int, people: int) -> None:
    """T4: after any number of openings at once, nobody has two more than another."""
    staff = await roster.hire(people)
    await roster.group("service", *staff)
    await roster.on_shift(*staff)
    found = await asyncio.gather(*(route(roster) for _ in range(tickets)))
    counted = Counter(one.staff_id for one in found)
    shares = [counted.get(one, 0) for one in staff]
    assert sum(shares) == tickets
    assert max(shares) - min(shares) <= 1


async def test_openings_and_endings_at_once_keep_the_count(roster: Roster) -> None:
    """T4: seats are what is open, whatever comes and goes; never below none."""
    people = await roster.hire(3)
    await roster.group("service", *people)
    await roster.on_shift(*people)
    await asyncio.gather(*(route(roster) for _ in range(12)))
    await asyncio.gather(*(route(roster) for _ in range(10)), *(release(roster, people[n % 3]) for n in range(9)))
    seats = await roster.seats()
    assert sum(chats for _, chats in seats.values()) == 12 + 10 - 9
    assert all(tickets == chats for tickets, chats in seats.values())
    await asyncio.gather(*(release(roster, one) for one in people for _ in range(20)))
    assert await roster.seats() == dict.fromkeys(people, (0, 0))
    await release(roster, new_id())  # somebody who never had anything
    assert len(await roster.seats()) == 3


async def test_the_least_loaded_then_whose_turn_it_is(roster: Roster) -> None:
    """T4: round robin on ties, by who was given something longest ago."""
    people = await roster.hire(3)
    await roster.group("service", *people)
    await roster.on_shift(*people)
    order = [(await route(roster)).staff_id for _ in range(3)]
    assert sorted(filter(None, order)) == people
    for staff_id in (people[2], people[0], people[1]):
        await release(roster, staff_id)
    assert [(await route(roster)).staff_id for _ in range(3)] == order, "the turn, not the order of the endings"
    await release(roster, people[1])
    assert (await route(roster)).staff_id == people[1], "the least-loaded comes before the turn"


async def test_chats_count_for_chats_and_the_rest_for_the_rest(roster: Roster) -> None:
    """T4, T41: the limit is one of chats; e-mails don't take a chat's seat but weigh on a tie."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming, hua)
    await roster.on_shift(ming, hua)
    await limit(roster, open_chats=1)
    mails = [await route(roster, channel=IntakeChannel.EMAIL) for _ in range(4)]
    assert {one.open_chats for one in mails} == {None}
    assert await roster.seats() == {ming: (2, 0), hua: (2, 0)}
    first = await route(roster)
    assert (first.open_chats, (await route(roster)).open_chats) == (1, 1)
    full = await route(roster)
    assert (full.staff_id, full.overflow) == (None, True)
    mail = await route(roster, channel=IntakeChannel.PHONE)
    assert (mail.staff_id is not None, mail.overflow) == (True, False)


async def test_a_limit_of_all_tickets(roster: Roster) -> None:
    """T4, X3: where a company sets one."""
    (ming,) = await roster.hire()
    await roster.group("service", ming)
    await roster.on_shift(ming)
    await limit(roster, open_tickets=2)
    found = [await route(roster, channel=IntakeChannel.EMAIL) for _ in range(3)]
    assert [one.staff_id for one in found] == [ming, ming, None]


async def test_when_all_are_full_the_overflow_group_helps(roster: Roster) -> None:
    """T4, T41: it helps before anything waits; when it is full too, the ticket waits in its own group."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming)
    await roster.group("overflow", hua)
    await roster.on_shift(ming, hua)
    await limit(roster, open_chats=2)
    found = [await route(roster) for _ in range(5)]
    assert [(one.group, one.staff_id, one.overflow) for one in found] == [
        ("service", ming, False), ("service", ming, False), ("overflow", hua, True), ("overflow", hua, True),
        ("service", None, True),
    ]  # fmt: skip


async def test_nobody_on_shift_is_no_overflow(roster: Roster) -> None:
    """T4: nobody on shift → the group's queue; the overflow group is for full hands, not for closed doors."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming)
    await roster.group("overflow", hua)
    await roster.on_shift(hua)
    assert await route(roster) == Routed("service", None, None, overflow=False, policy_version=1)


async def test_key_customers_go_to_their_group(roster: Roster) -> None:
    """T4, T58: also when it is closed: the ticket waits there; a group without anybody in it is no group."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming)
    key = await roster.group("key")
    await roster.on_shift(ming, hua)
    assert (await route(roster, tier=Tier.KEY)).staff_id == ming
    await roster.call("PUT", f"/v1/groups/{key['group_id']}/members/{hua}", json={})
    assert (await route(roster, tier=Tier.KEY)).staff_id == hua
    await roster.call("POST", f"/v1/groups/{key['group_id']}/retire")
    assert (await route(roster, tier=Tier.KEY)).staff_id == ming


async def test_only_who_is_here_gets_work(roster: Roster) -> None:
    """T4, T44, A10: not planned, not away, not at a meal, not in the warehouse, not suspended, not gone home."""
    names = ("here", "planned", "away", "meal", "warehouse", "suspended", "ended")
    people = dict(zip(names, await roster.hire(len(names)), strict=True))
    await roster.group("service", *people.values())
    shifts: dict[str, dict[str, Any]] = {}
    for name, staff_id in people.items():
        if name == "warehouse":
            start, end = roster.clock.now(), roster.clock.now().replace(hour=10)
            shifts[name] = await roster.plan_own(staff_id, start, end, duty="warehouse")
        else:
            shifts[name] = await roster.plan(staff_id)
        if name != "planned":
            assert (await roster.verb(shifts[name], "start")).status_code == 200
    await roster.verb(shifts["away"], "presence", verb="away", reason="取件")
    await roster.verb(shifts["meal"], "presence", verb="meal")
    await roster.verb(shifts["ended"], "end")
    await roster.desk.change(
        "UPDATE staff_copy SET status = 'suspended' WHERE staff_id = :one", one=people["suspended"]
    )
    assert {(await route(roster)).staff_id for _ in range(7)} == {people["here"]}
    await roster.verb(shifts["away"], "presence", verb="back")
    assert (await route(roster)).staff_id == people["away"]


async def test_skills_of_the_group_and_of_the_ticket(roster: Roster) -> None:
    """T4: who lacks what the group wants gets nothing; a skill nobody has doesn't leave a customer alone."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming, hua, skills={hua: ["english"]})
    await roster.on_shift(ming, hua)
    assert {(await route(roster, skills=frozenset({"english"}))).staff_id for _ in range(3)} == {hua}
    assert (await route(roster, skills=frozenset({"greek"}))).staff_id == ming


async def test_a_line_sends_tickets_to_those_who_are_good_at_it(roster: Roster) -> None:
    """T4: a shop abroad is answered in English; where nobody speaks it, anybody of the group answers."""
    ming, lin = await roster.hire(2)
    await roster.group("service", ming, lin, skills={lin: ["english"]})
    lines = [{"shops": ["overseas"], "needs": ["english"], "group": "service"}]
    document = {"rules": lines, "fallback": "service", "overflow": None}
    saved = await roster.call(
        "POST", "/v1/policies/ticket/routing-rules/versions", "manager", json={"document": document, "reason": "试"}
    )
    assert saved.status_code == 201, saved.text
    await roster.on_shift(ming, lin)
    assert [(await route(roster, shop="overseas")).staff_id for _ in range(3)] == [lin] * 3
    assert (await route(roster)).staff_id == ming


async def test_a_group_wants_skills_of_all_its_members(roster: Roster) -> None:
    """T4."""
    ming, hua = await roster.hire(2)
    made = await roster.call("POST", "/v1/groups", json={"code": "service", "name": "英语组", "skills": ["english"]})
    group_id = made.json()["group_id"]
    for staff_id, skills in ((ming, []), (hua, ["english"])):
        await roster.call("PUT", f"/v1/groups/{group_id}/members/{staff_id}", json={"skills": skills})
    await roster.on_shift(ming, hua)
    assert {(await route(roster)).staff_id for _ in range(3)} == {hua}


async def test_hands_are_full_for_leads_too(roster: Roster) -> None:
    """T4: given out by hand, the limit holds, unless the policy lets leads exceed it; work that is passed on at the
    end of a shift always finds its place (T46)."""
    (ming,) = await roster.hire()
    await limit(roster, open_chats=2)
    assert [await take(roster, ming) for _ in range(2)] == [1, 2]
    with pytest.raises(Problem) as refused:
        await take(roster, ming)
    assert (refused.value.slug, refused.value.facts) == ("desk-full", {"limit": 2})
    assert await roster.seats() == {ming: (2, 2)}
    assert await take(roster, ming, passed_on=True) == 3
    assert await take(roster, ming, IntakeChannel.EMAIL) == 3


async def test_a_policy_may_let_leads_exceed(roster: Roster) -> None:
    """T4, X3."""
    (ming,) = await roster.hire()
    await limit(roster, open_chats=1, hand_assignment_may_exceed=True)
    assert [await take(roster, ming) for _ in range(3)] == [1, 2, 3]


async def test_twenty_take_by_hand_at_once(roster: Roster) -> None:
    """T4: never above the limit."""
    (ming,) = await roster.hire()
    await limit(roster, open_chats=5)
    found = await asyncio.gather(*(take(roster, ming) for _ in range(20)), return_exceptions=True)
    assert sorted(one for one in found if isinstance(one, int)) == [1, 2, 3, 4, 5]
    assert {one.slug for one in found if isinstance(one, Problem)} == {"desk-full"}


async def test_tickets_of_one_person_in_two_groups_at_once(roster: Roster) -> None:
    """T4: two groups give out at the same time; their common member is never filled twice."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming)
    await roster.group("key", ming, hua)
    await roster.on_shift(ming, hua)
    await limit(roster, open_chats=4)
    found = await asyncio.gather(
        *(route(roster) for _ in range(10)), *(route(roster, tier=Tier.KEY) for _ in range(10))
    )
    assert await roster.seats() == {ming: (4, 4), hua: (4, 4)}
    assert Counter(one.staff_id for one in found) == {ming: 4, hua: 4, None: 12}


async def test_opened_tickets_find_their_agents(roster: Roster) -> None:
    """T4, T1: through the door: twenty openings at once are assigned, told and spread; an ended one frees its seat."""
    people = await roster.hire(3)
    await roster.group("service", *people)
    await roster.on_shift(*people)
    tickets = await asyncio.gather(*(roster.desk.open(kind="inquiry") for _ in range(20)))
    counted = Counter(ticket["assignee_staff_id"] for ticket in tickets)
    assert set(counted) == {str(one) for one in people}
    assert max(counted.values()) - min(counted.values()) <= 1
    seats = await roster.seats()
    assert {str(one): seats[one][1] for one in people} == counted
    ticket = tickets[0]
    assert (await roster.desk.subjects(ticket["ticket_id"]))[:2] == ["ticket.opened", "ticket.assigned"]
    cancelled = await roster.desk.verb(ticket, "cancel", reason="开错了")
    assert cancelled.status_code == 200
    after = await roster.seats()
    assert sum(chats for _, chats in after.values()) == 19


async def test_a_full_desk_is_told_over_http(roster: Roster) -> None:
    """T4: a lead who gives out by hand learns that the desk is full, and nothing changes."""
    (ming,) = await roster.hire()
    await limit(roster, open_chats=1)
    first, second = [await roster.desk.open(kind="inquiry") for _ in range(2)]
    body = {"staff_id": str(ming)}
    given = await roster.desk.verb(first, "assign", "supervisor", **body)
    assert given.status_code == 200, given.text
    refused = await roster.desk.verb(second, "assign", "supervisor", **body)
    assert (refused.status_code, slug(refused)) == (409, "desk-full")
    shown = await roster.desk.call("GET", f"/v1/tickets/{second['ticket_id']}")
    assert shown.json()["assignee_staff_id"] is None


async def test_two_who_give_each_other_work_never_wait_for_each_other(roster: Roster) -> None:
    """T4: transfers in both directions at once: none is refused, and the seats are what is open."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming, hua)
    await roster.on_shift(ming, hua)
    tickets = [await roster.desk.open(kind="inquiry") for _ in range(12)]
    other = {str(ming): str(hua), str(hua): str(ming)}
    answers = await asyncio.gather(
        *(roster.desk.verb(one, "assign", "supervisor", staff_id=other[one["assignee_staff_id"]]) for one in tickets)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await roster.seats() == {ming: (6, 6), hua: (6, 6)}
