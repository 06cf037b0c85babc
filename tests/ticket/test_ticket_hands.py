"""T4: in whose hands a ticket is: routed, given, taken, released, escalated, left behind; and the seats it takes."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from roster_desk import Roster, slug
from stage import NOON
from ticket_desk import Desk, a_colleague, faults

from contracts.appraisal.staff import StaffLeft, StaffState, StaffStatus, StaffSuspended
from kit.ids import new_id
from kit.testing.poll import eventually
from services.ticket.ticket import leaving


async def seats(desk: Desk, staff_id: UUID) -> int:
    """How many tickets somebody has open, as the desk counts them."""
    rows = await desk.rows("SELECT open_tickets AS n FROM agent_seat WHERE staff_id = :one", one=str(staff_id))
    return int(rows[0].n) if rows else 0


async def told(desk: Desk, ticket: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Every change of hands as it was told: why, from whom, to whom, from which group, to which."""
    rows = await desk.rows(
        "SELECT body FROM outbox WHERE subject = 'ticket.assigned' AND aggregate_id = :one ORDER BY id",
        one=ticket["ticket_id"],
    )
    events = [orjson.loads(bytes(row.body)) for row in rows]
    return [
        (
            it["cause"],
            it["assignee_before"],
            it["ticket"]["assignee_staff_id"],
            it["group_before"],
            it["ticket"]["group"],
        )
        for it in events
    ]


async def test_a_ticket_is_given_to_somebody_or_to_a_group(desk: Desk, roster: Roster) -> None:
    """T4: to a group alone it waits in its queue; every change is told with what was before; seats follow."""
    one, other = await roster.hire(2)
    await roster.group("service", one, other)
    await roster.group("aftersales", other)
    ticket = await desk.open()
    first = await desk.verb(ticket, "assign", "supervisor", staff_id=str(one), group="service")
    assert (first.status_code, first.json()["assignee_staff_id"], first.json()["group"]) == (200, str(one), "service")
    assert (await seats(desk, one), await seats(desk, other)) == (1, 0)
    await desk.verb(ticket, "assign", "supervisor", staff_id=str(other))
    assert (await seats(desk, one), await seats(desk, other)) == (0, 1)
    queue = await desk.verb(ticket, "assign", "supervisor", group="aftersales", reason="售后处理")
    assert (queue.json()["assignee_staff_id"], queue.json()["group"]) == (None, "aftersales")
    assert (await seats(desk, one), await seats(desk, other)) == (0, 0)
    assert await told(desk, ticket) == [
        ("routed", None, None, "service", "service"),
        ("transferred", None, str(one), "service", "service"),
        ("transferred", str(one), str(other), "service", "service"),
        ("transferred", str(other), None, "service", "aftersales"),
    ]
    waiting = (await desk.call("GET", "/v1/tickets?group=aftersales&unassigned=true")).json()["items"]
    assert [it["ticket_id"] for it in waiting] == [ticket["ticket_id"]]
    for pointer, body in (
        ("", {}),
        ("/group", {"group": "nobody"}),
        ("/group", {"group": "a b"}),
        ("", {"staff_id": None}),
    ):
        path = f"/v1/tickets/{ticket['ticket_id']}/assign"
        assert faults(await desk.call("POST", path, "supervisor", json=body)) == [pointer], body


async def test_who_is_suspended_is_given_nothing(desk: Desk, roster: Roster) -> None:
    """A1, T4."""
    (gone,) = await roster.hire(status="suspended")
    ticket = await desk.open()
    assert faults(await desk.verb(ticket, "assign", "supervisor", staff_id=str(gone))) == ["/staff_id"]


async def test_taking_what_nobody_has(desk: Desk) -> None:
    """T4: it is whose it is; somebody else's isn't taken, but given by a lead."""
    me, other = new_id(), new_id()
    ticket = await desk.open()
    taken = await desk.verb(ticket, "take", by={"staff_id": me})
    assert (taken.status_code, taken.json()["assignee_staff_id"], taken.json()["status"]) == (200, str(me), "new")
    refused = await desk.verb(ticket, "take", by={"staff_id": other})
    assert (refused.status_code, slug(refused), refused.json()["assignee_staff_id"]) == (
        409,
        "already-taken",
        str(me),
    )
    assert await seats(desk, me) == 1
    released = await desk.verb(ticket, "release", by={"staff_id": me}, reason="要下班")
    assert (released.json()["assignee_staff_id"], await seats(desk, me)) == (None, 0)
    assert (await desk.verb(ticket, "take", by={"staff_id": other})).status_code == 200
    assert [one[0] for one in await told(desk, ticket)] == ["taken", "released", "taken"]
    await desk.verb(ticket, "cancel", reason="误开")
    assert await seats(desk, other) == 0
    for verb, body in (("take", {}), ("release", {"reason": "忙"}), ("escalate", {"group": "g", "reason": "难"})):
        answer = await desk.verb(ticket, verb, by={"staff_id": me}, **body)
        if verb == "escalate":
            assert faults(answer) == ["/group"]
        else:
            assert (answer.status_code, answer.json()["verb"], answer.json()["allowed"]) == (409, verb, [])
    no_staff = await desk.verb(await desk.open(), "take")
    assert no_staff.status_code == 403


async def test_twenty_take_one_ticket(desk: Desk) -> None:
    """T4, I4: it is one's; nineteen are told whose; one seat is taken."""
    ticket = await desk.open()
    staff = [new_id() for _ in range(20)]
    answers = await asyncio.gather(*(desk.verb(ticket, "take", by={"staff_id": one}) for one in staff))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert sum([await seats(desk, one) for one in staff]) == 1
    assert len(await told(desk, ticket)) == 1


async def test_ten_give_one_ticket_to_ten(desk: Desk, roster: Roster) -> None:
    """T4, I4: the last one has it, each change is told from the one before, and all seats but one are free again."""
    staff = await roster.hire(10)
    ticket = await desk.open()
    answers = await asyncio.gather(*(desk.verb(ticket, "assign", "manager", staff_id=str(one)) for one in staff))
    assert {answer.status_code for answer in answers} == {200}
    changes = await told(desk, ticket)
    assert [one[1] for one in changes[1:]] == [one[2] for one in changes[:-1]]
    load = {str(one): await seats(desk, one) for one in staff}
    assert {one for one, n in load.items() if n} == {changes[-1][2]}


async def test_escalating_goes_to_a_lead_and_is_more_urgent(desk: Desk, roster: Roster) -> None:
    """T4: an agent may; to nobody who leads nobody."""
    (agent,), (lead,) = await roster.hire(1), await roster.hire(1, role="supervisor")
    ticket = await desk.open()
    assert faults(await desk.verb(ticket, "escalate", staff_id=str(agent), reason="客户要投诉")) == ["/staff_id"]
    assert faults(await desk.verb(ticket, "escalate", staff_id=str(lead))) == ["/reason"]
    answer = await desk.verb(ticket, "escalate", staff_id=str(lead), reason="客户要投诉")
    assert (answer.json()["assignee_staff_id"], answer.json()["priority"]) == (str(lead), "high")
    assert (await told(desk, ticket))[-1][0] == "escalated"
    for _ in range(2):
        answer = await desk.verb(ticket, "escalate", staff_id=str(lead), reason="还是不行")
    assert answer.json()["priority"] == "urgent"


async def test_a_ticket_finds_its_agent_when_it_is_opened(desk: Desk, roster: Roster) -> None:
    """T4, T41: opened in a group, told as routed to whoever is on shift; the seat is taken, the chat's target fixed."""
    (agent,) = await roster.hire()
    await roster.group("service", agent)
    await roster.on_shift(agent)
    buyer = {"account_id": desk.account("ming")}
    ticket = await desk.open("storefront", by=buyer, channel="chat")
    seen = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json()
    assert (seen["assignee_staff_id"], seen["group"], seen["status"]) == (str(agent), "service", "new")
    assert await desk.subjects(ticket["ticket_id"]) == ["ticket.opened", "ticket.assigned"]
    assert await told(desk, ticket) == [("routed", None, str(agent), "service", "service")]
    assert await seats(desk, agent) == 1
    first = next(one for one in seen["clocks"] if one["kind"] == "first_reply")
    assert first["due_at"] == "2026-11-21T04:01:00Z"
    await desk.verb(ticket, "start", by={"staff_id": agent})
    await desk.verb(ticket, "solve", by={"staff_id": agent}, solution="好")
    assert await seats(desk, agent) == 0
    await desk.verb(ticket, "reopen", reason="又坏了")
    assert await seats(desk, agent) == 1


async def leave(desk: Desk, staff: StaffState, how: str) -> None:
    """The news that somebody has left, or is suspended."""
    gone = staff.model_copy(update={"status": StaffStatus(how), "left_on": NOON.date() if how == "left" else None})
    if how == "left":
        await desk.hear(StaffLeft(staff=gone, left_on=NOON.date(), recorded_by="staff:chief", recorded_at=NOON))
    else:
        await desk.hear(StaffSuspended(staff=gone, suspended_by="staff:chief", suspended_at=NOON))


@pytest.mark.parametrize("how", ["left", "suspended"])
async def test_what_somebody_leaves_behind_goes_back_to_the_queue(desk: Desk, how: str) -> None:
    """T4: the unfinished alone, told as left; whoever had solved one keeps it; a reopened one is the queue's."""
    colleague = a_colleague()
    await desk.hear(colleague)
    who = str(colleague.staff_id)
    tickets = [await desk.open() for _ in range(3)]
    for ticket in tickets:
        await desk.verb(ticket, "assign", "manager", staff_id=who)
    await desk.verb(tickets[1], "start")
    await desk.verb(tickets[2], "start")
    await desk.verb(tickets[2], "solve", solution="好")
    await leave(desk, colleague, how)
    seen = [(await desk.call("GET", f"/v1/tickets/{one['ticket_id']}")).json() for one in tickets]
    assert [one["assignee_staff_id"] for one in seen] == [None, None, who]
    assert [one["status"] for one in seen] == ["new", "open", "solved"]
    assert (await told(desk, tickets[1]))[-1] == ("left", who, None, None, None)
    assert (await desk.audits(tickets[0]["ticket_id"]))[-1] == "release"
    assert await seats(desk, colleague.staff_id) == 0
    clocks = await desk.rows(
        "SELECT count(*) AS n FROM clock WHERE owner_staff_id = :one AND ended_at IS NULL", one=who
    )
    assert clocks[0].n == 1  # the first reply to the solved one: nobody has given it, and nobody else is to
    again = await desk.verb(tickets[2], "reopen", reason="又坏了")
    assert (again.status_code, again.json()["assignee_staff_id"]) == (200, None)


async def test_many_left_behind_go_back_in_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """T4: a bounded number in the transaction of the news, the rest by the timer; each once."""
    monkeypatch.setattr(leaving, "AT_ONCE", 4)
    colleague = a_colleague()
    await desk.hear(colleague)
    tickets = [await desk.open() for _ in range(10)]
    for ticket in tickets:
        await desk.verb(ticket, "assign", "manager", staff_id=str(colleague.staff_id))
    await leave(desk, colleague, "left")

    async def none_left() -> bool:
        await desk.client.runtime.timers.fire_due()
        rows = await desk.rows("SELECT count(*) AS n FROM ticket WHERE assignee_staff_id IS NOT NULL")
        return bool(rows[0].n == 0)

    await eventually(none_left)
    for ticket in tickets:
        assert [one[0] for one in await told(desk, ticket)] == ["transferred", "left"]


async def test_leaving_and_taking_at_once(desk: Desk) -> None:
    """I4: whatever comes first, no ticket stays with somebody who has gone, and every sequence is whole."""
    colleague = a_colleague()
    await desk.hear(colleague)
    tickets = [await desk.open() for _ in range(8)]
    for ticket in tickets:
        await desk.verb(ticket, "assign", "manager", staff_id=str(colleague.staff_id))
    verbs: list[Any] = [desk.verb(ticket, "start") for ticket in tickets]
    _, *answers = await asyncio.gather(leave(desk, colleague, "left"), *verbs)
    assert {answer.status_code for answer in answers if isinstance(answer, httpx.Response)} == {200}
    for ticket in tickets:
        seen = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json()
        assert (seen["assignee_staff_id"], seen["status"]) == (None, "open")
        await desk.subjects(ticket["ticket_id"])
