"""What becomes of events that can't be applied: retried, counted, buried whole, redriven (I5, I6, I7)."""

import asyncio
import itertools

import pytest
from kit_rig import (
    FACT,
    ORDERED,
    Broker,
    HandlerError,
    Keeper,
    Peek,
    paid,
    refunded,
    running,
    settled,
    shipped,
    subscriber,
)
from sqlalchemy import text

from contracts.storefront import order_key
from kit import deadletters
from kit import subscriber as loop
from kit.bus import Bus
from kit.db import Database
from kit.ids import new_id
from kit.problems import unavailable
from kit.redrive import redrive
from kit.testing.poll import eventually
from kit.work import Transactions, Work

PAID, REFUNDED, SHIPPED = "storefront.order.paid", "storefront.refund.paid", "storefront.order.shipped"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pauses, a fiftieth of their length."""
    for name in ("_FIRST_PAUSE", "_EARLY_PAUSE", "_TRANSIENT_PAUSE"):
        monkeypatch.setattr(loop, name, getattr(loop, name) / 50)


async def test_one_poison_among_a_thousand_is_the_only_dead_letter(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    """I7: 999 applied, one buried with payload and reason; redriven it is applied exactly once."""
    events = [refunded(n) for n in range(1000)]
    ids = await asyncio.gather(*(broker.send(event, 1) for event in events))
    keeper = Keeper(FACT, poison={ids[456]})
    reader = subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper})
    async with running(reader.run()):
        await settled(broker, FACT, 60)
    assert sorted(await peek.effects()) == sorted(set(ids) - keeper.poison)
    (letter,) = await deadletters.waiting(database)
    assert (letter.consumer, letter.event_id, letter.subject) == (FACT, str(ids[456]), REFUNDED)
    assert (letter.aggregate_id, letter.sequence) == (events[456].aggregate_id, 1)
    assert letter.body == events[456].model_dump_json().encode()
    assert letter.headers["ce-id"] == str(ids[456])
    assert letter.reason.startswith("the handler failed: HandlerError (at ")
    assert letter.attempts == loop.ATTEMPTS
    assert letter.buried_at is not None

    ((failed, error),) = [(one.letter, one.error or "") for one in await redrive(reader, [letter])]
    assert (failed, error.partition(" ")[0]) == (letter, "HandlerError")
    assert len(await deadletters.waiting(database)) == 1
    keeper.poison.clear()
    assert [outcome.error for outcome in await redrive(reader, [letter])] == [None]
    assert await deadletters.waiting(database) == []
    assert [outcome.error for outcome in await redrive(reader, [letter])] == [None]  # by hand, a second time
    assert sorted(await peek.effects()) == sorted(ids)


async def test_a_dead_letter_blocks_its_own_aggregate_and_redrive_goes_in_sequence(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    """I4"""
    bad, good = order_key("flagship", "bad"), order_key("flagship", "good")
    ids = [await broker.send(paid(name), n) for n, name in itertools.product(range(1, 6), ("bad", "good"))]
    keeper = Keeper(ORDERED, poison={ids[4]})
    reader = subscriber(ORDERED, transactions, kit_bus, {PAID: keeper})
    async with running(reader.run()):
        await settled(broker, ORDERED)
        assert await peek.sequences(bad) == [1, 2]
        assert await peek.sequences(good) == [1, 2, 3, 4, 5]
        letters = await deadletters.waiting(database)
        assert [(letter.aggregate_id, letter.sequence) for letter in letters] == [(bad, 3), (bad, 4), (bad, 5)]
        assert letters[1].reason == "an earlier event of this aggregate is buried"

        outcomes = await redrive(reader, letters)
        assert [(outcome.error or "").partition(" (")[0] for outcome in outcomes] == [
            "HandlerError", *["waits for an earlier letter of this aggregate"] * 2,
        ]  # fmt: skip
        await broker.send(paid("bad"), 6)
        await settled(broker, ORDERED)
        assert await peek.sequences(bad) == [1, 2]

        keeper.poison.clear()
        backwards = list(reversed(await deadletters.waiting(database)))
        assert [outcome.error for outcome in await redrive(reader, backwards[:1])] == [
            "an earlier event of this aggregate has not arrived yet"
        ]
        outcomes = await redrive(reader, await deadletters.waiting(database))
        assert [outcome.error for outcome in outcomes] == [None] * 4
        await broker.send(paid("bad"), 7)
        await settled(broker, ORDERED)
    assert await peek.sequences(bad) == [1, 2, 3, 4, 5, 6, 7]
    assert await deadletters.waiting(database) == []


async def test_what_came_before_an_unreadable_event_is_applied(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    """I4, I7: in one batch with it, too."""
    key = order_key("flagship", "A")
    for sequence in range(1, 6):
        await broker.send(paid("A"), sequence, body=b"{" if sequence == 4 else None)
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)}).run()):
        await settled(broker, ORDERED)
    assert await peek.sequences(key) == [1, 2, 3]
    letters = await deadletters.waiting(database)
    assert [(letter.sequence, letter.reason) for letter in letters] == [
        (4, "the body is no storefront.order.paid: json_invalid"), (5, "an earlier event of this aggregate is buried"),
    ]  # fmt: skip


async def test_an_unreadable_message_is_buried_as_it_came_and_holds_nobody_up(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    """I7"""
    bodies = [b"", b"{", b"[]", b"\xff\x00\x01", b'{"amount":1}', "不是事件".encode()]
    bad = [await broker.send(refunded(), 1, body=body) for body in bodies]
    await broker.js.publish(REFUNDED, b"without headers")
    await broker.send(refunded(), 1, ce_sequence=str(2**70))
    await broker.send_raw(REFUNDED, b"\r\nce-id: \xff\xfe\x00\r\nce-time: \x1b[31m", b"hostile headers")
    good = await broker.send(refunded(), 1)
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: Keeper(FACT)}).run()):
        await settled(broker, FACT)
    assert await peek.effects() == [good]
    letters = {letter.event_id: letter for letter in await deadletters.waiting(database)}
    assert [letters[str(event_id)].body for event_id in bad] == bodies
    nameless = [letter for event_id, letter in letters.items() if event_id.startswith("STOREFRONT:")]
    assert sorted(letter.event_id for letter in nameless) == ["STOREFRONT:7", "STOREFRONT:8", "STOREFRONT:9"]
    assert {letter.reason for letter in nameless} == {"the CloudEvents headers can't be read"}
    assert {letter.attempts for letter in letters.values()} == {1}


HOSTILE_HEADERS = (
    b"\r\nStatus: 503", b"\r\nStatus: 404\r\nDescription: No Messages", b"\r\nno colon", b"\r\n: no name", b"garbage",
    b"\r\na:b\r\n folded", b"\r\n\xff:\xff", b"\r\na: " + b"x" * 60_000, b"\r\na:", b"", b"\r\nce-id: 1\r\nce-id: 2",
    b" 503 No Responders", b" 100", b" 503 \xff\xfe", b" 409\r\nStatus: 408",
)  # fmt: skip


async def test_no_header_makes_a_message_invisible(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I7: neither one that looks like the broker's own answers nor one that isn't a header at all."""
    good = []
    for block in HOSTILE_HEADERS:
        await broker.send_raw(REFUNDED, block, b"hostile")
        good.append(await broker.send(refunded(), 1))
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: Keeper(FACT)}).run()):
        await settled(broker, FACT)
    assert await peek.effects() == good
    assert await peek.all("SELECT body FROM dead_letter") == [b"hostile"] * len(HOSTILE_HEADERS)


async def test_a_handler_that_recovers_has_its_effect_once_and_leaves_no_letter(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    """I5: its failures are counted in our own table, not by the broker."""
    event_id = await broker.send(refunded(), 1)
    keeper = Keeper(FACT, poison={event_id})
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper}).run()):
        await eventually(lambda: _attempts(peek, event_id, 2))
        keeper.poison.clear()
        await settled(broker, FACT)
    assert await peek.effects() == [event_id]
    last = await peek.one("SELECT last_error FROM attempt WHERE event_id = $1", event_id)
    assert last.startswith("HandlerError (at ")
    assert await peek.one("SELECT count(*) FROM dead_letter") == 0


async def _attempts(peek: Peek, event_id: object, at_least: int) -> bool:
    return (await peek.one("SELECT attempts FROM attempt WHERE event_id = $1", event_id) or 0) >= at_least


@pytest.mark.parametrize(
    "failure",
    [unavailable("identity"), TimeoutError(), ConnectionResetError(), OSError()],
    ids=lambda one: str(type(one)),
)
async def test_a_passing_trouble_is_retried_without_being_counted(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, failure: Exception
) -> None:
    """I7: more often than a handler may fail."""
    ids = [await broker.send(refunded(), 1) for _ in range(3)]
    keeper = Keeper(FACT, poison={ids[1]}, failure=failure)
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper}).run()):
        await eventually(lambda: len(keeper.calls) > 2 * loop.ATTEMPTS)
        keeper.poison.clear()
        await settled(broker, FACT)
    assert sorted(await peek.effects()) == sorted(ids)
    assert await peek.all("SELECT event_id FROM attempt") == []
    assert await peek.all("SELECT event_id FROM dead_letter") == []


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("INSERT INTO effect (consumer, sequence) VALUES ('x', :value)", 2**70),
        ("INSERT INTO effect (consumer, sequence) VALUES ('x', :value)", "no number"),
        ("INSERT INTO effect (consumer) VALUES (:value)", "half \ud800"),
        ("INSERT INTO effect (consumer) VALUES (:value)", "nul \x00"),
        ("INSERT INTO effect (consumer) VALUES (:value)", None),
        ("INSERT INTO reference VALUES (:value)", new_id()),
        ("SELECT nonsense FROM nowhere WHERE :value = 1", 1),
    ],
)
async def test_a_value_that_the_database_will_never_take_is_no_passing_trouble(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, statement: str, value: object
) -> None:
    """I7: it is counted and buried; were it taken for an outage it would be retried for ever."""
    await broker.send(refunded(), 1)

    async def insert(work: Work, deliveries: object) -> None:
        await work.session.execute(text(statement), {"value": value})

    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: insert}).run()):  # type: ignore[dict-item]
        await settled(broker, FACT)
    assert await peek.all("SELECT attempts FROM dead_letter") == [loop.ATTEMPTS]


async def test_when_a_batch_fails_its_events_are_done_one_by_one(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    ids = [await broker.send(shipped("A") if n % 2 else paid("A"), n + 1) for n in range(10)]
    keeper = Keeper(ORDERED, poison={ids[-1]})
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: keeper, SHIPPED: keeper}).run()):
        await settled(broker, ORDERED)
    assert await peek.effects() == ids[:-1]
    assert await peek.sequences(order_key("flagship", "A")) == list(range(1, 10))
    assert await peek.one("SELECT count(DISTINCT xmin::text) FROM effect") > 1
    assert await peek.all("SELECT event_id FROM dead_letter") == [str(ids[-1])]


async def test_a_letter_is_buried_once_however_often_its_message_comes(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek
) -> None:
    event = paid("A")
    event_id = await broker.send(event, 1, body=b"{")
    async with running(subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)}).run()):
        await settled(broker, ORDERED)
        await broker.send(event, 1, event_id=event_id, body=b"{", Nats_Msg_Id=str(new_id()))
        await settled(broker, ORDERED)
    assert await peek.all("SELECT event_id FROM dead_letter") == [str(event_id)]
    assert HandlerError.__name__ not in str(await peek.all("SELECT reason FROM dead_letter"))


async def test_an_event_whose_predecessor_never_comes_is_buried_and_told(
    transactions: Transactions,
    kit_bus: Bus,
    broker: Broker,
    peek: Peek,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """I7: it isn't handed out for ever; when the missing one comes after all, a redrive makes it whole."""
    monkeypatch.setattr(loop, "_EARLY_PATIENCE", 0.2)
    gap, free = order_key("flagship", "gap"), order_key("flagship", "free")
    for sequence in (1, 3, 4):
        await broker.send(paid("gap"), sequence)
    await broker.send(paid("free"), 1)
    reader = subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)})
    async with running(reader.run()):
        await settled(broker, ORDERED)
        assert (await peek.sequences(gap), await peek.sequences(free)) == ([1], [1])
        letters = await deadletters.waiting(database)
        assert [letter.sequence for letter in letters] == [3, 4]
        assert "an earlier event never came" in {letter.reason for letter in letters}
        assert (await redrive(reader, letters))[0].error == "an earlier event of this aggregate has not arrived yet"
        await broker.send(paid("gap"), 2)
        await settled(broker, ORDERED)
        assert await peek.sequences(gap) == [1, 2]
        assert [outcome.error for outcome in await redrive(reader, letters)] == [None, None]
    assert await peek.sequences(gap) == [1, 2, 3, 4]
