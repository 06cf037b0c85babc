"""The relay with a real broker: every committed event, once in the stream, in its aggregate's order (I4, I7)."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from kit_rig import AT, OUTBOX_ROW, Broker, Peek, connected, paid, record_things, running

from contracts.storefront import order_key
from kit import bus as kit_bus_module
from kit import failpoints, outbox
from kit.bus import Bus
from kit.db import Database
from kit.ids import new_id
from kit.principals import Principal
from kit.problems import Problem
from kit.relay import BATCH, Relay
from kit.testing.poll import eventually
from kit.testing.servers import NatsServer
from kit.work import Transactions

UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


@pytest.fixture(autouse=True)
async def disarmed() -> AsyncIterator[None]:
    yield
    failpoints.disarm()


def relay_of(database: Database, bus: Bus, poll_seconds: float = 0.02) -> Relay:
    return Relay(database, bus, owner="storefront", poll_seconds=poll_seconds)


async def published(peek: Peek) -> None:
    await eventually(lambda: _nothing_waits(peek), 60)


async def _nothing_waits(peek: Peek) -> bool:
    return await peek.one(UNPUBLISHED) == 0


async def assert_stream_is_the_outbox(broker: Broker, peek: Peek) -> None:
    """Every event once, each aggregate gap-free and in order, every mark the true place in the stream."""
    messages = await broker.stored("STOREFRONT")
    places = {
        str(event_id): place for event_id, place in await peek.all("SELECT event_id, stream_sequence FROM outbox")
    }
    assert {message.headers["ce-id"]: message.seq for message in messages} == places
    by_aggregate: dict[str, list[int]] = defaultdict(list)
    for message in messages:
        by_aggregate[message.headers["ce-subject"]].append(int(message.headers["ce-sequence"]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_aggregate.values())


async def test_events_are_published_in_order_and_marked_with_their_place(
    database: Database, transactions: Transactions, actor: Principal, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I4"""
    orders = [f"A-{n}" for n in range(20)]
    async with running(relay_of(database, kit_bus).run()):
        for _ in range(3):
            async with transactions.begin(actor, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01") as work:
                await record_things(work, *orders, times=5)
            orders = [f"{order}'" for order in orders]
        await published(peek)
    await assert_stream_is_the_outbox(broker, peek)
    first = (await broker.stored("STOREFRONT"))[0]
    assert first.subject == "storefront.order.paid"
    assert first.headers["ce-source"] == "/kefu/storefront"
    assert first.headers["ce-traceparent"] == "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    assert first.data == await peek.one("SELECT body FROM outbox ORDER BY id")


async def test_a_commit_wakes_the_relay_at_once(
    database: Database, actor: Principal, kit_bus: Bus, broker: Broker, peek: Peek, transactions: Transactions
) -> None:
    relay = relay_of(database, kit_bus, poll_seconds=3600)
    woken = Transactions(database, transactions.clock, bytes(32), relay.wake)
    async with running(relay.run()):
        await eventually(relay.leads.is_set)
        async with woken.begin(actor) as work:
            await record_things(work, "A-1")
        await published(peek)


async def test_a_transaction_that_commits_late_is_not_skipped(
    database: Database, transactions: Transactions, actor: Principal, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I7: its row has the lowest id and appears after higher ones were published (T12)."""
    slow, body = await database.connect(), paid("slow").model_dump_json().encode()
    async with running(relay_of(database, kit_bus).run()):
        hold = slow.transaction()
        await hold.start()
        await slow.execute(OUTBOX_ROW, new_id(), order_key("flagship", "slow"), 1, body, AT)
        for number in range(20):
            async with transactions.begin(actor) as work:
                await record_things(work, f"fast-{number}", times=5)
        await published(peek)
        assert len(await broker.stored("STOREFRONT")) == 100
        await hold.commit()
        await published(peek)
    await slow.close()
    assert await peek.one("SELECT stream_sequence FROM outbox ORDER BY id") == 101
    assert await peek.one("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") == 101


@pytest.mark.parametrize("point", ["before-publish", "after-publish", "after-puback", "after-mark"])
async def test_a_relay_that_fails_at_any_point_goes_on_without_loss_or_double(
    database: Database,
    transactions: Transactions,
    actor: Principal,
    kit_bus: Bus,
    broker: Broker,
    peek: Peek,
    point: str,
) -> None:
    """I7: published but unmarked events go out again under the same Nats-Msg-Id, and the broker drops them."""
    async with transactions.begin(actor) as work:
        await record_things(work, "A-1", "A-2", "A-3", times=4)
    failpoints.arm(f"{point}=raise@2")
    async with running(relay_of(database, kit_bus).run()):
        await published(peek)
    await assert_stream_is_the_outbox(broker, peek)


async def test_of_two_relays_one_leads_and_the_other_takes_over(
    database: Database, transactions: Transactions, actor: Principal, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I4"""
    first, second = relay_of(database, kit_bus), relay_of(database, kit_bus)
    async with running(first.run()):
        await eventually(first.leads.is_set)
        async with running(second.run()):
            async with transactions.begin(actor) as work:
                await record_things(work, "A-1", times=3)
            await published(peek)
            assert first.leads.is_set()
            assert not second.leads.is_set()
            holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
            holder = await peek.one(holders + "(SELECT oid FROM pg_database WHERE datname = current_database())")
            await peek.one("SELECT pg_terminate_backend($1)", holder)
            await eventually(lambda: first.leads.is_set() != second.leads.is_set())
            async with transactions.begin(actor) as work:
                await record_things(work, "A-2", times=3)
            await published(peek)
    await assert_stream_is_the_outbox(broker, peek)


async def test_while_the_broker_is_down_nothing_is_lost_and_publishing_resumes_by_itself(
    database: Database,
    transactions: Transactions,
    actor: Principal,
    kit_bus: Bus,
    broker: Broker,
    peek: Peek,
    nats: NatsServer,
) -> None:
    """I7"""
    async with running(relay_of(database, kit_bus).run()):
        async with transactions.begin(actor) as work:
            await record_things(work, "before", times=3)
        await published(peek)
        await asyncio.to_thread(nats.kill)
        for number in range(10):
            async with transactions.begin(actor) as work:
                await record_things(work, f"during-{number}", times=3)
        assert await peek.one(UNPUBLISHED) == 30
        await asyncio.to_thread(nats.start)
        await published(peek)
    await eventually(lambda: broker.client.is_connected)
    await assert_stream_is_the_outbox(broker, peek)


async def test_a_broker_killed_in_the_middle_gets_every_event_once(
    database: Database,
    transactions: Transactions,
    actor: Principal,
    kit_bus: Bus,
    broker: Broker,
    peek: Peek,
    nats: NatsServer,
) -> None:
    """I4, I7"""
    async with transactions.begin(actor) as work:
        await record_things(work, *(f"A-{n}" for n in range(60)), times=6)
    async with running(relay_of(database, kit_bus).run()):
        for part in (60, 180):
            await eventually(lambda part=part: _marked(peek, part))
            await asyncio.to_thread(nats.kill)
            await asyncio.to_thread(nats.start)
        await published(peek)
    await eventually(lambda: broker.client.is_connected)
    await assert_stream_is_the_outbox(broker, peek)


async def _marked(peek: Peek, count: int) -> bool:
    return await peek.one("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") >= count


async def test_a_message_that_the_broker_will_never_take_blocks_its_aggregate_and_no_other(
    database: Database, transactions: Transactions, actor: Principal, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I4: nothing of the aggregate overtakes the refused event, not even from the same batch."""
    async with transactions.begin(actor) as work:
        await record_things(work, "blocked", "free", times=4)
    blocked = order_key("flagship", "blocked")
    too_large = b" " * (1024 * 1024 + 1)
    await peek.connection.execute(
        "UPDATE outbox SET body = $1 WHERE aggregate_id = $2 AND sequence = 2", too_large, blocked
    )
    async with running(relay_of(database, kit_bus).run()):
        await eventually(lambda: _marked(peek, 5))
        async with transactions.begin(actor) as work:
            await record_things(work, "later", times=2)
        await eventually(lambda: _marked(peek, 7))
    waiting = "SELECT sequence FROM outbox WHERE published_at IS NULL ORDER BY id"
    assert await peek.all(waiting) == [2, 3, 4]
    assert await peek.all("SELECT aggregate_id, sequence FROM outbox WHERE blocked_at IS NOT NULL") == [(blocked, 2)]
    assert (
        await peek.one("SELECT last_error FROM outbox WHERE blocked_at IS NOT NULL") == "larger than the broker takes"
    )
    assert len(await broker.stored("STOREFRONT")) == 7


async def test_without_its_stream_an_event_waits(
    database: Database, transactions: Transactions, actor: Principal, nats: NatsServer, peek: Peek
) -> None:
    """I7: a service started before `kefu migrate` has made the streams."""
    async with connected(nats.url) as bus, running(relay_of(database, bus).run()):
        async with transactions.begin(actor) as work:
            await record_things(work, "A-1", times=3)
        await eventually(lambda: bus.is_connected)
        await kit_bus_module.provision(nats.url)
        await published(peek)


async def test_the_relay_comes_back_after_losing_the_database(
    database: Database, transactions: Transactions, actor: Principal, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    relay = relay_of(database, kit_bus)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with running(relay.run()):
        for number in range(3):
            await eventually(relay.leads.is_set)
            assert await peek.all(others)
            await eventually(lambda number=number: _recorded(transactions, actor, f"A-{number}"))
            await published(peek)
    await assert_stream_is_the_outbox(broker, peek)


async def _recorded(transactions: Transactions, actor: Principal, name: str) -> bool:
    try:
        async with transactions.begin(actor) as work:
            await record_things(work, name, times=2)
    except Problem as problem:  # its connection was the one that had been cut
        assert problem.slug == "dependency-unavailable"
        return False
    return True


async def test_more_than_a_batch_is_published_without_waiting_in_between(
    database: Database, transactions: Transactions, actor: Principal, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    async with transactions.begin(actor) as work:
        aggregates = [UUID(int=n) for n in range(1, BATCH + 101)]
        events = [(paid(str(aggregate)), 1) for aggregate in aggregates]
        await outbox.record_many(work, events)
    async with running(relay_of(database, kit_bus, poll_seconds=3600).run()):
        await published(peek)
    await assert_stream_is_the_outbox(broker, peek)
