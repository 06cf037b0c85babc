"""`python -m bench.tickets`: what a million tickets cost, in the database and with its plans.

Times are those between sending a statement and having its rows, through the driver, on one connection and a warm
cache: all statements of a use case together. They are the service's own statements: its use cases are called, and the
clock stands at the engine.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from bench import machine, million
from bench.load import LoadError
from bench.report import table
from bench.stopwatch import STAFF, Bench, Call, Stopwatch
from kit.clock import SystemClock
from kit.db import Database
from kit.migrate import upgrade_database
from kit.testing.servers import PostgresServer
from kit.work import Transactions, Work
from services.ticket.report import service as reports
from services.ticket.report.schemas import ReportFilter
from services.ticket.search import service as search
from services.ticket.search.schemas import TicketSearch
from services.ticket.ticket import reading, verbs
from services.ticket.ticket.schemas import TicketFilter

TICKETS = 1_000_000
WITHIN_SECONDS = 1_800.0
_TIMES = 200
_DEPTHS = (0, 1_000, 10_000, 40_000)
_OLD_FACTS = 5_000
_COLUMNS = ("in the database ms", "p50 ms", "p95 ms", "max ms")
_SEARCHES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("退款", "a quarter", {}), ("质量", "15 in 100", {}), ("客服", "6 in 100", {}), ("优惠", "3 in 100", {}),
    ("蓝灰", "none", {}), ("蓝衬", "1 in 100", {}), ("安装", "9 in 1,000", {}), ("赠品", "1 in 1,000", {}),
    ("榴莲", "60", {}), ("砚台", "3", {}), ("鲸鱼", "none", {}), ("清仓", "of the older half 30 in 100", {}),
    ("退", "one character, common", {}), ("砚", "one character, rare", {}), ("鲸", "one character, none", {}),
    ("质量 顺丰", "two common words", {}), ("尺码 发票", "two common words that never meet", {}),
    ("承诺没有兑现", "six characters, common", {}), ("A00500017", "an order's number", {}),
    ("退款", "of waiting tickets", {"status": "waiting"}), ("鲸鱼", "none, of open tickets", {"status": "open"}),
    ("清仓", "of the older half, in one shop", {"shop": "shop-3"}),
    ("赠品", "rare, of new tickets", {"status": "new"}),
)  # fmt: skip


def main() -> None:
    """Load, measure, print."""
    asked = argparse.ArgumentParser(prog="python -m bench.tickets", description=__doc__)
    asked.add_argument("--tickets", type=int, default=TICKETS, help=f"how many ({TICKETS:,})")
    asked.add_argument("--plans", action="store_true", help="print the plan of every row")
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        print(f"## A million tickets, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n\n", end="")
        print(machine.described(machine.fsync_microseconds(Path(folder))))
        asyncio.run(run(Path(folder), chosen.tickets, plans=chosen.plans))


async def run(folder: Path, tickets: int = TICKETS, *, plans: bool = False) -> None:
    """All of it on a server of its own, which goes with its folder. Raises `LoadError`."""
    if tickets < 1_000:
        raise LoadError("the bench needs 1,000 tickets or more")
    server = PostgresServer(folder / "tickets")
    await asyncio.to_thread(server.start)
    try:
        url = server.url.rpartition("/")[0] + "/tickets"
        admin = await asyncpg.connect(server.url)
        await admin.execute("CREATE DATABASE tickets")
        await admin.close()
        await upgrade_database("ticket", url)
        connection = await asyncpg.connect(url, timeout=10, command_timeout=None)
        loaded = await million.load(connection, tickets, million.now())
        await connection.close()
        size = loaded.bytes / 2**20
        print(f"\n{loaded.tickets:,} tickets loaded in {loaded.seconds:.0f} s, {size:,.0f} MiB.", flush=True)
        await _measured(url, tickets, plans=plans)
    finally:
        await asyncio.to_thread(server.stop)


async def _measured(url: str, tickets: int, *, plans: bool) -> None:
    database, watch = Database(url), Stopwatch()
    watch.watch(database)
    bench = Bench(database, Transactions(database, SystemClock(), bytes(32), lambda: None), watch)
    try:
        await _reads(bench, plans=plans)
        await _searches(bench, tickets, plans=plans)
        await _reopened(bench)
    finally:
        await database.close()


async def _reads(bench: Bench, *, plans: bool) -> None:
    dice = random.Random(3)
    ids = [row[0] for row in await bench.rows("SELECT ticket_id FROM ticket TABLESAMPLE SYSTEM (1) LIMIT 20000")]
    picked = [dice.choice(ids) for _ in range(_TIMES)]
    rows, shown = [], []
    todo: list[tuple[str, list[Call]]] = [
        ("get a ticket", [partial(_get, ticket_id=one) for one in picked]),
        ("the same with its clocks, as answered", [partial(_answered, ticket_id=one) for one in picked]),
        ("page of open tickets (list with clocks)", [partial(_page, query=_open(), after=None)] * _TIMES),
    ]
    for name, query in (
        ("open, newest", _open()),
        ("open, due first", _open(sort="due")),
        ("unassigned", _open(unassigned=True)),
    ):
        for depth in _DEPTHS:
            places = [await _place(bench, query, depth + step) for step in range(0, 100, 10)]
            if depth == 0 or None not in places:
                pages: list[Call] = [partial(_page, query=query, after=place if depth else None) for place in places]
                todo.append((f"page of 20 of {name}, after {depth:,}", pages * (_TIMES // 10)))
    months = [row[0] for row in await bench.rows("SELECT DISTINCT month FROM complaint_tally")]
    reports_of = [ReportFilter(month=dice.choice(months)) for _ in range(_TIMES // 4)]
    todo.append(("month report of complaints", [partial(reports.complaint_report, query=one) for one in reports_of]))
    for name, calls in todo:
        alone = name.startswith("page of 20")
        taken = await bench.milliseconds(calls, first=alone)
        sent = "1" if alone else str(len(bench.watch.sent))
        inside, told = await bench.plans(first=alone)
        if alone:
            inside = await bench.inside(calls[:10])
        rows.append([name, sent, f"{inside:.3f}", *_figures(taken)])
        shown += [f"{name}: {plan}" for plan in told]
    table("Reading", ["", "statements", *_COLUMNS], rows)
    _show(shown, plans=plans)


async def _searches(bench: Bench, tickets: int, *, plans: bool) -> None:
    rows, shown = [], []
    for word, share, filters in _SEARCHES:
        query = TicketSearch(q=word.replace("A00500017", f"A{tickets // 2 + 17:08d}"), **filters)
        taken = await bench.milliseconds([partial(search.search_tickets, asked=query, after=None)] * 40)
        sent = str(len(bench.watch.sent))
        inside, told_plans = await bench.plans()
        async with bench.transactions.look(STAFF) as work:
            found = await search.search_tickets(work, query, None)
        told = f"{len(found.hits)}{' …' if found.next_after else ''}"
        rows.append([word, share, told, sent, f"{inside:.2f}", *_figures(taken)])
        shown += [f"{word} ({share}): {plan}" for plan in told_plans]
    table("Searching, page of 20, newest first", ["word", "in", "found", "statements", *_COLUMNS], rows)
    _show(shown, plans=plans)


async def _reopened(bench: Bench) -> None:
    """A ticket that was reopened before against one whose clocks have 5,000 facts, in turn."""
    alike = "status = 'solved' AND kind = 'inquiry' AND shop = 'shop-1' AND assignee_staff_id IS NULL"
    found = await bench.rows(f"SELECT ticket_id FROM ticket WHERE {alike} ORDER BY ticket_id DESC LIMIT 2")
    (fresh,), (old,) = found
    async with bench.database.transaction() as session:
        await session.execute(
            text("UPDATE ticket SET solved_at = now() WHERE ticket_id IN (:one, :two)"), {"one": fresh, "two": old}
        )
        for statement in _FACTS:
            await session.execute(text(statement), {"ticket_id": old, "clocks": _OLD_FACTS // 50})
    calls = {"a ticket without a past": fresh, f"one with {_OLD_FACTS:,} old facts of its clocks": old}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(64):
        for name, ticket_id in list(calls.items())[:: 1 if turn % 2 else -1]:
            took = await bench.undone(partial(verbs.reopen_ticket, ticket_id=ticket_id, reason="又坏了"))
            if turn >= 4:
                taken[name].append(took)
    rows = [[name, str(len(bench.watch.sent)), *_figures(sorted(times))] for name, times in taken.items()]
    table("Reopening", ["", "statements", "p50 ms", "p95 ms", "max ms"], rows)


_FACTS = (
    """
    INSERT INTO clock (clock_id, kind, ticket_id, ticket_number, ticket_kind, shop, status, waiting, by_hand,
        target_seconds, warn_seconds, policy_name, policy_shop, policy_version, started_at, used, due_at, warn_at,
        ended_at, version, event_seq)
    SELECT uuidv7(), 'solution', ticket_id, number, kind, shop, 'met', false, false, 3600, 2880, 'sla-targets',
        'main', 1, opened_at, interval '0', opened_at, opened_at, opened_at + interval '1 day', 1, 1
    FROM ticket, generate_series(1, :clocks) WHERE ticket_id = :ticket_id
    """,
    """
    INSERT INTO clock_fact (clock_id, kind, at, noted_at, author, status, used, due_at)
    SELECT clock_id, 'passed_on', started_at, started_at, 'staff:bench', 'running', interval '0', due_at
    FROM clock, generate_series(1, 50), (SELECT CAST(:clocks AS int)) WHERE ticket_id = :ticket_id
    """,
    "ANALYZE clock, clock_fact",
)


async def _get(work: Work, *, ticket_id: UUID) -> None:
    await reading.get_ticket(work, ticket_id)


async def _answered(work: Work, *, ticket_id: UUID) -> None:
    await reading.show(work, await reading.get_ticket(work, ticket_id))


async def _page(work: Work, *, query: TicketFilter, after: list[str] | None) -> None:
    await reading.list_tickets(work, query, after)


async def _place(bench: Bench, query: TicketFilter, depth: int) -> list[str] | None:
    """The place in the list after so many tickets."""
    if depth == 0:
        return None
    order = "due_at, ticket_id" if query.sort == "due" else "ticket_id DESC"
    where = "assignee_staff_id IS NULL AND status = 'open'" if query.unassigned else "status = 'open'"
    found = await bench.rows(
        f"SELECT due_at, ticket_id FROM ticket WHERE {where} ORDER BY {order} OFFSET {depth} LIMIT 1"
    )
    if not found:
        return None
    due_at, ticket_id = found[0]
    return [due_at.isoformat(), str(ticket_id)] if query.sort == "due" else [str(ticket_id)]


def _open(**more: Any) -> TicketFilter:
    return TicketFilter.model_validate({"status": "open", **more})


def _figures(taken: Sequence[float]) -> Iterator[str]:
    for share in (0.5, 0.95, 1):
        yield f"{taken[min(int(len(taken) * share), len(taken) - 1)]:.2f}"


def _show(lines: Sequence[str], *, plans: bool) -> None:
    if plans:
        print("\n" + "\n".join(f"- {plan}" for plan in lines))


if __name__ == "__main__":
    main()
