"""T4: waiting tickets reach whoever has a hand free: what is due first first, nobody above the limit, each once."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from roster_desk import HOUR, Roster

from kit.testing.poll import eventually
from services.ticket.dispatch import loop


async def waiting(roster: Roster, count: int, **facts: Any) -> list[dict[str, Any]]:
    """Tickets that nobody has."""
    tickets = [await roster.desk.open(kind="inquiry", **facts) for _ in range(count)]
    assert {ticket["assignee_staff_id"] for ticket in tickets} == {None}
    return tickets


async def owners(roster: Roster) -> list[UUID | None]:
    found = await roster.desk.rows("SELECT assignee_staff_id FROM ticket ORDER BY ticket_id")
    return [row.assignee_staff_id for row in found]


async def settle(roster: Roster, expected: list[UUID | None]) -> None:
    """What waits is given out, by us or by the process's own loop, until the tickets are whose they should be."""

    async def so() -> bool:
        await roster.give_out()
        return await owners(roster) == expected

    await eventually(so)


async def limit(roster: Roster, chats: int) -> None:
    document = {"open_chats": chats, "open_tickets": None, "hand_assignment_may_exceed": False}
    path = "/v1/policies/ticket/desk-load/versions"
    saved = await roster.call("POST", path, "manager", json={"document": document, "reason": "试"})
    assert saved.status_code == 201, saved.text


async def test_the_queue_is_given_out_when_somebody_signs_in(roster: Roster) -> None:
    """T4: by the process itself, within a second or so; told as routed, by dispatch."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming, hua)
    tickets = await waiting(roster, 4)
    await roster.on_shift(ming, hua)

    async def all_given() -> bool:
        return None not in await owners(roster)

    await eventually(all_given)
    assert Counter(await owners(roster)) == {ming: 2, hua: 2}
    assert await roster.seats() == {ming: (2, 2), hua: (2, 2)}
    told = ["ticket.opened", "ticket.assigned", "ticket.assigned"]
    assert await roster.desk.subjects(tickets[0]["ticket_id"]) == told
    queued, given = [], []
    for one in await roster.told("ticket.assigned"):
        (given if one["ticket"]["assignee_staff_id"] else queued).append(one)
    assert {(one["cause"], one["ticket"]["group"]) for one in queued} == {("routed", "service")}
    assert {(one["cause"], one["assigned_by"]) for one in given} == {("routed", "system:dispatch")}
    assert (len(queued), len(given)) == (4, 4)


async def test_several_processes_give_each_ticket_out_once(roster: Roster) -> None:
    """T4: whoever is at a ticket already is passed over; limits hold and the rest waits on."""
    people = await roster.hire(3)
    await roster.group("service", *people)
    await limit(roster, 5)
    await waiting(roster, 20)
    await roster.on_shift(*people)
    transactions = roster.desk.client.transactions

    async def all_full() -> bool:
        await asyncio.gather(*(loop.give_out(transactions) for _ in range(4)))
        return Counter(await owners(roster)) == {**dict.fromkeys(people, 5), None: 5}

    await eventually(all_full)
    assert await roster.seats() == dict.fromkeys(people, (5, 5))
    given = [one for one in await roster.told("ticket.assigned") if one["ticket"]["assignee_staff_id"]]
    assert len(given) == 15


async def test_a_released_seat_is_filled_again(roster: Roster) -> None:
    """T4: one is finished, the next is given out, what is due first first."""
    (ming,) = await roster.hire()
    await roster.group("service", ming)
    await limit(roster, 1)
    first, second, third = await waiting(roster, 3)
    await roster.desk.change(
        "UPDATE ticket SET due_at = now() - interval '1 day' WHERE ticket_id = :one", one=third["ticket_id"]
    )
    await roster.on_shift(ming)
    await settle(roster, [None, None, ming])
    await roster.desk.verb(third, "cancel", reason="重复")
    await settle(roster, [ming, None, ming])
    assert (first["number"] < second["number"], await roster.seats()) == (True, {ming: (1, 1)})


async def test_full_hands_for_chats_take_the_rest(roster: Roster) -> None:
    """T4: chats that nobody may take any more of hold no e-mail up."""
    (ming,) = await roster.hire()
    await roster.group("service", ming)
    await limit(roster, 1)
    await waiting(roster, 3)
    await waiting(roster, 2, channel="email")
    await roster.on_shift(ming)
    await settle(roster, [ming, None, None, ming, ming])


async def test_nothing_is_given_to_who_is_not_here(roster: Roster) -> None:
    """T4, T44: away, at a meal, after the last segment, of another group: the queue waits; back, it is given out."""
    ming, hua = await roster.hire(2)
    await roster.group("service", ming)
    await roster.group("vip", hua)
    (shift, _) = await roster.on_shift(ming, hua)
    await roster.verb(shift, "presence", verb="away", reason="取件")
    await waiting(roster, 2)
    assert await roster.give_out() == 0
    await roster.verb(shift, "presence", verb="meal")
    assert await roster.give_out() == 0
    await roster.verb(shift, "presence", verb="back")
    await settle(roster, [ming, ming])
    roster.clock.advance(9 * HOUR)
    await waiting(roster, 1)
    assert await roster.give_out() == 0


async def test_a_retired_group_gives_out_what_waits(roster: Roster) -> None:
    """T4: it gets nothing new, and nothing is forgotten in it."""
    (ming,) = await roster.hire()
    group = await roster.group("service", ming)
    await waiting(roster, 2)
    await roster.call("POST", f"/v1/groups/{group['group_id']}/retire")
    await roster.on_shift(ming)
    await settle(roster, [ming, ming])


async def test_one_ticket_that_fails_holds_no_other_up(roster: Roster) -> None:
    """T4: a lead is at one of them; it is passed over, the others are given out."""
    (ming,) = await roster.hire()
    await roster.group("service", ming)
    first, *_ = await waiting(roster, 3)
    await roster.on_shift(ming)
    async with roster.desk.client.runtime.database.transaction() as session:
        from sqlalchemy import text

        await session.execute(
            text("SELECT 1 FROM ticket WHERE ticket_id = :one FOR UPDATE"), {"one": first["ticket_id"]}
        )
        await settle(roster, [None, ming, ming])
    await settle(roster, [ming, ming, ming])


async def test_tickets_of_who_has_left_are_given_out_anew(roster: Roster) -> None:
    """T4, A1: they go back to the queue, and from there to whoever is here."""
    from stage import NOON
    from ticket_desk import a_colleague

    from contracts.appraisal.staff import StaffLeft

    ming, hua = await roster.hire(2)
    await roster.group("service", ming, hua)
    (mings, _) = await roster.on_shift(ming, hua)
    for _ in range(4):
        await roster.desk.open(kind="inquiry")
    left = a_colleague(staff_id=ming, status="left")
    await roster.desk.hear(StaffLeft(staff=left, recorded_by="staff:chief", recorded_at=NOON))
    await settle(roster, [hua] * 4)
    assert (await roster.seats())[hua] == (4, 4)
    assert (await roster.seats())[ming] == (0, 0)
    assert mings["status"] == "started"
