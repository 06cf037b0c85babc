"""What the kit's tests are built with: a database of their own, real events, and eyes on broker and tables."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import nats
from nats.aio.client import Client as NatsClient
from sqlalchemy import text

from contracts.catalogue import READERS
from contracts.customer.customer import CustomerChanged, CustomerState
from contracts.event import Event
from contracts.examples import example
from contracts.examples.cast import cny
from contracts.storefront import StorefrontOrderPaid, StorefrontOrderShipped, StorefrontRefundPaid
from kit import migrate, outbox, schema_v1
from kit.bus import Bus
from kit.envelope import Delivery, Meta, headers
from kit.ids import new_id
from kit.subscriber import Subscriber, Subscription
from kit.testing.poll import eventually
from kit.work import Transactions, Work

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
ORDERED, FACT, COPY = "ticket-storefront-order", "ticket-storefront-refund", "ticket-customer-copy"
CRASH_THINGS, CRASH_EVENTS = 6, 3
OUTBOX_ROW = (
    "INSERT INTO outbox (event_id, noun, aggregate_id, sequence, subject, body, occurred_at)"
    " VALUES ($1, 'storefront.order', $2, $3, 'storefront.order.paid', $4, $5)"
)
TABLES = (
    "CREATE TABLE thing (id uuid PRIMARY KEY, name text NOT NULL, event_seq bigint NOT NULL, version int NOT NULL)",
    "CREATE TABLE reference (thing_id uuid REFERENCES thing DEFERRABLE INITIALLY DEFERRED)",
    # No uniqueness here: a second effect of one event must show.
    """CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, consumer text NOT NULL, event_id uuid,
       subject text, aggregate_id uuid, sequence bigint)""",
)


async def build_database(url: str) -> None:
    """The kit's tables, as every service has them, and the tests' own."""
    connection = await asyncpg.connect(url)
    try:
        statements: list[str] = []
        schema_v1.create_tables(statements.append)
        for statement in (*statements, *TABLES, "CREATE TABLE alembic_version (version_num text PRIMARY KEY)"):
            await connection.execute(statement)
        await connection.execute("INSERT INTO alembic_version VALUES ($1)", migrate.head("ticket"))
    finally:
        await connection.close()


def build_database_at(url: str) -> None:
    """The same from where nothing can be awaited: the tests' loop may be running, so it takes one of another thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, build_database(url)).result()


class Peek:
    """Looks into a database from outside, on a connection of its own."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection

    async def all(self, query: str, *arguments: object) -> list[Any]:
        """The rows; of a single column its values."""
        rows = await self.connection.fetch(query, *arguments)
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    async def one(self, query: str, *arguments: object) -> Any:
        """The first column of the first row."""
        return await self.connection.fetchval(query, *arguments)

    async def effects(self, consumer: str | None = None) -> list[UUID]:
        """The ids of the events that had an effect, in the order of the effects."""
        return await self.all(
            "SELECT event_id FROM effect WHERE consumer = coalesce($1, consumer) ORDER BY id", consumer
        )

    async def sequences(self, aggregate_id: UUID) -> list[int]:
        """The sequences of one aggregate's effects, in the order of the effects."""
        return await self.all("SELECT sequence FROM effect WHERE aggregate_id = $1 ORDER BY id", aggregate_id)


@asynccontextmanager
async def peeking(url: str) -> AsyncIterator[Peek]:
    connection = await asyncpg.connect(url)
    try:
        yield Peek(connection)
    finally:
        await connection.close()


def paid(order_no: str) -> Event:
    """An event of the noun that is read in sequence."""
    order = example("storefront.order.paid")
    assert isinstance(order, StorefrontOrderPaid)
    return order.model_copy(update={"order_no": order_no})


def shipped(order_no: str) -> Event:
    order = example("storefront.order.shipped")
    assert isinstance(order, StorefrontOrderShipped)
    return order.model_copy(update={"order_no": order_no})


def refunded(number: int = 0) -> Event:
    """An event that is read as a fact."""
    refund = example("storefront.refund.paid")
    assert isinstance(refund, StorefrontRefundPaid)
    return refund.model_copy(update={"refund_id": new_id(), "amount": cny(f"{number}.00")})


def changed(customer_id: UUID, language: str = "zh-CN") -> Event:
    """An event that carries the whole state and is read as a copy."""
    return CustomerChanged(customer=CustomerState(customer_id=customer_id, language=language), changed_at=AT)


class Broker:
    """The broker seen from outside the kit."""

    def __init__(self, client: NatsClient) -> None:
        self.client = client
        self.js = client.jetstream(timeout=5)

    async def send(
        self, event: Event, sequence: int, *, event_id: UUID | None = None, body: bytes | None = None, **changed: str
    ) -> UUID:
        """Publish an event as its owner would; `changed` are headers to alter (`ce_time=…`)."""
        meta = Meta(event_id or new_id(), event.SUBJECT, event.aggregate_id, sequence, AT)
        sent = headers(meta, owner=event.OWNER) | {name.replace("_", "-"): text for name, text in changed.items()}
        await self.js.publish(event.SUBJECT, event.model_dump_json().encode() if body is None else body, headers=sent)
        return meta.id

    async def send_raw(self, subject: str, header_block: bytes, body: bytes) -> None:
        """Publish bytes that no client library would let pass."""
        block = b"NATS/1.0" + header_block + b"\r\n\r\n"
        reader, writer = await asyncio.open_connection(*self.client.connected_url.netloc.split(":"))
        sizes = f"{len(block)} {len(block) + len(body)}".encode()
        writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n')
        writer.write(b"HPUB " + subject.encode() + b" " + sizes + b"\r\n" + block + body + b"\r\nPING\r\n")
        while await reader.readline() != b"PONG\r\n":
            pass
        writer.close()

    async def repeat(self, event: Event, sequence: int, event_id: UUID) -> None:
        """The same event again, past the broker's own deduplication."""
        await self.send(event, sequence, event_id=event_id, Nats_Msg_Id=str(new_id()))

    async def stored(self, stream: str) -> list[Any]:
        """Everything in a stream, in its order."""
        state = (await self.js.stream_info(stream)).state
        places = range(state.first_seq, state.last_seq + 1) if state.messages else ()
        return [await self.js.get_msg(stream, place) for place in places]

    async def is_settled(self, stream: str, durable: str) -> bool:
        """Whether every message of the durable is acknowledged or buried."""
        info = await self.js.consumer_info(stream, durable)
        if info.num_pending or info.num_ack_pending or info.ack_floor is None:
            return False
        # A consumer hears of a new message a moment after its publisher did: ask how far it really is.
        (subjects,) = info.config.filter_subjects or [info.config.filter_subject]
        last = await self.js.get_last_msg(stream, subjects)
        return info.ack_floor.stream_seq >= last.seq


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Broker]:
    client = await nats.connect(url, reconnect_time_wait=0.1, max_reconnect_attempts=-1)
    try:
        yield Broker(client)
    finally:
        await client.close()


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """The loops run while the block lasts; one that ends by itself fails the test."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def connected(url: str, name: str = "ticket") -> AsyncIterator[Bus]:
    """A bus of the kit that has found its broker."""
    bus = Bus(url, name)
    await bus.open()
    try:
        yield bus
    finally:
        await bus.close()


class HandlerError(Exception):
    """What a handler of the tests fails with."""


@dataclass
class Keeper:
    """A handler that writes one effect per event, and fails on the events it is told to."""

    consumer: str
    poison: set[UUID] = field(default_factory=set)
    calls: list[int] = field(default_factory=list)
    failure: Exception = field(default_factory=HandlerError)

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        self.calls.append(len(deliveries))
        rows = [
            {"consumer": self.consumer, "event": one.meta.id, "subject": one.meta.subject,
             "aggregate": one.meta.aggregate_id, "sequence": one.meta.sequence}
            for one in deliveries
        ]  # fmt: skip
        insert = "INSERT INTO effect (consumer, event_id, subject, aggregate_id, sequence) "
        await work.session.execute(text(insert + "VALUES (:consumer, :event, :subject, :aggregate, :sequence)"), rows)
        if any(one.meta.id in self.poison for one in deliveries):
            raise self.failure


def subscriber(name: str, transactions: Transactions, bus: Bus, handlers: Mapping[str, Keeper]) -> Subscriber:
    """A subscriber on a durable of the catalogue."""
    reader = next(reader for reader in READERS if reader.name == name)
    return Subscriber(Subscription(reader, handlers), transactions, bus)


@dataclass
class Thing:
    """The aggregate of the tests; it owns the sequence of the order that it stands for."""

    order_no: str
    event_seq: int = 0


async def record_things(work: Work, *order_nos: str, times: int = 1) -> None:
    """New things, each with its events in the outbox."""
    for order_no in order_nos:
        thing = Thing(order_no)
        await outbox.record(work, thing, *(paid(order_no) for _ in range(times)))
        insert = text("INSERT INTO thing VALUES (:id, :name, :seq, 1)")
        await work.session.execute(insert, {"id": new_id(), "name": order_no, "seq": thing.event_seq})


async def settled(broker: Broker, durable: str, within: float = 40.0) -> None:
    """Wait until the durable has nothing left to do."""
    stream = next(reader.stream for reader in READERS if reader.name == durable)
    await eventually(lambda: broker.is_settled(stream, durable), within)
