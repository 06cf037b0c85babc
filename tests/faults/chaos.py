"""Inquiries, complaints and refunds go through their lives while every process, PostgreSQL and NATS are killed again
and again, and the payment side has a bad day.

The client keeps a history, the checkers lay it beside everything that was written (`checks`, `money`). They begin once
nothing moves any more: slow isn't lost. The seed fixes what is asked, who is impatient, victims and moments.

    PYTHONPATH=.:tests:tests/faults python tests/faults/chaos.py --tickets 1000 --kills 20 --stops 2 --seed 7
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import checks
import money
from chaos_loads import MIXED, REFUNDS, Desk, desk, one_ticket
from history import History, Outcome
from kills import VICTIMS, kill_on, stop_on
from listening import listening
from local_stack import Running, stack
from payment_stand_in import TOKEN, StandIn, standing_in
from payouts import Office
from tables import SERVICES, rows, value

from kit.testing.poll import eventually
from ops.callers import callers
from ops.credentials import Secrets
from ops.hiring import hire

QUIET_SECONDS = 40.0  # what was in the hands of somebody who died comes back after 30 s
DRAIN_SECONDS = 600.0
WORKERS = 16


Done = Callable[[], float]
Hurt = Callable[[Running, "asyncio.Task[Any]", Done], Awaitable[Counter[str]]]


@dataclass(frozen=True)
class Plan:
    """What is done, and what is done to those who do it."""

    tickets: int
    kills: int
    seed: int
    stops: int = 0
    listened: bool = True
    kinds: tuple[str, ...] = field(default=MIXED, repr=False)
    victims: tuple[str, ...] = field(default=VICTIMS, repr=False)


@dataclass
class Verdict:
    """What was done and what the checkers found: no faults after a good run."""

    plan: Plan
    killed: dict[str, int] = field(default_factory=dict)
    operations: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    payments: dict[str, int] = field(default_factory=dict)
    outside: dict[str, Any] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    load_seconds: float = 0.0
    drain_seconds: float = 0.0
    history: str = ""


Prove = Callable[..., Awaitable[Verdict]]  # `proved` as the fixture has it


def seeds() -> list[int]:
    """The seeds that KEFU_SEED names (`KEFU_SEED="7 8"`), or one by chance; a run prints its own."""
    return [int(one) for one in os.environ.get("KEFU_SEED", "").split()] or [random.SystemRandom().randrange(10_000)]


async def proved(plan: Plan, home: Path, hurt: Hurt | None = None, **told: str) -> Verdict:
    """Run it and print the verdict. Raises AssertionError for one with faults, or with too little done to anybody."""
    verdict = await run(plan, home, hurt, **told)
    print(f"\n{verdict}")
    assert sum(verdict.killed.values()) == plan.kills + plan.stops, "some kills found nobody to kill"
    assert verdict.operations[Outcome.OK] > plan.tickets, "hardly anything was done"
    assert not verdict.faults, f"run it again with KEFU_SEED={plan.seed}: {verdict.faults[:20]}"
    return verdict


async def run(plan: Plan, home: Path, hurt: Hurt | None = None, **told: str) -> Verdict:
    """One whole run; the verdict over its history, whose file stays in `home`. `hurt` does what is done to whom, in
    place of kills and stops; `told` is more of the stack's environment."""
    side = StandIn(seed=plan.seed, hang_seconds=4)
    async with standing_in(side):
        told |= {"KEFU_PAYMENTS_URL": side.url, "KEFU_PAYMENTS_TOKEN": TOKEN, "KEFU_PAYMENTS_SECONDS": "2"}
        async with stack(home, **told) as running:
            secrets = Secrets.model_validate_json((running.home / "secrets.json").read_bytes())
            async with callers(running.note["gateway"], secrets) as people:
                history = History(home / "history.jsonl", plan.seed)
                _, agent = await hire(people, "混沌")
                office = Office(
                    running, history, agent, people.staff("supervisor"), people.storefront, random.Random(plan.seed)
                )
                side.tell = lambda said: office.tell(said, side.asked[said["payment_key"]][2])
                at_work = await desk(people, agent, office, history)
                async with listening(running, plan.listened) as listeners:
                    verdict, ended = await worked(at_work, side, plan, hurt or partial(kills_and_stops, plan))
                    verdict.outside = await listeners.report(verdict.events, partial(written_by, running))
                verdict.faults += await checks.faults_of(running, history, ended)
                verdict.faults += await money.faults_of(office, side)
                verdict.faults += unheard(verdict.outside)
                return verdict


async def kills_and_stops(plan: Plan, running: Running, load: asyncio.Task[Any], done: Done) -> Counter[str]:
    """Stop whom the plan stops, then kill whom it kills."""
    hurt = await stop_on(running, plan.stops, plan.seed, load, done)
    return hurt + await kill_on(running, plan.kills, plan.seed, load, done=done, victims=plan.victims)


async def worked(at_work: Desk, side: StandIn, plan: Plan, hurt: Hurt) -> tuple[Verdict, list[str]]:
    """The load under kills and the wait until nothing is open; the tickets that came to their end."""
    office, history = at_work.office, at_work.history
    refunds = [number for number in range(plan.tickets) if plan.kinds[number % len(plan.kinds)] == "refund"]
    await office.order(refunds)
    numbers, ended, done = iter(range(plan.tickets)), list[str | None](), asyncio.Event()

    async def worker() -> None:
        for number in numbers:
            ended.append(await one_ticket(at_work, number, plan.kinds))

    started = time.monotonic()
    load = asyncio.create_task(work_through(WORKERS, worker))
    mending = asyncio.create_task(office.mend(done))
    try:
        killed = await hurt(office.running, load, lambda: len(ended) / plan.tickets)
        await load
        verdict = Verdict(plan, dict(killed), load_seconds=time.monotonic() - started, history=str(history.path))
        started = time.monotonic()
        await drained(office.running, side)
    finally:
        done.set()
        await mending
    verdict.drain_seconds = time.monotonic() - started
    verdict.operations = {str(outcome): len(history.those(outcome)) for outcome in Outcome}
    verdict.longest = await longest(office.running)
    verdict.events, verdict.payments = await events_of(office.running), dict(side.calls)
    return verdict, [one for one in ended if one is not None]


async def work_through(workers: int, worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """All workers side by side."""
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())


async def drained(running: Running, side: StandIn) -> None:
    """Wait until everything is told, taken and paid, or nothing has moved for 40 seconds: slow is not lost."""
    last, since = -1, time.monotonic()

    async def done_or_quiet() -> bool:
        nonlocal last, since
        left = await open_things(running, side)
        if left != last:
            last, since = left, time.monotonic()
        return left == 0 or time.monotonic() - since > QUIET_SECONDS

    await eventually(done_or_quiet, within=DRAIN_SECONDS)


async def open_things(running: Running, side: StandIn) -> int:
    """How much is still under way: events untold or untaken, payments unpaid or not called back."""
    untold = [await value(running, one, "SELECT count(*) FROM outbox WHERE published_at IS NULL") for one in SERVICES]
    unpaid = await value(running, "ticket", "SELECT count(*) FROM payment WHERE status <> 'paid'")
    return sum(untold) + unpaid + side.under_way or await checks.lacking(running)


async def events_of(running: Running) -> dict[str, int]:
    """How many events each service has published."""
    query = "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"
    return {service: await value(running, service, query) for service in SERVICES}


async def written_by(running: Running) -> dict[str, int]:
    """How many events each service has written, published or not."""
    return {service: await value(running, service, "SELECT count(*) FROM outbox") for service in SERVICES}


async def longest(running: Running) -> dict[str, float]:
    """How many seconds the last of the ticket service's events waited until the broker had it, and notify."""
    told = "SELECT event_id, occurred_at, published_at FROM outbox WHERE published_at IS NOT NULL"
    events = {row["event_id"]: row for row in await rows(running, "ticket", told)}
    taken = await rows(running, "notify", "SELECT event_id, handled_at FROM inbox WHERE consumer = 'notify-ticket'")
    waits = {
        "told": [row["published_at"] - row["occurred_at"] for row in events.values()],
        "taken": [
            row["handled_at"] - events[row["event_id"]]["occurred_at"] for row in taken if row["event_id"] in events
        ],
    }
    return {name: round(max(given).total_seconds(), 2) for name, given in waits.items() if given}


def unheard(outside: dict[str, Any]) -> list[str]:
    """What those who listen from outside lack, have twice in a row, or could not read as a CloudEvent."""
    heard = {name: one for name, one in outside.items() if one}
    return [
        f"{name} heard {one['events']} of {one['wanted']} to {one['at_most']} with {one['gaps']} gaps and"
        f" {one.get('invalid')}"
        for name, one in heard.items()
        if not one["wanted"] <= one["events"] <= one["at_most"] or one["gaps"] or one.get("invalid")
    ]


def main() -> None:
    """The command line of a chaos run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=0, help="processes held still for 20 s each")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--refunds", action="store_true", help="nothing but refunds")
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="kefu-chaos-")
    print(f"seed {given.seed}; history and logs stay in {folder}")
    kinds = REFUNDS if given.refunds else MIXED
    plan = Plan(given.tickets, given.kills, given.seed, given.stops, kinds=kinds)
    verdict = asyncio.run(run(plan, Path(folder)))
    print(verdict)
    sys.exit(1 if verdict.faults else 0)


if __name__ == "__main__":
    main()
