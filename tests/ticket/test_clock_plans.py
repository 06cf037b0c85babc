"""What is late and what is due is found by an index at any depth, however many clocks there are (T43, T47)."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from clock_bench import Bench, counted, without_loops
from sqlalchemy import event
from stage import Starter

pytestmark = pytest.mark.plans

ROWS = 40_000
PATH = "/v1/ticket-clocks"
# Four of five have ended; the others run, are late, stand still, or both.
FILL = f"""
INSERT INTO clock (clock_id, kind, ticket_id, ticket_number, ticket_kind, shop, owner_staff_id, group_code, status,
    waiting, by_hand, target_seconds, warn_seconds, policy_name, policy_shop, policy_version, started_at,
    running_since, used, due_at, warn_at, wake_at, breached_at, ended_at, version, event_seq)
SELECT uuidv7(n * interval '1 second'), 'solution', gen_random_uuid(), 'T-' || n, 'complaint', 'shop-' || n % 4,
    md5((n % 50)::text)::uuid, 'group-' || n % 7, status, status LIKE '%paused', false, 60, 48, 'sla-targets', 'main', 1,
    due, CASE WHEN status IN ('running', 'breached') THEN due END, interval '0', due, due,
    CASE WHEN status = 'running' THEN due + interval '900 days' END, CASE WHEN status LIKE 'breached%' THEN due END,
    CASE WHEN status = 'met' THEN due END, 1, 0
FROM (SELECT n, timestamptz '2026-01-01' + n * interval '1 minute' AS due, CASE WHEN n % 5 > 0 THEN 'met'
    ELSE (ARRAY['running', 'running', 'breached', 'paused', 'breached_paused'])[1 + n / 5 % 5] END AS status
    FROM generate_series(1, {ROWS}) n)
"""


@pytest.fixture
async def bench(start_service: Starter, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    without_loops(monkeypatch)
    async with start_service("ticket") as client:
        async with client.runtime.database.engine.begin() as connection:
            await connection.exec_driver_sql(FILL)
        async with client.runtime.database.engine.connect() as connection:
            await connection.exec_driver_sql("ANALYZE clock")
        yield Bench(client)


def nodes(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield root
    for child in root.get("Plans", ()):
        yield from nodes(child)


async def plan_of(bench: Bench, path: str, **options: Any) -> dict[str, Any]:
    """What the database does for the list's own query."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM clock" in statement and "FOR UPDATE" not in statement:
            asked.append((statement, parameters))

    engine = bench.client.runtime.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await bench.client.call("GET", path, **options)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    (statement, parameters), *more = asked
    assert not more, "one query"
    async with bench.client.runtime.database.engine.connect() as connection:
        explained = await connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
        )
        plan: dict[str, Any] = explained.scalar_one()[0]["Plan"]
    return {"plan": plan, "answer": answer.json()}


QUERIES = (
    "limit=20", "state=breached&limit=20", "state=running", "state=paused", "state=breached&group=group-3",
    "group=group-3&limit=200", "shop=shop-2&state=breached", "before=2026-01-20T00:00:00Z",
    "state=breached&before=2026-01-01T01:00:00Z", "group=no-such", "shop=no-such&state=running",
    "owner=a87ff679-a2f3-e71d-9181-a67b7542122c", "owner=a87ff679-a2f3-e71d-9181-a67b7542122c&state=running",
)  # fmt: skip


async def test_every_list_reads_little_more_than_it_shows(bench: Bench) -> None:
    for query in QUERIES:
        found = await plan_of(bench, f"{PATH}?{query}")
        kinds = {node["Node Type"] for node in nodes(found["plan"])}
        assert "Seq Scan" not in kinds, query
        read = found["plan"]["Shared Hit Blocks"] + found["plan"]["Shared Read Blocks"]
        assert read <= 900, (query, read)
        dropped = sum(node.get("Rows Removed by Filter", 0) for node in nodes(found["plan"]))
        assert dropped <= 1000, (query, dropped)
    two_shops = await plan_of(bench, f"{PATH}?state=breached", shops=["shop-1", "shop-3"])
    assert {one["shop"] for one in two_shops["answer"]["items"]} == {"shop-1", "shop-3"}
    assert "Seq Scan" not in {node["Node Type"] for node in nodes(two_shops["plan"])}


async def test_a_page_in_the_depth_costs_what_the_first_one_costs(bench: Bench) -> None:
    first = await plan_of(bench, f"{PATH}?limit=20")
    cursor, pages = first["answer"]["next_cursor"], 1
    while pages < 30:
        cursor = (await bench.client.call("GET", f"{PATH}?limit=200&cursor={cursor}")).json()["next_cursor"]
        pages += 1
    deep = await plan_of(bench, f"{PATH}?limit=20&cursor={cursor}")
    cost = [one["plan"]["Shared Hit Blocks"] + one["plan"]["Shared Read Blocks"] for one in (first, deep)]
    assert cost[1] <= 1.3 * cost[0] + 10, cost


async def test_the_sweep_finds_what_is_due_by_its_index(bench: Bench) -> None:
    statement = (
        "EXPLAIN (FORMAT JSON) SELECT * FROM clock WHERE wake_at <= '2026-06-01' ORDER BY wake_at, clock_id LIMIT 500"
        " FOR UPDATE SKIP LOCKED"
    )
    (row,) = await bench.rows(statement)
    assert "ix_clock_wake" in str(row[0])
    seen: list[str] = []
    with counted(bench, seen):
        assert await bench.sweep() == 0
    assert len(seen) == 1, "nothing due is one look"
