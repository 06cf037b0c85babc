"""Broker or database away: nothing counted, nothing lost, back by itself and soon (I7)."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from kit_rig import (
    FACT,
    Broker,
    Keeper,
    Peek,
    build_database_at,
    peeking,
    record_things,
    refunded,
    running,
    settled,
    subscriber,
)

from kit import subscriber as loop
from kit.bus import Bus
from kit.clock import FrozenClock
from kit.db import Database
from kit.principals import Principal
from kit.problems import Problem
from kit.relay import Relay
from kit.testing.poll import eventually
from kit.testing.servers import NatsServer, PostgresServer
from kit.work import Transactions

REFUNDED = "storefront.refund.paid"
MADE = ["before", "stopped", "killed"]


@pytest.fixture(scope="module")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL of this module's own, which it may stop."""
    server = PostgresServer(tmp_path_factory.mktemp("frail"), fast=True)
    server.start()
    build_database_at(server.url)
    yield server
    server.stop()


@pytest.fixture
async def frail_database(frail: PostgresServer) -> AsyncIterator[Database]:
    database = Database(frail.url)
    yield database
    await database.close()


@pytest.fixture
def frail_transactions(frail_database: Database, clock: FrozenClock) -> Transactions:
    return Transactions(frail_database, clock, bytes(32), lambda: None)


async def test_a_subscriber_goes_on_soon_after_the_broker_was_killed(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, nats: NatsServer
) -> None:
    """I7: the request that was open is lost with the connection and asked again at once."""
    keeper = Keeper(FACT)
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper}).run()):
        ids = [await broker.send(refunded(), 1)]
        await settled(broker, FACT)
        for _ in range(2):
            await asyncio.to_thread(nats.kill)
            await asyncio.to_thread(nats.start)
            await eventually(lambda: broker.client.is_connected)
            ids.append(await broker.send(refunded(), 1))
            await settled(broker, FACT, 15)
    assert await peek.effects() == ids


async def test_a_transaction_without_its_database_is_a_503_in_bounded_time_and_comes_back(
    frail: PostgresServer, frail_transactions: Transactions, actor: Principal
) -> None:
    async def record(name: str) -> bool:
        async with frail_transactions.begin(actor) as work:
            await record_things(work, name)
        return True

    assert await record("before")
    for end, name in ((frail.stop, "stopped"), (frail.kill, "killed")):
        await asyncio.to_thread(end)
        for attempt in range(3):
            async with asyncio.timeout(10):
                with pytest.raises(Problem) as refusal:
                    await record(f"lost-{attempt}")
            assert refusal.value.slug == "dependency-unavailable"
            assert refusal.value.headers == {"Retry-After": "2"}
            assert refusal.value.facts == {"dependency": "database"}
        await asyncio.to_thread(frail.start)
        assert await record(name)
    async with peeking(frail.url) as peek:
        names = await peek.all("SELECT name FROM thing WHERE name = ANY($1) OR starts_with(name, 'lost')", MADE)
    assert sorted(names) == sorted(MADE)


async def test_events_that_come_while_the_database_is_away_wait_uncounted(
    frail: PostgresServer, frail_transactions: Transactions, kit_bus: Bus, broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """I6, I7: more failures than a handler may have, and no dead letter; unreadable ones aren't lost either."""
    monkeypatch.setattr(loop, "_TRANSIENT_PAUSE", 0.02)
    keeper = Keeper(FACT)
    reader = subscriber(FACT, frail_transactions, kit_bus, {REFUNDED: keeper})
    async with running(reader.run()):
        ids = [await broker.send(refunded(), 1)]
        await settled(broker, FACT)
        await asyncio.to_thread(frail.stop)
        ids += [await broker.send(refunded(), 1) for _ in range(10)]
        unreadable = await broker.send(refunded(), 1, body=b"{")
        await eventually(lambda: _delivered(broker, (loop.ATTEMPTS + 1) * 11), 60)
        await asyncio.to_thread(frail.start)
        await settled(broker, FACT)
    async with peeking(frail.url) as peek:
        assert sorted(await peek.effects()) == sorted(ids)
        assert await peek.all("SELECT event_id FROM dead_letter") == [str(unreadable)]
        assert await peek.all("SELECT event_id FROM attempt") == []


async def _delivered(broker: Broker, at_least: int) -> bool:
    info = await broker.js.consumer_info("STOREFRONT", FACT)
    return info.delivered is not None and info.delivered.consumer_seq >= at_least


async def test_the_relay_survives_a_restart_of_the_database(
    frail: PostgresServer, frail_database: Database, frail_transactions: Transactions, actor: Principal, kit_bus: Bus,
    broker: Broker,
) -> None:  # fmt: skip
    """I7"""
    relay = Relay(frail_database, kit_bus, owner="storefront", poll_seconds=0.05)
    async with running(relay.run()):
        await eventually(relay.leads.is_set)
        await asyncio.to_thread(frail.kill)
        await eventually(lambda: not relay.leads.is_set())
        await asyncio.to_thread(frail.start)
        await eventually(relay.leads.is_set)
        async with frail_transactions.begin(actor) as work:
            await record_things(work, "restarted", times=3)
        async with peeking(frail.url) as peek:
            await eventually(lambda: _all_published(peek))


async def _all_published(peek: Peek) -> bool:
    return await peek.one("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0


async def test_a_crowd_waiting_for_few_connections_is_refused_in_time_and_loses_none(
    database: Database, transactions: Transactions, actor: Principal, kit_url: str
) -> None:
    """A 503 in bounded time, and every connection is given back."""
    narrow = Database(kit_url, pool=1)
    crowd = Transactions(narrow, transactions.clock, bytes(32), lambda: None)
    async with AsyncExitStack() as held:
        await record_things(await held.enter_async_context(crowd.begin(actor)), "first")
        async with asyncio.timeout(8):
            with pytest.raises(Problem, match="dependency-unavailable"):
                async with crowd.begin(actor) as work:
                    await record_things(work, "crowd")
    async with crowd.begin(actor) as work:
        await record_things(work, "crowd")
    await narrow.close()


async def test_cancelled_work_gives_its_connection_back_clean(
    transactions: Transactions, actor: Principal, peek: Peek
) -> None:
    """A caller who hangs up at any moment leaves no open transaction behind (T16)."""

    async def record(number: int) -> None:
        async with transactions.begin(actor) as work:
            await record_things(work, f"cancelled-{number}")

    chance = random.Random(7)
    for number in range(60):
        task = asyncio.create_task(record(number))
        for _ in range(chance.randrange(30)):
            await asyncio.wait({task}, timeout=0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for number in range(100, 104):
        await record(number)
    names = set(await peek.all("SELECT name FROM thing"))
    assert {f"cancelled-{number}" for number in range(100, 104)} <= names
    assert len(names) == await peek.one("SELECT count(*) FROM outbox")
    idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    assert await peek.one(idle) == 0
