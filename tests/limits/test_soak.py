"""The same load for a long while: what a process holds stays what it was, and events don't wait (C7).

KEFU_SOAK_MINUTES=20 make faults            (20 by night, a quarter of one before a change lands)
"""

import asyncio
import os
import re
import statistics
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg
import pytest
from limits_page import row
from limits_rig import House, measured, percentile
from sizes import size

from kit.ids import new_id
from kit.testing.pace import moment
from kit.testing.poll import eventually
from ops.callers import Caller, Callers, callers
from ops.hiring import hire

MINUTES = float(os.environ.get("KEFU_SOAK_MINUTES") or size(80, 1) / 4)
LIVES_PER_SECOND = 3
READS_PER_SECOND = 15
SERVICES = ("gateway", "customer", "ticket", "appraisal", "notify")
_TASKS = re.compile(r"^kefu_tasks\S* (\S+)$", re.MULTILINE)
_AGES = """
    SELECT extract(epoch FROM published_at - occurred_at)::float FROM outbox
    WHERE published_at IS NOT NULL AND occurred_at > $1
"""


@dataclass
class Held:
    """What each process holds, sample by sample: MiB, open files, connections, tasks."""

    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def look(self, house: House, database: asyncpg.Connection) -> None:
        """One sample of everything."""
        for name in SERVICES:
            process = house.process(name)
            self.samples[f"{name} MiB"].append(process.memory_info().rss / 2**20)
            self.samples[f"{name} files"].append(process.num_fds())
            self.samples[f"{name} connections"].append(len(process.net_connections("tcp")))
            self.samples[f"{name} tasks"].append(await tasks_of(house.running.note["metrics"][name]))
        self.samples["nats MiB"].append(house.process("nats").memory_info().rss / 2**20)
        server = house.process("postgresql")
        family = [server, *server.children(recursive=True)]
        self.samples["postgresql processes"].append(len(family))
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        self.samples["postgresql connections"].append(await database.fetchval(sessions))

    def cells(self, name: str) -> list[str]:
        """What a process held in the second quarter and in the last."""
        told = []
        for kind in ("MiB", "files", "connections", "tasks"):
            known = f"{name} {kind}" in self.samples
            told.append("{:.0f} → {:.0f}".format(*self.quarters(f"{name} {kind}")) if known else "–")
        return told

    def quarters(self, name: str) -> tuple[float, float]:
        """The medians of the second quarter and of the last."""
        seen = self.samples[name]
        quarter = max(len(seen) // 4, 1)
        return statistics.median(seen[quarter : 2 * quarter]), statistics.median(seen[-quarter:])


async def tasks_of(url: str) -> float:
    """How many tasks a process says it has."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: kefu\r\n\r\n")
    page = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    found = _TASKS.search(page)
    assert found, page[:300]
    return float(found[1])


async def one_life(agent: Caller) -> None:
    """A ticket from its opening to its close; every answer as it should be."""
    opening = {"subject": "长跑", "channel": "phone"}
    ticket = await agent.expect(201, "POST", "/v1/tickets", opening, Idempotency_Key=str(new_id()))
    path = f"/v1/tickets/{ticket['ticket_id']}"
    for verb, body in (("start", None), ("solve", {"solution": "已处理"}), ("close", None)):
        await agent.expect(200, "POST", f"{path}/{verb}", body, Idempotency_Key=str(new_id()))


async def live_on(agent: Caller, until: float) -> int:
    """So many lives a second, whether or not the last one is over; how many there were."""
    lives, began = 0, asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as group:
        while time.monotonic() < until:
            group.create_task(one_life(agent))
            lives += 1
            await moment(began + lives / LIVES_PER_SECOND)
    return lives


async def read_on(house: House, people: Callers, until: float) -> Counter[int]:
    """Read the ticket all the time, every half minute with a new token: one is good for ten; the statuses."""
    seen: Counter[int] = Counter()
    while (left := until - time.monotonic()) > 0.1:
        reader = people.staff("supervisor")
        await reader.expect(200, "GET", f"/v1/tickets/{house.ticket}")
        assert reader.token
        house.token = reader.token
        answers = await measured(house.gateway, house.reading, READS_PER_SECOND, min(left, 30))
        seen += Counter(status for status, _ in answers)
    return seen


@pytest.mark.chaos
@pytest.mark.timeout(max(300, MINUTES * 60 * 2))
async def test_a_long_run_leaves_everything_as_it_was(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    held, pause = Held(), max(MINUTES * 60 / 120, 0.5)
    database = await asyncpg.connect(house.running.note["databases"]["ticket"])
    async with callers(house.gateway, house.secrets) as people:
        _, agent = await hire(people, "长跑")
        began = await database.fetchval("SELECT now()")
        until = time.monotonic() + MINUTES * 60
        living = asyncio.create_task(live_on(agent, until))
        reading = asyncio.create_task(read_on(house, people, until))
        while time.monotonic() < until:
            await held.look(house, database)
            await asyncio.wait({living, reading}, timeout=pause, return_when=asyncio.FIRST_EXCEPTION)
            for task in (living, reading):
                assert not (task.done() and task.exception()), task
        lives, seen = await living, await reading
    await eventually(lambda: all_published(database), within=60)
    ages = [age for (age,) in await database.fetch(_AGES, began)]
    await database.close()
    note = (
        f"{MINUTES:g} minutes, {lives} tickets from opening to close, {seen.total()} reads, {len(ages)} events; outbox age "
        f"p50 {percentile(ages, 0.5):.3f} s, p99 {percentile(ages, 0.99):.3f} s. Medians: second quarter → last."
    )
    for name in (*SERVICES, "nats", "postgresql"):
        row(capsys, "soak", "process | MiB | open files | connections | tasks", name, *held.cells(name), note=note)
    assert set(seen) == {200}, seen
    assert not grown(held)
    assert percentile(ages, 0.99) <= (1 if MINUTES >= 5 else 5)


async def all_published(database: asyncpg.Connection) -> bool:
    return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox WHERE published_at IS NULL"))


def grown(held: Held) -> dict[str, tuple[float, float]]:
    """What is not flat. In a quarter of a minute a process is still warming up, and its pools are filling: only what
    leaks by the request shows."""
    most = {"MiB": 8, "other": 5} if MINUTES >= 5 else {"MiB": 32, "other": 60}
    broker = {"nats MiB": 32}  # it keeps what was published last, and its runtime collects when it likes
    odd = {}
    for name in held.samples:
        second, last = held.quarters(name)
        if last - second > broker.get(name, most.get(name.split()[1], most["other"])):
            odd[name] = (second, last)
    return odd
