"""Subscribers with a real broker: what each mode makes of repeats, disorder and gaps (I4, I5)."""

import asyncio
import itertools
import random

import pytest
from kit_rig import (
    COPY,
    FACT,
    ORDERED,
    Broker,
    Keeper,
    Peek,
    changed,
    connected,
    paid,
    refunded,
    running,
    settled,
    shipped,
    subscriber,
)

from contracts.storefront import order_key
from kit import subscriber as loop
from kit.bus import Bus
from kit.ids import new_id
from kit.testing.poll import eventually
from kit.work import Transactions

PAID, REFUNDED, CHANGED = "storefront.order.paid", "storefront.refund.paid", "customer.changed"
LAST = "SELECT last_sequence FROM position WHERE aggregate_id = $1"


async def test_a_fact_that_comes_again_has_its_effect_once(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I5: also inside one batch, and after the broker's own memory of ids."""
    events = [refunded(n) for n in range(20)]
    ids = [await broker.send(event, 1) for event in events]
    for event, event_id in zip(events, ids, strict=True):
        await broker.repeat(event, 1, event_id)
    keeper = Keeper(FACT)
    reader = subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper})
    async with running(reader.run()):
        await settled(broker, FACT)
        assert sorted(await peek.effects()) == sorted(ids)
        for event, event_id in zip(events, ids, strict=True):
            await broker.repeat(event, 1, event_id)
        await settled(broker, FACT)
    assert sorted(await peek.effects()) == sorted(ids)
    assert await peek.one("SELECT count(*) FROM inbox WHERE consumer = $1", FACT) == 20


async def test_facts_are_taken_in_any_order(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    event = refunded()
    ids = [await broker.send(event, sequence) for sequence in (9, 2, 5)]
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: Keeper(FACT)}).run()):
        await settled(broker, FACT)
    assert await peek.effects() == ids


async def test_a_copy_takes_what_is_newer_and_nothing_older(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I4, I5: gaps don't matter, every event carries the whole state."""
    one, other = new_id(), new_id()
    last = await broker.send(changed(one, "en"), 1)
    for customer, sequence in ((one, 4), (one, 2), (one, 3), (other, 1), (one, 4), (one, 7), (other, 1)):
        last = await broker.send(changed(customer), sequence)
    await broker.repeat(changed(other), 1, last)
    async with running(subscriber(COPY, transactions, kit_bus, {CHANGED: Keeper(COPY)}).run()):
        await settled(broker, COPY)
    assert await peek.sequences(one) == [1, 4, 7]
    assert await peek.sequences(other) == [1]
    assert [await peek.one(LAST, customer) for customer in (one, other)] == [7, 1]


async def test_ordered_events_that_come_in_disorder_are_applied_in_sequence(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I4"""
    orders = [f"A-{n}" for n in range(5)]
    arrivals = [(order, sequence) for order in orders for sequence in range(1, 9)]
    random.Random(4).shuffle(arrivals)
    for order, sequence in arrivals:
        event_id = await broker.send(paid(order), sequence)
        if sequence % 3 == 0:
            await broker.repeat(paid(order), sequence, event_id)
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)}).run()):
        await settled(broker, ORDERED)
    for order in orders:
        assert await peek.sequences(order_key("flagship", order)) == list(range(1, 9))


async def test_after_a_gap_an_aggregate_waits_and_the_others_do_not(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I4, I7: an early event is neither applied nor acknowledged nor buried."""
    key, free = order_key("flagship", "gap"), order_key("flagship", "free")
    for sequence in (1, 3, 4):
        await broker.send(paid("gap"), sequence)
    for sequence in (1, 2, 3):
        await broker.send(paid("free"), sequence)
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)}).run()):
        await eventually(lambda: _has(peek, "free", [1, 2, 3]))
        assert await peek.sequences(key) == [1]
        assert (await broker.js.consumer_info("STOREFRONT", ORDERED)).num_ack_pending == 2
        await broker.send(paid("gap"), 2)
        await settled(broker, ORDERED)
    assert await peek.sequences(key) == [1, 2, 3, 4]
    assert await peek.sequences(free) == [1, 2, 3]
    assert await peek.one("SELECT count(*) FROM dead_letter") == 0


async def _has(peek: Peek, order: str, sequences: list[int]) -> bool:
    return await peek.sequences(order_key("flagship", order)) == sequences


async def test_types_without_a_handler_still_advance_the_sequence(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I4: known and unknown types share one sequence; the durable reads the whole noun."""
    for sequence, event in enumerate([paid("A"), shipped("A"), paid("A")], 1):
        await broker.send(event, sequence)
    unknown = {"ce-id": str(new_id()), "ce-subject": str(order_key("flagship", "A")), "ce-sequence": "4",
               "ce-time": "2026-11-21T04:00:00Z"}  # fmt: skip
    await broker.js.publish("storefront.order.teleported", b"of a later release", headers=unknown)
    await broker.send(paid("A"), 5)
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)}).run()):
        await settled(broker, ORDERED)
    assert await peek.sequences(order_key("flagship", "A")) == [1, 3, 5]
    assert await peek.one("SELECT count(*) FROM dead_letter") == 0


async def test_facts_and_copies_without_a_handler_are_acknowledged(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    customer = new_id()
    await broker.send(refunded(), 1)
    await broker.send(changed(customer), 1)
    fact, copy = subscriber(FACT, transactions, kit_bus, {}), subscriber(COPY, transactions, kit_bus, {})
    async with running(fact.run(), copy.run()):
        await settled(broker, FACT)
        await settled(broker, COPY)
    assert await peek.effects() == []


async def test_the_same_sequence_of_two_nouns_is_two_positions(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """E4: sequences count per noun and aggregate."""
    await broker.send(paid("A"), 1)
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)}).run()):
        await settled(broker, ORDERED)
    assert await peek.all("SELECT consumer, noun, last_sequence FROM position") == [(ORDERED, "storefront.order", 1)]


@pytest.mark.parametrize("name", [ORDERED, FACT])
async def test_two_subscribers_on_one_durable_keep_order_and_count_once(
    transactions: Transactions,
    brisk_nats_url: str,
    broker: Broker,
    peek: Peek,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """I4, I5: a second process of the service, also while it fails now and then (T4)."""
    monkeypatch.setattr(loop, "_TRANSIENT_PAUSE", 0.02)
    monkeypatch.setattr(loop, "_EARLY_PAUSE", 0.02)
    ids = [new_id() for _ in range(96)]
    async with connected(brisk_nats_url, "one") as first, connected(brisk_nats_url, "two") as second:
        keepers = [Keeper(name), Keeper(name, failure=TimeoutError())]
        keepers[1].poison.update(ids[::7])  # the second can't do these now; the first can
        readers = [
            subscriber(name, transactions, bus, {PAID: keeper, REFUNDED: keeper})
            for bus, keeper in zip((first, second), keepers, strict=True)
        ]
        async with running(*(reader.run() for reader in readers)):
            for (sequence, number), event_id in zip(itertools.product(range(1, 9), range(12)), ids, strict=True):
                event = paid(f"A-{number}") if name == ORDERED else refunded(sequence)
                await broker.send(event, sequence, event_id=event_id)
            await settled(broker, name, 60)
        assert all(keeper.calls for keeper in keepers)
    assert sorted(await peek.effects()) == sorted(ids)
    if name == ORDERED:
        for number in range(12):
            assert await peek.sequences(order_key("flagship", f"A-{number}")) == list(range(1, 9))


async def test_a_batch_is_one_transaction_and_one_call_per_run_of_a_type(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    for number in range(30):
        await broker.send(paid(f"A-{number}"), 1)
    keeper = Keeper(ORDERED)
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: keeper}).run()):
        await settled(broker, ORDERED)
    assert sum(keeper.calls) == 30
    assert len(keeper.calls) < 30
    assert await peek.one("SELECT count(DISTINCT xmin::text) FROM effect") == len(keeper.calls)


async def test_an_event_published_while_the_subscriber_waits_arrives_at_once(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: Keeper(FACT)}).run()):
        for number in range(5):
            began = asyncio.get_running_loop().time()
            event_id = await broker.send(refunded(number), 1)
            await eventually(lambda event_id=event_id: _is_there(peek, event_id))
            assert asyncio.get_running_loop().time() - began < 5


async def _is_there(peek: Peek, event_id: object) -> bool:
    return event_id in await peek.effects()
