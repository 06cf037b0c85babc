"""Inquiries and complaints go through their lives while every process, PostgreSQL and NATS are killed again and again.

The client keeps a history (ok or unknown), the checker looks at all of it afterwards: what was acknowledged is there,
once; every effect is there, once; events of one ticket are in order. It waits until nothing moves any more before it
says that something is lost. The seed fixes victims and pauses.

    PYTHONPATH=.:tests python tests/faults/chaos.py --tickets 1000 --kills 20 --stops 2 --seed 7
"""

import argparse
import asyncio
import collections
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import nats
import psutil
from chaos_loads import desk, one_ticket
from listening import listening
from local_stack import Running, stack
from nats.js.api import ConsumerConfig, DeliverPolicy

from kit.testing.poll import eventually
from ops.callers import callers
from ops.credentials import Secrets

VICTIMS = ("ticket", "postgresql", "notify", "nats", "gateway", "customer", "ticket", "appraisal")
STOPPED = ("ticket", "postgresql", "nats", "notify")
STOP_SECONDS = 20.0
QUIET_SECONDS = 12.0


@dataclass
class Verdict:
    """What the checker found; all lists and counts of faults are empty or zero after a good run."""

    seed: int
    kills: dict[str, int]
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled_tickets: int = 0
    effects_lost: int = 0
    effects_doubled: int = 0
    out_of_order: int = 0
    stream_gaps: int = 0
    attachments_off: int = 0
    messages_off: int = 0
    clocks_off: int = 0
    audits_off: int = 0
    unpublished: int = 0
    dead_letters: int = 0
    outside: dict[str, Any] = field(default_factory=dict)
    load_seconds: float = 0.0
    drain_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Nothing lost, doubled, out of order or left behind."""
        return not (
            self.lost or self.doubled_tickets or self.effects_lost or self.effects_doubled or self.out_of_order
            or self.stream_gaps or self.attachments_off or self.messages_off or self.clocks_off or self.audits_off
            or self.unpublished or self.dead_letters or self.outside_missed
        )  # fmt: skip

    @property
    def outside_missed(self) -> int:
        """What those who listen from outside lack, have twice in a row, or could not read as a CloudEvent."""
        missed = sum(abs(one["events"] - one["wanted"]) + one["gaps"] for one in self.outside.values() if one)
        return missed + sum(len(one.get("invalid", ())) for one in self.outside.values() if one)


async def kill_on(running: Running, kills: int, seed: int, load: asyncio.Task[Any]) -> collections.Counter[str]:
    """SIGKILL the victims in turn with random pauses until the count is reached."""
    chance = random.Random(seed)
    done: collections.Counter[str] = collections.Counter()
    for turn in range(kills):
        await asyncio.wait([load], timeout=chance.uniform(0.3, 1.2))
        victim = VICTIMS[(turn + seed) % len(VICTIMS)]
        await eventually(lambda: killed(running, victim), within=60)  # noqa: B023 - asked within this turn
        done[victim] += 1
    return done


async def stop_on(running: Running, stops: int, seed: int, load: asyncio.Task[Any]) -> collections.Counter[str]:
    """SIGSTOP the relay, a subscriber, PostgreSQL and NATS in turn, each for 20 seconds: nobody is gone, nobody
    answers. What is stopped when the load is done goes on at once."""
    done: collections.Counter[str] = collections.Counter()
    for turn in range(stops):
        victim = STOPPED[(turn + seed) % len(STOPPED)]
        first = psutil.Process(running.pid(victim))
        family = [first, *first.children(recursive=True)]
        for process in family:
            process.suspend()
        await asyncio.wait([load], timeout=STOP_SECONDS)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        done[f"{victim} stopped"] += 1
    return done


def killed(running: Running, victim: str) -> bool:
    """Whether there was a process to kill; one that is being revived has none yet."""
    try:
        os.kill(running.pid(victim), signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError, KeyError):
        return False
    return True


async def run(tickets: int, kills: int, seed: int, home: Path, *, stops: int = 0, workers: int = 16) -> Verdict:
    """One whole run; the verdict over its history."""
    async with stack(home) as running:
        secrets = Secrets.model_validate_json((running.home / "secrets.json").read_bytes())
        async with callers(running.note["gateway"], secrets) as people:
            at_work = await desk(people)
            numbers = iter(range(tickets))
            history: dict[str, str] = {}

            async def worker() -> None:
                for number in numbers:
                    history[f"{seed}-{number}"] = await one_ticket(at_work, number, f"{seed}-{number}")

            started = time.monotonic()
            async with listening(running) as listeners:
                load = asyncio.create_task(work_through(workers, worker))
                done = await stop_on(running, stops, seed, load)
                done += await kill_on(running, kills, seed, load)
                await load
                verdict = Verdict(seed, dict(done), len(history), load_seconds=time.monotonic() - started)
                started = time.monotonic()
                await drained(running, len(history))
                verdict.drain_seconds = time.monotonic() - started
                verdict.outside = await listeners.report(await events_of(running))
            await check(running, history, verdict)
            return verdict


async def work_through(workers: int, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """All workers side by side."""
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())


async def drained(running: Running, wanted: int) -> None:
    """Wait until every effect is there, or nothing has moved for 12 seconds: slow is not lost."""
    last, since = -1, time.monotonic()

    async def done_or_quiet() -> bool:
        nonlocal last, since
        unpublished = await value(running, "ticket", "SELECT count(*) FROM outbox WHERE published_at IS NULL")
        effects = await value(running, "notify", "SELECT count(*) FROM notification WHERE subject = 'ticket.closed'")
        if effects - unpublished != last:
            last, since = effects - unpublished, time.monotonic()
        return (unpublished == 0 and effects >= wanted) or time.monotonic() - since > QUIET_SECONDS

    await eventually(done_or_quiet, within=300)


async def events_of(running: Running) -> dict[str, int]:
    """How many events each service has published."""
    query = "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"
    services = ("customer", "ticket", "appraisal", "notify")
    return {service: await value(running, service, query) for service in services}


async def value(running: Running, service: str, query: str) -> int:
    """One number from a service's database; asked again while PostgreSQL is coming back."""

    async def connected() -> Any:
        try:
            return await asyncpg.connect(running.note["databases"][service], timeout=5)
        except (OSError, asyncpg.PostgresError):
            return None

    connection = await eventually(connected, within=60)
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


async def check(running: Running, history: dict[str, str], verdict: Verdict) -> None:
    """Compare the history with the tables and the stream."""
    ticket = await asyncpg.connect(running.note["databases"]["ticket"])
    notify = await asyncpg.connect(running.note["databases"]["notify"])
    try:
        rows = await ticket.fetch("SELECT ticket_id::text, status FROM ticket")
        status = {row["ticket_id"]: row["status"] for row in rows}
        verdict.lost = [key for key, ticket_id in history.items() if status.get(ticket_id) != "closed"]
        verdict.doubled_tickets = len(rows) - len(set(history.values()))
        verdict.unpublished = await ticket.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        closed = await ticket.fetch("SELECT event_id::text FROM outbox WHERE subject = 'ticket.closed'")
        seen = await notify.fetch("SELECT event_id::text FROM notification WHERE subject = 'ticket.closed'")
        effects = collections.Counter(row["event_id"] for row in seen)
        verdict.effects_lost = sum(row["event_id"] not in effects for row in closed)
        verdict.effects_doubled = sum(count - 1 for count in effects.values())
        for service in ("customer", "ticket", "appraisal", "notify"):
            verdict.dead_letters += await value(running, service, "SELECT count(*) FROM dead_letter")
        await check_complaints(ticket, verdict)
        await check_stream(ticket, running, history, verdict)
    finally:
        await ticket.close()
        await notify.close()


async def check_complaints(ticket: asyncpg.Connection, verdict: Verdict) -> None:
    """Each complaint has its one file, its one message, its clocks ended by what was done, its steps in the trail."""
    complaints = await ticket.fetchval("SELECT count(*) FROM complaint")
    off: dict[str, int] = {}
    for name, query in ONCE_EACH.items():
        of_each = await ticket.fetch(query)
        off[name] = complaints - len(of_each) + sum(row["found"] != row["wanted"] for row in of_each)
    verdict.attachments_off, verdict.messages_off = off["attachments"], off["messages"]
    verdict.clocks_off, verdict.audits_off = off["clocks"], off["audits"]


ONCE_EACH = {
    "attachments": """
        SELECT count(a.*) AS found, 1 AS wanted
        FROM complaint c LEFT JOIN attachment a ON a.ticket_id = c.complaint_id GROUP BY c.complaint_id
    """,
    "messages": """
        SELECT count(m.*) AS found, 1 AS wanted
        FROM complaint c LEFT JOIN ticket_message m ON m.ticket_id = c.complaint_id GROUP BY c.complaint_id
    """,
    "clocks": """
        SELECT count(k.*) FILTER (WHERE k.status = 'met') AS found, 2 AS wanted
        FROM complaint c LEFT JOIN clock k ON k.ticket_id = c.complaint_id GROUP BY c.complaint_id
    """,
    # Judged, fixed, explained; twice proposed, informed, verified, called back; closed.
    "audits": """
        SELECT count(a.*) AS found, 12 AS wanted
        FROM complaint c LEFT JOIN audit a ON a.aggregate_id = c.complaint_id AND a.noun = 'complaint'
            AND a.action IN ('judge', 'fix', 'explain', 'propose', 'inform', 'verify', 'call-back', 'close')
        GROUP BY c.complaint_id
    """,
}


async def check_stream(
    ticket: asyncpg.Connection, running: Running, history: dict[str, str], verdict: Verdict
) -> None:
    """Read the whole stream as an outside subscriber would: the events of every ticket and every complaint once, in
    order, without a gap, to the last that the row counted."""
    client = await nats.connect(running.note["nats"])
    try:
        stream = client.jetstream()
        config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, inactive_threshold=30)
        subscription = await stream.pull_subscribe("*.>", durable=None, stream="TICKET", config=config)
        sequences: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
        with contextlib.suppress(nats.errors.TimeoutError, TimeoutError):
            while True:
                for message in await subscription.fetch(500, timeout=2):
                    noun = message.subject.rpartition(".")[0]
                    sequences[noun, message.headers["ce-subject"]].append(int(message.headers["ce-sequence"]))
                    await message.ack()
    finally:
        await client.close()
    last = {}
    for noun, query in LAST_EVENT.items():
        last |= {(noun, row["id"]): row["event_seq"] for row in await ticket.fetch(query)}
    for key, wanted in last.items():
        given = list(dict.fromkeys(sequences[key]))
        verdict.out_of_order += given != sorted(given)
        verdict.stream_gaps += sorted(given) != list(range(1, wanted + 1))


LAST_EVENT = {
    "ticket": "SELECT ticket_id::text AS id, event_seq FROM ticket",
    "complaint": "SELECT complaint_id::text AS id, event_seq FROM complaint",
    "clock": "SELECT clock_id::text AS id, event_seq FROM clock",
}


def main() -> None:
    """The command line of a chaos run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=0, help="processes held still for 20 s each")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="kefu-chaos-")
    print(f"seed {options.seed}; logs stay in {folder}")
    verdict = asyncio.run(run(options.tickets, options.kills, options.seed, Path(folder), stops=options.stops))
    print(verdict)
    sys.exit(0 if verdict.is_good else 1)


if __name__ == "__main__":
    main()
