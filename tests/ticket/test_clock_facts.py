"""What time alone does to the clocks of tickets on a real database, and what is written down of it, for good (T43, T47,
T48)."""

from datetime import timedelta
from typing import Any

import pytest
from clock_bench import AGENT, Bench, a_ticket, begin, counted
from sqlalchemy.exc import DBAPIError
from stage import NOON

from contracts.ticket.clock import ClockKind
from kit.clock import FrozenClock
from services.ticket.clock import service
from services.ticket.clock.lifecycle import GRACE

pytestmark = pytest.mark.plans

K = ClockKind
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def test_time_alone_warns_and_breaches_once(bench: Bench, clock: FrozenClock) -> None:
    """T43: the warning at 80%, the breach when the due instant has passed, each a fact and an event."""
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None)
    await bench.do(service.replied, ticket)
    solution = await bench.clock(ticket)
    clock.advance(solution.warn_at - NOON)
    assert await bench.sweep() == 1
    assert await bench.sweep() == 0
    clock.advance(solution.due_at - solution.warn_at)
    assert await bench.sweep() == 0
    clock.advance(GRACE)
    assert await bench.sweep() == 1
    clock.advance(30 * DAY)
    assert await bench.sweep() == 0
    assert await bench.facts(solution) == ["started", "warned", "breached"]
    assert await bench.told(solution) == ["clock.warned", "clock.breached"]
    breach = (await bench.rows("SELECT * FROM clock_fact WHERE kind = 'breached'"))[0]
    assert (breach.at, breach.author) == (solution.due_at, "system:clocks")
    assert breach.noted_at - breach.at < timedelta(seconds=5)
    await bench.do(service.finish, ticket)
    assert await bench.told(solution) == ["clock.warned", "clock.breached", "clock.met"]


async def test_met_at_the_due_instant_is_met(bench: Bench, clock: FrozenClock) -> None:
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=1)
    clock.advance(MINUTE)
    await bench.sweep()
    assert (await bench.do(service.replied, ticket)).first
    first = await bench.clock(ticket, K.FIRST_REPLY)
    assert (first.status, first.breached_at) == ("met", None)
    clock.advance(DAY)
    await bench.sweep()
    assert "clock.breached" not in await bench.told(first)


@pytest.mark.parametrize("statement", [
    "UPDATE clock_fact SET reason = 'nothing happened'", "DELETE FROM clock_fact", "TRUNCATE clock_fact",
    "UPDATE clock_fact SET at = at - interval '1 day' WHERE kind = 'breached'",
])  # fmt: skip
async def test_facts_are_only_ever_added(bench: Bench, clock: FrozenClock, statement: str) -> None:
    """T47, T48: whoever asks, also who owns the table."""
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None)
    clock.advance(9 * DAY)
    await bench.sweep()
    before = await bench.rows("SELECT * FROM clock_fact ORDER BY fact_id")
    for grant in ("", "GRANT ALL ON clock_fact TO CURRENT_USER; "):
        with pytest.raises(DBAPIError):
            async with bench.client.runtime.database.engine.begin() as connection:
                for one in (grant + statement).split("; "):
                    await connection.exec_driver_sql(one)
    assert await bench.rows("SELECT * FROM clock_fact ORDER BY fact_id") == before


async def plan(bench: Bench, ticket: Any) -> dict[str, Any]:
    """What finding and locking the ticket's unfinished clocks costs."""
    statement = (
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM clock WHERE ticket_id = :ticket"
        " AND ended_at IS NULL ORDER BY clock_id"
    )
    (row,) = await bench.rows(statement, ticket=ticket.ticket_id)
    found: dict[str, Any] = row[0][0]["Plan"]
    return {"buffers": found["Shared Hit Blocks"] + found["Shared Read Blocks"], "rows": found["Actual Rows"]}


async def test_reopening_an_old_ticket_costs_what_a_new_one_costs(bench: Bench, clock: FrozenClock) -> None:
    """T47: 5,000 facts and 1,200 ended clocks behind it; nothing of them is looked at."""
    old, new = a_ticket(), a_ticket()
    for ticket in (old, new):
        await bench.do(begin, ticket, open_chats=None)
        await bench.do(service.replied, ticket)
    clock_id = (await bench.clock(old)).clock_id
    async with bench.client.runtime.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO clock SELECT (jsonb_populate_record(clock, jsonb_build_object('clock_id', gen_random_uuid(),"
            " 'status', 'met', 'ended_at', started_at, 'running_since', NULL, 'wake_at', NULL))).*"
            f" FROM clock, generate_series(1, 1200) WHERE clock_id = '{clock_id}'"
        )
        await connection.exec_driver_sql(
            "INSERT INTO clock_fact (clock_id, kind, at, noted_at, author, status, used, due_at, reason)"
            " SELECT clock_id, 'paused', started_at, started_at, 'staff:fei', 'paused', used, due_at, '等'"
            f" FROM clock, generate_series(1, 5000) WHERE clock_id = '{clock_id}'"
        )
    await bench.rows("SELECT 1")
    async with bench.client.runtime.database.engine.connect() as connection:
        await connection.exec_driver_sql("ANALYZE clock")
    costs = {}
    for name, ticket in (("old", old), ("new", new)):
        seen: list[str] = []
        with counted(bench, seen):
            await bench.do(service.pause, ticket, "等")
            await bench.do(service.resume, ticket)
            await bench.do(service.finish, ticket)
            await bench.do(service.reopen, ticket)
        costs[name] = (len(seen), await plan(bench, ticket))
    assert costs["old"][0] == costs["new"][0]
    assert costs["old"][1]["rows"] == costs["new"][1]["rows"] == 1
    assert costs["old"][1]["buffers"] <= costs["new"][1]["buffers"] + 3
    shown = (await bench.do(lambda work: service.clocks_of(work.session, [old.ticket_id])))[old.ticket_id]
    assert len(shown) == 20


async def test_who_acts_is_the_author_of_every_fact(bench: Bench) -> None:
    """T48"""
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None, by=AGENT)
    assert {row.author for row in await bench.rows("SELECT author FROM clock_fact")} == {"staff:fei"}
