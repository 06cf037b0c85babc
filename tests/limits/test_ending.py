"""Whoever is asked to end does so within ten seconds, whatever is under way, and forgets nothing that was promised."""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import orjson
import psutil
import pytest
from limits_page import row
from limits_rig import House, ask, opened
from local_stack import stack
from sizes import size

from kit.testing.pace import moment
from kit.testing.poll import eventually
from kit.testing.servers import PostgresServer

WITHIN = 10.0
OURS = ("gateway", "ticket", "customer", "appraisal", "notify")[: size(5, 1)]
HALF_SENT = 50


@dataclass
class Load:
    """Tickets opened all the time; what was acknowledged, and what else was said."""

    acknowledged: list[str] = field(default_factory=list)
    said: Counter[int] = field(default_factory=Counter)

    async def go_on(self, house: House) -> None:
        """One ticket after the other, each with a key of its own; a broken connection counts as 0."""
        loop = asyncio.get_running_loop()
        while True:
            again = loop.time() + 0.05
            try:
                reply = await ask(house.gateway, house.opening(), within=30)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.said[0] += 1
                await moment(again)
                continue
            self.said[reply.status] += 1
            if reply.status == 201:
                self.acknowledged.append(orjson.loads(reply.body)["ticket_id"])
            else:
                await moment(again)


@asynccontextmanager
async def under_load(house: House, load: Load) -> AsyncIterator[None]:
    """Eight at once while the block lasts."""
    working = [asyncio.create_task(load.go_on(house)) for _ in range(8)]
    try:
        yield
    finally:
        for worker in working:
            worker.cancel()
        await asyncio.gather(*working, return_exceptions=True)


@asynccontextmanager
async def half_sent(house: House, url: str) -> AsyncIterator[None]:
    """Clients who have sent half a head or half a body, and wait."""
    place = urlsplit(url)
    body = house.head("POST /v1/tickets", "Content-Type: application/json", "Content-Length: 100") + b"{"
    writers = []
    for number in range(2 * HALF_SENT):
        _, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(body if number % 2 else body[:100])
        writers.append(writer)
    try:
        yield
    finally:
        for writer in writers:
            writer.transport.abort()


async def ended(pid: int) -> float:
    """Ask a process to end; the seconds it took."""
    process, began = psutil.Process(pid), time.monotonic()
    process.send_signal(signal.SIGTERM)

    def gone() -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return bool(process.status() == psutil.STATUS_ZOMBIE)
        return True

    await eventually(gone, within=60)
    return time.monotonic() - began


async def serves(house: House) -> bool:
    """Whether a ticket can be opened."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        return (await ask(house.gateway, house.opening())).status == 201
    return False


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_the_end_under_load_is_quick_and_nothing_promised_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load, took = Load(), {}
    async with stack(tmp_path) as running:
        house = await opened(running)
        async with under_load(house, load):
            for name in OURS:
                to = house.gateway if name == "gateway" else house.service(name)
                before = len(load.acknowledged)
                await eventually(lambda before=before: len(load.acknowledged) > before + 20, within=60)
                async with half_sent(house, to):
                    took[name] = await ended(running.pid(name))
                await eventually(lambda: serves(house), within=60)
            async with half_sent(house, house.gateway):
                took["kefu up"] = await ended(running.pid("supervisor"))
    for name, seconds in took.items():
        note = (
            f"{len(load.acknowledged)} tickets acknowledged meanwhile, each of them there afterwards with its event."
        )
        row(capsys, "ending", "asked to end | over after s", name, f"{seconds:.1f}", note=note)
    await all_there(running.home, set(load.acknowledged))
    assert max(took.values()) < WITHIN, took
    assert load.said.keys() <= {0, 201, 503}


async def all_there(home: Path, acknowledged: set[str]) -> None:
    """Each acknowledged ticket is in the database, with its event, once."""
    server = PostgresServer(home / "postgres")
    await asyncio.to_thread(server.start)
    try:
        database = await asyncpg.connect(server.url.rpartition("/")[0] + "/ticket")
        there = await database.fetch("SELECT ticket_id::text AS id FROM ticket")
        told = await database.fetch("SELECT aggregate_id::text AS id FROM outbox WHERE subject = 'ticket.opened'")
        await database.close()
    finally:
        await asyncio.to_thread(server.stop)
    assert acknowledged <= {row["id"] for row in there}
    assert sorted(row["id"] for row in told) == sorted(row["id"] for row in there)
