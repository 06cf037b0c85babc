"""Giving a dead letter up: audited, in sequence, and what waits behind it goes on (I4, I5, I7, X7)."""

import os

import pytest
from kit_rig import COPY, FACT, ORDERED, Broker, Keeper, Peek, changed, paid, refunded, running, settled, subscriber

from contracts.storefront import order_key
from kit import deadletters
from kit import subscriber as loop
from kit.bus import Bus
from kit.db import Database
from kit.deadletters import Letter
from kit.discard import EarlierFirstError, NothingToDiscardError, discard
from kit.ids import new_id
from kit.principals import Principal
from kit.redrive import redrive
from kit.rotation import reseal_all
from kit.vault import BrokenSealError, Vault, VaultKey
from kit.work import Transactions

PAID, REFUNDED = "storefront.order.paid", "storefront.refund.paid"
OPERATOR = Principal("operator:lin", frozenset())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FIRST_PAUSE", "_EARLY_PAUSE", "_TRANSIENT_PAUSE"):
        monkeypatch.setattr(loop, name, getattr(loop, name) / 50)


async def give_up(transactions: Transactions, letter: Letter, reason: str = "测试数据") -> Letter:
    assert letter.id is not None
    async with transactions.begin(OPERATOR) as work:
        return await discard(work, letter.id, reason)


async def test_what_waits_behind_a_discarded_letter_can_be_redriven(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    """I4: the discarded event is as good as done, the next ones go on; live ones after them as well."""
    key = order_key("flagship", "A")
    ids = [await broker.send(paid("A"), n) for n in range(1, 5)]
    reader = subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED, poison={ids[1]})})
    async with running(reader.run()):
        await settled(broker, ORDERED)
        letters = await deadletters.waiting(database)
        assert [letter.sequence for letter in letters] == [2, 3, 4]
        for later in letters[1:]:
            with pytest.raises(EarlierFirstError, match="event 2"):
                await give_up(transactions, later)
        await give_up(transactions, letters[0], "客户 13812345678 的测试单")
        outcomes = await redrive(reader, await deadletters.waiting(database))
        assert [outcome.error for outcome in outcomes] == [None, None]
        await broker.send(paid("A"), 5)
        await broker.repeat(paid("A"), 2, ids[1])
        await settled(broker, ORDERED)
    assert await peek.sequences(key) == [1, 3, 4, 5]
    assert await deadletters.waiting(database) == []
    ((actor, action, noun, aggregate, before, reason),) = await peek.all(
        "SELECT actor, action, noun, aggregate_id, before::text, reason FROM audit"
    )
    assert (actor, action, noun, aggregate) == ("operator:lin", "discard", "dead_letter", key)
    assert '"sequence": 2' in before
    assert str(ids[1]) in before
    assert reason == "客户 **** 的测试单"


async def test_what_never_came_before_it_is_given_up_with_it(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """An event lost for good doesn't hold its aggregate for ever; the trail says how many were passed by."""
    monkeypatch.setattr(loop, "_EARLY_PATIENCE", 0.2)
    key = order_key("flagship", "gap")
    for sequence in (1, 4, 5):
        await broker.send(paid("gap"), sequence)
    reader = subscriber(ORDERED, transactions, kit_bus, {PAID: Keeper(ORDERED)})
    async with running(reader.run()):
        await settled(broker, ORDERED)
        letters = await deadletters.waiting(database)
        assert [letter.sequence for letter in letters] == [4, 5]
        await give_up(transactions, letters[0])
        assert [one.error for one in await redrive(reader, letters[1:])] == [None]
    assert await peek.sequences(key) == [1, 5]
    assert await peek.one("SELECT (before ->> 'missing')::int FROM audit") == 2


async def test_a_discarded_fact_is_not_applied_when_it_comes_again(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    event = refunded()
    event_id = await broker.send(event, 1)
    keeper = Keeper(FACT, poison={event_id})
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper}).run()):
        await settled(broker, FACT)
        (letter,) = await deadletters.waiting(database)
        await give_up(transactions, letter)
        keeper.poison.clear()
        await broker.repeat(event, 1, event_id)
        good = await broker.send(refunded(1), 1)
        await settled(broker, FACT)
    assert await peek.effects() == [good]


async def test_a_discarded_copy_gives_way_to_a_newer_state(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    customer = new_id()
    bad = await broker.send(changed(customer), 3)
    reader = subscriber(COPY, transactions, kit_bus, {"customer.changed": Keeper(COPY, poison={bad})})
    async with running(reader.run()):
        await settled(broker, COPY)
        (letter,) = await deadletters.waiting(database)
        await give_up(transactions, letter)
        await broker.send(changed(customer), 2)
        newer = await broker.send(changed(customer), 4)
        await settled(broker, COPY)
    assert await peek.effects() == [newer]


async def test_an_unreadable_letter_can_be_given_up_once(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    await broker.js.publish(REFUNDED, b"without headers")
    async with running(subscriber(FACT, transactions, kit_bus, {REFUNDED: Keeper(FACT)}).run()):
        await settled(broker, FACT)
    (letter,) = await deadletters.waiting(database)
    await give_up(transactions, letter)
    with pytest.raises(NothingToDiscardError):
        await give_up(transactions, letter)
    assert await peek.one("SELECT count(*) FROM audit") == 1


async def test_a_redriven_letter_is_no_more_to_be_given_up(
    transactions: Transactions, kit_bus: Bus, broker: Broker, database: Database
) -> None:
    event_id = await broker.send(refunded(), 1)
    keeper = Keeper(FACT, poison={event_id})
    reader = subscriber(FACT, transactions, kit_bus, {REFUNDED: keeper})
    async with running(reader.run()):
        await settled(broker, FACT)
    keeper.poison.clear()
    (letter,) = await deadletters.waiting(database)
    await redrive(reader, [letter])
    with pytest.raises(NothingToDiscardError):
        await give_up(transactions, letter)


def under(transactions: Transactions, *keys: VaultKey) -> Transactions:
    vault = Vault(keys, search_key=bytes(32))
    return Transactions(transactions.database, transactions.clock, transactions.key, lambda: None, vault)


async def test_what_comes_from_a_private_stream_lies_sealed_and_is_redriven_as_it_came(
    transactions: Transactions, kit_bus: Bus, broker: Broker, peek: Peek, database: Database
) -> None:
    """X6: an order that can't be taken names its recipient; a copy of a customer's file names nobody."""
    old, new = VaultKey("2025", os.urandom(32)), VaultKey("2026", os.urandom(32))
    sealing = under(transactions, old)
    bad = [await broker.send(refunded(1), 1), await broker.send(refunded(2), 1, body="李小明 不是事件".encode())]
    private = Keeper(FACT, poison={bad[0]})
    reader = subscriber(FACT, sealing, kit_bus, {REFUNDED: private})
    copied = changed(new_id())
    public = Keeper(COPY, poison={await broker.send(copied, 1)})
    async with running(reader.run(), subscriber(COPY, sealing, kit_bus, {"customer.changed": public}).run()):
        await settled(broker, FACT)
        await settled(broker, COPY)
    kept = {row[0]: bytes(row[1]) for row in await peek.all("SELECT event_id, body FROM dead_letter")}
    assert kept[str(next(iter(public.poison)))] == copied.model_dump_json().encode()
    for event_id in bad:
        assert b"refund" not in kept[str(event_id)]
        assert "李小明".encode() not in kept[str(event_id)]
    assert await reseal_all(under(transactions, new, old), [deadletters.reseal_letters]) == 2
    renewed = subscriber(FACT, under(transactions, new), kit_bus, {REFUNDED: private})
    private.poison.clear()
    letters = [letter for letter in await deadletters.waiting(database) if letter.consumer == FACT]
    opened = {letter.event_id: deadletters.opened(letter, renewed.transactions.vault) for letter in letters}
    assert opened[str(bad[1])].body == "李小明 不是事件".encode()
    errors = {one.letter.event_id: one.error for one in await redrive(renewed, letters)}
    assert errors[str(bad[0])] is None
    assert "the body is no storefront.refund.paid" in str(errors[str(bad[1])])
    with pytest.raises(BrokenSealError):
        deadletters.opened(letters[0], sealing.vault)
