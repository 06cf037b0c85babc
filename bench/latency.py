"""How old an event is when another service takes it up: tickets opened at a steady pace, seen by notify.

From `outbox.occurred_at` in the ticket service's database (the request's one instant, before its commit) to
`inbox.handled_at` in notify's (taken inside the handler's transaction), by event id. So the commit, the relay, the
broker's fsync and the pull all count.
"""

from datetime import UTC, datetime
from itertools import repeat
from typing import Any

import asyncpg

from bench.create import BODY
from bench.load import LoadError, paced, percentile, request
from bench.processes import quiet
from bench.report import table
from bench.stack import Running
from kit.testing.poll import eventually

PER_SECOND = 50
_TOLD = """
SELECT event_id, occurred_at, published_at FROM outbox WHERE subject = 'ticket.opened' AND occurred_at >= $1
"""
_HEARD = "SELECT event_id, handled_at FROM inbox WHERE consumer = 'notify-ticket' AND event_id = ANY($1)"


async def run(running: Running, seconds: float) -> None:
    """Measure and print the table. A supervisor is hired first, whom the default rule tells of every ticket."""
    async with running.caller("admin") as admin:
        born = {"name": "周敏", "role": "supervisor", "aliases": [], "hired_on": "2024-03-01"}
        await admin.expect(201, "POST", "/v1/staff", born)
    asked = request("POST", "/v1/tickets", token=await running.token("agent"), body=BODY)
    await paced(running.gateway, repeat(asked), per_second=PER_SECOND, seconds=1.0, expect=201)
    await quiet(running.pids.values())
    began = datetime.now(UTC)
    outcome = await paced(running.gateway, repeat(asked), per_second=PER_SECOND, seconds=seconds, expect=201)
    told, heard = await _seen(running, began, outcome.requests)
    parts = {
        "POST through the gateway, answered": outcome.latencies,
        "request → broker has acknowledged": _milliseconds(told, "published_at"),
        "request → handler in notify": sorted(
            (heard[row["event_id"]] - row["occurred_at"]).total_seconds() * 1000 for row in told
        ),
    }
    rows = [
        [name, *(f"{percentile(values, share):.1f}" for share in (0.50, 0.95, 0.99)), f"{values[-1]:.1f}"]
        for name, values in parts.items()
    ]
    columns = [f"{PER_SECOND} tickets/s for {seconds:g} s, ms", "p50", "p95", "p99", "max"]
    table("From commit to handler", columns, rows, f"{len(told)} events, {len(told) - len(heard)} lost.")


async def _seen(running: Running, began: datetime, wanted: int) -> tuple[list[Any], dict[Any, datetime]]:
    """The outbox rows and when notify handled them. Raises `LoadError` when some never arrive."""
    outbox = await asyncpg.connect(running.database("ticket"))
    inbox = await asyncpg.connect(running.database("notify"))
    try:
        told = await outbox.fetch(_TOLD, began)
        if len(told) != wanted:
            raise LoadError(f"{wanted} tickets were opened and {len(told)} events recorded")
        ids = [row["event_id"] for row in told]

        async def all_heard() -> dict[Any, datetime]:
            heard = {row["event_id"]: row["handled_at"] for row in await inbox.fetch(_HEARD, ids)}
            return heard if len(heard) == len(ids) else {}

        try:
            heard = await eventually(all_heard, within=15.0)
        except TimeoutError:
            raise LoadError("not every event had reached notify 15 s later") from None
        return await outbox.fetch(_TOLD, began), heard
    finally:
        await outbox.close()
        await inbox.close()


def _milliseconds(rows: list[Any], until: str) -> list[float]:
    return sorted((row[until] - row["occurred_at"]).total_seconds() * 1000 for row in rows)
