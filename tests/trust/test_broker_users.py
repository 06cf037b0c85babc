"""Every login at the broker may do its own work and nothing else, under both formats of acknowledgements."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats as nats_client
import pytest
from nats.aio.client import Client

from contracts.broker import OPERATOR, SUBSCRIBER, USERS, authorization, inbox_of
from contracts.catalogue import READERS, STREAMS
from kit.bus import Bus, provision
from kit.ids import new_id
from kit.testing.poll import eventually
from kit.testing.servers import NatsServer

PASSWORDS = {user: f"{user}-{number:04}" for number, user in enumerate(USERS)}
NOUNS = {noun: stream for stream in STREAMS.values() for noun in stream.nouns}
DURABLES = {f"{reader.stream}.{reader.name}": reader.service for reader in READERS}
DURABLES |= {f"{stream.name}.{SUBSCRIBER}": SUBSCRIBER for stream in STREAMS.values() if not stream.private}
ADMINISTERING = [
    f"$JS.API.{what}"
    for stream in STREAMS
    for what in (
        f"STREAM.CREATE.{stream}", f"STREAM.UPDATE.{stream}", f"STREAM.DELETE.{stream}", f"STREAM.PURGE.{stream}",
        f"STREAM.MSG.GET.{stream}", f"STREAM.MSG.DELETE.{stream}", f"STREAM.SNAPSHOT.{stream}",
        f"CONSUMER.CREATE.{stream}", f"CONSUMER.CREATE.{stream}.mine.order.>", f"CONSUMER.LIST.{stream}",
        f"CONSUMER.DURABLE.CREATE.{stream}.mine",
    )
]  # fmt: skip
DELETING = [f"$JS.API.CONSUMER.DELETE.{durable}" for durable in DURABLES]


@pytest.fixture(scope="module", params=["v1", "v2"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A broker that knows these users, with the streams of the catalogue, in one format of acknowledgements."""

    class WithFormat(NatsServer):
        acks = request.param

        def _configuration(self) -> Path:
            written = super()._configuration()
            if request.param == "v2":
                with written.open("a") as configuration:
                    configuration.write("feature_flags { js_ack_fc_v2: true }\n")
            return written

    server = WithFormat(tmp_path_factory.mktemp("broker"), passwords=PASSWORDS)
    server.start()
    asyncio.run(provision(server.url))
    yield server
    server.stop()


@asynccontextmanager
async def as_user(broker: NatsServer, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A connection of that user, and what the broker refused on it."""
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error).lower())

    client = await nats_client.connect(
        broker.url_of(user), inbox_prefix=inbox_of(user), error_cb=note, allow_reconnect=False
    )
    try:
        yield client, refused
    finally:
        await client.close()


async def told(refused: list[str], subjects: list[str]) -> None:
    """Just these were refused, once the client has heard all of it."""

    def heard() -> bool:
        assert sorted(said.split('"')[1] for said in refused) == sorted(subject.lower() for subject in subjects)
        return True

    await eventually(heard)


def may_publish(user: str, subject: str) -> bool:
    """What the table is meant to say, said another way."""
    if user == OPERATOR:
        return True
    if subject.startswith(("$JS.API.CONSUMER.MSG.NEXT.", "$JS.ACK.")):
        return any(service == user and durable in subject for durable, service in DURABLES.items())
    if subject.startswith(("$JS.API.DIRECT.GET.", "$JS.API.STREAM.INFO.")):
        return user == SUBSCRIBER and "STOREFRONT" not in subject
    noun = subject.removesuffix(".probed")
    return noun in NOUNS and NOUNS[noun].owner == user


def may_subscribe(user: str, subject: str) -> bool:
    if user == OPERATOR or subject == f"{inbox_of(user)}.probe":
        return True
    noun = subject.removesuffix(".>")
    return user == SUBSCRIBER and noun in NOUNS and not NOUNS[noun].private


@pytest.mark.parametrize("user", [user for user in USERS if user != OPERATOR])
async def test_nobody_publishes_what_is_not_theirs(broker: NatsServer, user: str) -> None:
    reading = [f"$JS.API.CONSUMER.MSG.NEXT.{durable}" for durable in DURABLES]
    acknowledging = [f"$JS.ACK.{durable}.1.1.1.1.0" for durable in DURABLES]
    acknowledging += [f"$JS.ACK._.hash.{durable}.1.1.1.1.0" for durable in DURABLES]
    looking = [f"$JS.API.{way}.{stream}" for stream in STREAMS for way in ("DIRECT.GET", "STREAM.INFO")]
    events = [f"{noun}.probed" for noun in NOUNS]
    tried = [*events, *reading, *acknowledging, *looking, *ADMINISTERING, *DELETING, f"{inbox_of('ticket')}.1"]
    async with as_user(broker, user) as (client, refused):
        for subject in tried:
            await client.publish(subject, b"{}", reply=f"{inbox_of(user)}.answers")
        await client.flush()
        await told(refused, [subject for subject in tried if not may_publish(user, subject)])


@pytest.mark.parametrize("user", [user for user in USERS if user != OPERATOR])
async def test_nobody_listens_to_what_is_not_theirs(broker: NatsServer, user: str) -> None:
    tried = [f"{noun}.>" for noun in NOUNS]
    tried += [f"{inbox_of(other)}.probe" for other in USERS] + [">", "$JS.>", "_INBOX.>", "$SYS.>", "*.>"]
    async with as_user(broker, user) as (client, refused):
        for subject in tried:
            await client.subscribe(subject)
        await client.flush()
        await told(refused, [subject for subject in tried if not may_subscribe(user, subject)])


async def read_until(reader: Bus, place: int, acks: str) -> None:
    """Acknowledge what the durable holds up to that place; what others have tried before may stand in front of it."""
    async for batch in reader.pull("TICKET", "customer-order-copy", batch=100):
        for message in batch:
            assert (len(message._msg.reply.split(".")) > 9) == (acks == "v2")
            await message.ack()
        if batch[-1].place == place:
            return


async def test_a_service_does_its_work_with_what_it_has(broker: Any) -> None:
    """It publishes with an acknowledgement, reads its durable, and what it acknowledged is not delivered again."""
    publisher, reader = Bus(broker.url_of("ticket"), "ticket"), Bus(broker.url_of("customer"), "customer")
    tasks = [asyncio.create_task(bus.open()) for bus in (publisher, reader)]
    await asyncio.gather(*tasks)
    try:
        headers = {"Nats-Msg-Id": str(new_id())}
        stored = await eventually(lambda: publisher.publish("order.probed", b"{}", headers))
        await read_until(reader, stored.sequence, broker.acks)
        async with as_user(broker, OPERATOR) as (client, _):

            async def settled() -> bool:
                info = await client.jetstream().consumer_info("TICKET", "customer-order-copy")
                return (info.num_ack_pending, info.num_redelivered) == (0, 0) and info.ack_floor is not None

            await eventually(settled)
    finally:
        await publisher.close()
        await reader.close()


async def test_somebody_outside_reads_what_is_stored_by_sequence(broker: NatsServer) -> None:
    """Live, by sequence, and by their durable, which remembers how far they are: reading is all they can do."""
    async with as_user(broker, OPERATOR) as (operator, _), as_user(broker, SUBSCRIBER) as (outside, refused):
        heard = await outside.subscribe("ticket.>")
        await outside.flush()
        stored = await operator.jetstream().publish("ticket.probed", b'{"n": 1}')
        live = await heard.next_msg(timeout=5)
        again = await outside.jetstream().get_msg("TICKET", seq=stored.seq, direct=True)
        assert (live.data, again.data) == (b'{"n": 1}', b'{"n": 1}')
        durable = await outside.jetstream().pull_subscribe_bind(durable=SUBSCRIBER, stream="TICKET")
        kept = (await durable.fetch(100, timeout=5))[-1]
        await kept.ack_sync()
        assert kept.metadata.sequence.stream == stored.seq
        assert refused == []


@pytest.mark.parametrize("login", ["{}", '{"user": "ticket", "pass": "guessed"}', '{"user": "nobody", "pass": ""}'])
async def test_without_a_name_or_with_another_word_nobody_comes_in(broker: NatsServer, login: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    try:
        assert (await reader.readline()).startswith(b"INFO ")
        writer.write(f"CONNECT {login}\r\nPING\r\n".encode())
        assert b"Authorization Violation" in await asyncio.wait_for(reader.readline(), 5)
    finally:
        writer.close()
        await writer.wait_closed()


def test_the_configuration_names_every_user_once() -> None:
    written = authorization({user: f"$KEFU_BROKER_{user.upper()}" for user in (*USERS, "crm")})
    assert [written.count(f"user: {user},") for user in (*USERS, "crm")] == [1] * (len(USERS) + 1)
    assert '"$JS.API.>"' not in written
