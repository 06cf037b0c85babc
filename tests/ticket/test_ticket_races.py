"""Twenty workers at one ticket: one effect, and everybody else is told so (I1, I4, I5, I10)."""

import asyncio
from collections import Counter

import httpx
from ticket_desk import Desk, a_colleague

from kit.ids import new_id

WORKERS = 20


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def test_twenty_solve_one_ticket(desk: Desk) -> None:
    """One solves it; nineteen are refused with what is allowed now; one event and one line in the trail."""
    ticket = await desk.open()
    await desk.verb(ticket, "start")
    answers = await asyncio.gather(
        *(desk.verb(ticket, "solve", by={"staff_id": new_id()}, solution=f"解法 {n}") for n in range(WORKERS))
    )
    assert statuses(answers) == {200: 1, 409: WORKERS - 1}
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert (problem["type"], problem["from"], problem["verb"], problem["allowed"]) == (
                "/problems/transition-refused", "solved", "solve", ["close", "reopen"],
            )  # fmt: skip
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert await desk.subjects(ticket["ticket_id"]) == ["ticket.opened", "ticket.assigned", "ticket.solved"]
    assert await desk.audits(ticket["ticket_id"]) == ["open", "start", "solve"]
    shown = await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")
    assert (shown.json(), shown.headers["etag"]) == (winner, '"3"')


async def test_twenty_with_one_version_in_hand(desk: Desk) -> None:
    """If-Match: waiting again is drawn, but only the first decided on what it had read."""
    ticket = await desk.open()
    await desk.verb(ticket, "start")
    headers = {"If-Match": '"2"'}
    answers = await asyncio.gather(
        *(
            desk.verb(ticket, "wait", headers=headers, waiting_on="courier", reason=f"等 {n}")
            for n in range(WORKERS)
        )
    )  # fmt: skip
    assert statuses(answers) == {200: 1, 412: WORKERS - 1}
    assert await desk.audits(ticket["ticket_id"]) == ["open", "start", "wait"]


async def test_twenty_take_the_same_ticket_up(desk: Desk) -> None:
    """T4: it is the first one's."""
    ticket = await desk.open()
    staff = [new_id() for _ in range(WORKERS)]
    answers = await asyncio.gather(*(desk.verb(ticket, "start", by={"staff_id": one}) for one in staff))
    assert statuses(answers) == {200: 1, 409: WORKERS - 1}
    (winner,) = [one for one, answer in zip(staff, answers, strict=True) if answer.status_code == 200]
    shown = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json()
    assert shown["assignee_staff_id"] == str(winner)


async def test_twenty_different_verbs_leave_one_story(desk: Desk) -> None:
    """I4: whatever came first, the events are gap-free and each answer of success has its event and its line."""
    colleague = a_colleague()
    await desk.hear(colleague)
    ticket = await desk.open()
    await desk.verb(ticket, "start")
    asked = [
        ("wait", "agent", {"waiting_on": "customer", "reason": "等"}), ("resume", "agent", {}),
        ("solve", "agent", {"solution": "好"}), ("reopen", "agent", {"reason": "又坏了"}),
        ("assign", "manager", {"staff_id": str(colleague.staff_id)}),
    ]  # fmt: skip
    answers = await asyncio.gather(*(desk.verb(ticket, verb, role, **body) for verb, role, body in asked * 4))
    assert set(statuses(answers)) <= {200, 409}
    done = statuses(answers)[200]
    assert len(await desk.subjects(ticket["ticket_id"])) == 2 + done
    assert len(await desk.audits(ticket["ticket_id"])) == 2 + done
    shown = await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")
    assert shown.json()["version"] == 2 + done


async def test_twenty_times_one_key(desk: Desk) -> None:
    """Twenty retries of one request: one effect; each gets its answer or is told that it is under way."""
    ticket = await desk.open()
    headers = {"Idempotency-Key": "start-1"}
    answers = await asyncio.gather(*(desk.verb(ticket, "start", headers=headers) for _ in range(WORKERS)))
    assert set(statuses(answers)) <= {200, 409}
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} <= {
        "/problems/idempotency-in-flight"
    }
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert await desk.audits(ticket["ticket_id"]) == ["open", "start"]


async def test_twenty_close_one_ticket(desk: Desk) -> None:
    """One closes it; nobody closes it twice, and its seat and clocks are given back once."""
    me = new_id()
    ticket = await desk.open()
    await desk.verb(ticket, "start", by={"staff_id": me})
    await desk.verb(ticket, "solve", by={"staff_id": me}, solution="好")
    answers = await asyncio.gather(*(desk.verb(ticket, "close", by={"staff_id": me}) for _ in range(WORKERS)))
    assert statuses(answers) == {200: 1, 409: WORKERS - 1}
    assert (await desk.subjects(ticket["ticket_id"])).count("ticket.closed") == 1
    assert (await desk.rows("SELECT open_tickets FROM agent_seat WHERE staff_id = :me", me=str(me)))[
        0
    ].open_tickets == 0


async def test_twenty_messages_at_once(desk: Desk) -> None:
    """T48, I4: all are kept, one is the first answer, and the events are gap-free."""
    ticket = await desk.open()
    path = f"/v1/tickets/{ticket['ticket_id']}/messages"
    writing = [desk.call("POST", path, json={"text": f"第 {n} 句"}) for n in range(WORKERS)]
    assert statuses(await asyncio.gather(*writing)) == {201: WORKERS}
    (first,) = await desk.rows(
        "SELECT count(*) AS n FROM outbox WHERE subject = 'ticket.replied'"
        " AND convert_from(body, 'UTF8') LIKE '%\"first\"\\:true%'"
    )
    assert first.n == 1
    assert (await desk.subjects(ticket["ticket_id"])).count("ticket.replied") == WORKERS


async def test_many_tickets_at_once_have_many_numbers(desk: Desk) -> None:
    """T1."""
    tickets = await asyncio.gather(*(desk.open() for _ in range(WORKERS)))
    assert len({ticket["number"] for ticket in tickets}) == WORKERS
