"""Every list of the desk, and what routing and dispatch ask, is served by an index, however much there is (T5)."""

import re
from collections.abc import Coroutine
from datetime import timedelta
from itertools import chain, combinations
from typing import Any

import pytest
from roster_desk import Roster
from sqlalchemy import event
from test_ticket_plans import _FILL, ROWS, Plan, _explained

from kit.ids import new_id
from kit.principals import system
from services.ticket.dispatch import service as dispatch
from services.ticket.flag import service as flags
from services.ticket.shift import service as shifts
from services.ticket.ticket import queue

pytestmark = pytest.mark.plans

# Groups are few by nature; a look at all of them is what routing wants.
_ASKED = re.compile(r"\b(shift\w*|handover\w*|agent_seat|ticket|order_flag)\b")
_SMALL = re.compile(r"\bFROM (service_group|policy)\b(?!.*JOIN)", re.DOTALL)
_DESK = (
    """
    INSERT INTO shift (shift_id, staff_id, shop, preset, business_date, planned_start, planned_end, segments, stays_on,
        hands_over, status, presence, started_at, ended_at, planned_by, planned_at, version, event_seq)
    SELECT uuidv7(), md5('p' || n % 60)::uuid, CASE WHEN n % 400 = 3 THEN 'rare' ELSE 'shop-' || n % 5 END, 'a-day', day,
        day, day + interval '8 hours', '[]', false, true, status, 'off',
        CASE status WHEN 'ended' THEN day END, CASE status WHEN 'ended' THEN day + interval '8 hours' END, 'x', now(), 1, 1
    FROM (SELECT n, timestamptz '2024-01-01' + n / 60 * interval '1 day' AS day,
              CASE WHEN n % 500 = 1 THEN 'cancelled' WHEN n > {rows} - 600 THEN 'planned' ELSE 'ended' END AS status
          FROM generate_series(1, {rows}) n)
    """,
    """
    INSERT INTO handover (handover_id, shift_id, shop, staff_id, to_staff_id, status, due_at, missed, promises_due,
        drafted_at, signed_at, answered_at, version)
    SELECT uuidv7(), shift_id, shop, staff_id, md5('p' || abs(hashtext(shift_id::text)) % 60 || 'x')::uuid, 'accepted',
        planned_end, abs(hashtext(shift_id::text)) % 900 = 1, 0, planned_end, planned_end, planned_end, 1
    FROM shift
    """,
    """
    INSERT INTO shift_swap (swap_id, shop, shift_id, from_staff_id, to_staff_id, status, requested_at, version)
    SELECT uuidv7(), shop, shift_id, staff_id, md5(staff_id::text)::uuid, 'approved', now(), 1 FROM shift LIMIT 4000
    """,
    """
    INSERT INTO shift_leave (leave_id, shop, staff_id, kind, first_day, last_day, status, requested_at, version)
    SELECT uuidv7(), shop, staff_id, 'annual', business_date, business_date, 'approved', now(), 1 FROM shift LIMIT 4000
    """,
    "INSERT INTO agent_seat SELECT gen_random_uuid(), 1, 1, n, now() FROM generate_series(1, {rows}) n",
    "ANALYZE",
)


@pytest.fixture
async def crowded(roster: Roster) -> Roster:
    """The desk of some years, with many tickets and fresh statistics."""
    for statement in (*_FILL, *_DESK):
        await roster.desk.change(statement.replace("{rows}", str(ROWS)).replace("::", "\\:\\:"))
    return roster


async def explained(roster: Roster, asking: Coroutine[Any, Any, Any]) -> list[str]:
    """The plans of what is asked meanwhile that no index serves."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if _ASKED.search(statement) and statement.lstrip().startswith("SELECT") and not _SMALL.search(statement):
            sent.append((statement, parameters))

    engine = roster.desk.client.runtime.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await asking
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert getattr(answer, "status_code", 200) < 300, answer.text
    assert sent, "nothing was asked"
    connection = await roster.desk.client.runtime.database.connect()
    try:
        plans = [Plan(statement, await _explained(connection, statement, values)) for statement, values in sent]
    finally:
        await connection.close()
    return [str(plan) for plan in plans if not plan.is_served]


def subsets(filters: dict[str, Any], most: int) -> list[str]:
    names = chain.from_iterable(combinations(filters, size) for size in range(most + 1))
    return ["".join(f"&{name}={filters[name]}" for name in chosen) for chosen in names]


async def test_the_roster(crowded: Roster) -> None:
    """T44: each filter with each other, for all shops, for some, and for one's own."""
    (row,) = await crowded.desk.rows("SELECT staff_id FROM shift WHERE status = 'cancelled' LIMIT 1")
    filters = {
        "shop": "rare", "staff_id": row.staff_id, "status": "cancelled", "since": "2024-06-01T00:00:00Z",
        "until": "2024-09-01T00:00:00Z",
    }  # fmt: skip
    for query in subsets(filters, 3):
        for claims in ({}, {"shops": ["rare"]}):
            path = f"/v1/shifts?limit=5{query}"
            assert await explained(crowded, crowded.call("GET", path, "agent", row.staff_id, **claims)) == []


async def test_swaps_leaves_and_sheets(crowded: Roster) -> None:
    """T46, T62: for leads, and for whom they concern."""
    (row,) = await crowded.desk.rows("SELECT staff_id, shift_id FROM handover LIMIT 1")
    for role in ("supervisor", "agent"):
        for noun in ("swaps", "leaves"):
            for query in ("", "&status=requested", "&status=approved"):
                path = f"/v1/shifts/{noun}?limit=5{query}"
                assert await explained(crowded, crowded.call("GET", path, role, row.staff_id)) == []
    filters = {
        "status": "disputed",
        "shop": "rare",
        "missed": "true",
        "staff_id": row.staff_id,
        "shift_id": row.shift_id,
    }
    for query in subsets(filters, 2):
        path = f"/v1/handovers?limit=5{query}"
        assert await explained(crowded, crowded.call("GET", path, "supervisor")) == []


async def test_what_routing_and_dispatch_ask(crowded: Roster) -> None:
    """T4, T44: who is here, what waits, what somebody has in hand, what is planned when."""
    ming, hua = await crowded.hire(2)
    await crowded.group("service", ming, hua)
    await crowded.on_shift(ming, hua)
    transactions = crowded.desk.client.transactions
    (busy,) = await crowded.desk.rows("SELECT assignee_staff_id FROM ticket WHERE status = 'open' LIMIT 1")
    async with transactions.look(system("test")) as work:
        session, now = work.session, work.now
        asked: list[Coroutine[Any, Any, Any]] = [
            dispatch.groups_with_hands(work),
            dispatch.waiting_in(work, "group-1"),
            queue.count_queued(session, "group-1", None, 100),
            queue.chats_queued(session, ["group-1"], now + timedelta(days=900), 100),
            queue.in_hand(session, busy.assignee_staff_id, 50),
            queue.chats_of(session, busy.assignee_staff_id, 50),
            flags.problems_of(session, new_id(), 50),
            shifts.next_of(session, ming, now),
            shifts.first_to_come(session, "main", now, timedelta(days=7)),
            shifts.taking_work(session, [ming, hua], now),
        ]
        for ask in asked:
            assert await explained(crowded, ask) == []
    body = {"staff_id": str(ming), "preset": "a-day", "day": "2026-11-25"}
    assert await explained(crowded, crowded.call("POST", "/v1/shifts", json=body)) == []
    assert await explained(crowded, crowded.desk.call("POST", "/v1/tickets", json={"subject": "查单"})) == []
    assert await explained(crowded, crowded.call("GET", "/v1/shifts/desk")) == []
