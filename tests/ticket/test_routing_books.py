"""T4: whatever is done to tickets, by whomever and in whatever order, everybody's seat is what they have open."""

import asyncio
import random
from typing import Any
from uuid import UUID

import pytest
from roster_desk import Roster

# Both in one look, for the process itself gives out what waits at any time.
_APART = """
SELECT staff_id, seat.open_tickets, seat.open_chats, there.tickets, there.chats
FROM agent_seat seat FULL JOIN (
    SELECT assignee_staff_id AS staff_id, count(*) AS tickets, count(*) FILTER (WHERE channel = 'chat') AS chats
    FROM ticket WHERE assignee_staff_id IS NOT NULL AND status IN ('new', 'open', 'waiting') GROUP BY 1
) there USING (staff_id)
WHERE (coalesce(open_tickets, 0), coalesce(open_chats, 0)) <> (coalesce(tickets, 0), coalesce(chats, 0))
"""


async def apart(roster: Roster) -> list[Any]:
    """Where seats and tickets say different things."""
    return [tuple(row) for row in await roster.desk.rows(_APART)]


async def do(roster: Roster, dice: random.Random, people: list[UUID], tickets: list[dict[str, Any]]) -> int:
    """One thing that somebody does to some ticket; what it is answered."""
    ticket, other = dice.choice(tickets), dice.choice(tickets)
    somebody = str(dice.choice(people))
    verb, role, body = dice.choice(
        [
            ("start", "agent", {}), ("wait", "agent", {"waiting_on": "customer", "reason": "等"}), ("resume", "agent", {}),
            ("solve", "agent", {"solution": "好了"}), ("close", "agent", {}), ("reopen", "agent", {"reason": "又来"}),
            ("cancel", "agent", {"reason": "误开"}), ("assign", "supervisor", {"staff_id": somebody}),
            ("assign", "supervisor", {"group": "vip"}), ("take", "agent", {}), ("release", "agent", {"reason": "忙"}),
            ("escalate", "agent", {"group": "vip", "reason": "难"}), ("reopen", "agent", {"reason": "还有"}),
            ("merge", "supervisor", {"into_ticket_id": other["ticket_id"], "reason": "同一件事"}),
        ]
    )  # fmt: skip
    answer = await roster.desk.verb(ticket, verb, role, by={"staff_id": dice.choice(people)}, **body)
    assert answer.status_code in (200, 403, 409, 422), (verb, answer.text)
    return answer.status_code


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_seats_are_what_is_open(roster: Roster, seed: int) -> None:
    """One after the other, compared after every step; then many at once."""
    dice = random.Random(seed)
    people = await roster.hire(3)
    await roster.group("service", *people[:2])
    await roster.group("vip", *people[1:])
    await roster.on_shift(*people)
    tickets = [
        await roster.desk.open(kind="inquiry", channel=dice.choice(["chat", "email", "phone"])) for _ in range(12)
    ]
    done = 0
    for step in range(80):
        done += await do(roster, dice, people, tickets) == 200
        assert await apart(roster) == [], f"step {step}"
    assert done > 10
    await asyncio.gather(*(do(roster, dice, people, tickets) for _ in range(30)))
    await roster.give_out()
    assert await apart(roster) == []
