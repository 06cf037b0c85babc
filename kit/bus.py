"""NATS JetStream, and the only module that imports its client: publish with acknowledgement, pull, provision.

The client's own reconnecting is on for ever; a publish while the broker is away fails at once instead of being kept
in the client's memory, because the outbox is where unpublished events wait.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import nats
import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import api
from nats.js.errors import APIError, NotFoundError

from contracts.broker import PUBLIC, SUBSCRIBER
from contracts.catalogue import READERS, STREAMS, Mode, Reader, Stream
from kit.logs import log

PUBLISH_SECONDS = 2.0
_PULL_SECONDS = 20.0
_HEARTBEAT_SECONDS = 3.0
_ACK_WAIT_SECONDS = 30.0
# No suitable peers; replicas without a cluster.
_TOO_FEW_NODES = (10005, 10074)


Arrivals = asyncio.Queue[Msg | None]  # None: the connection is a new one


class BusUnavailableError(OSError):
    """The broker can't be reached or did not answer in time; the same may succeed later."""


class BusRefusedError(Exception):
    """The broker will never take this message: it is too large, or against the stream's rules."""


class TooFewNodesError(Exception):
    """The broker has fewer nodes than a stream is to be kept by."""


class NoStreamError(LookupError):
    """The broker has no such stream."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The broker's acknowledgement: where the message stands, and whether it stood there already."""

    sequence: int
    duplicate: bool


class Message:
    """One delivered message; acknowledge it only after its effect is committed (I6)."""

    def __init__(self, msg: Msg) -> None:
        self._msg = msg
        self.subject: str = msg.subject
        self.headers: Mapping[str, str] = {_text(name): _text(value) for name, value in (msg.headers or {}).items()}
        self.body: bytes = msg.data

    @property
    def place(self) -> int:
        """Where the message stands in its stream."""
        return int(self._msg.metadata.sequence.stream)

    async def ack(self) -> None:
        """It is done. A lost acknowledgement leads to a redelivery, which the inbox absorbs."""
        await self._answer(self._msg.ack)

    async def retry(self, after: float) -> None:
        """Deliver it again after that many seconds."""
        await self._answer(self._msg.nak, delay=after)

    async def bury(self) -> None:
        """Never deliver it again; it stands in the dead letters by now."""
        await self._answer(self._msg.term)

    async def _answer(self, how: Any, **options: Any) -> None:
        # The broker redelivers what it got no answer for, so a failed answer costs time and nothing else.
        with contextlib.suppress(nats.errors.Error, OSError):
            await how(**options)


class Bus:
    """A connection to the broker that comes back by itself."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client = Client()
        self._opened = asyncio.Event()
        self._pulled = 0
        self._waiting: set[Arrivals] = set()

    @property
    def is_connected(self) -> bool:
        """Whether the broker answers at the moment."""
        return self._client.is_connected

    @property
    def was_connected(self) -> bool:
        """Whether the broker has answered since this process started."""
        return self._opened.is_set()

    async def open(self) -> None:
        """Connect, however long the broker takes to appear; run it as a task."""
        while not self._opened.is_set():
            try:
                # No wait_for: it would run this in a task of its own, and the client may swallow that task's end.
                await self._connect()
                self._opened.set()
            except (OSError, nats.errors.Error, TimeoutError) as error:
                log.warning("bus.unavailable", error=error)
                await asyncio.sleep(0.25)

    async def close(self) -> None:
        """Leave; what was not acknowledged is delivered again."""
        if self._client.is_connected:
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                await asyncio.wait_for(self._client.flush(), timeout=1)
        with contextlib.suppress(nats.errors.Error, OSError):
            await self._client.close()

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> Stored:
        """Store one message durably.

        Raises BusUnavailableError when it is unknown whether the broker has it (publish it again: its id makes that
        safe), BusRefusedError when it never will.
        """
        if not self._client.is_connected:
            raise BusUnavailableError
        stream = self._client.jetstream(timeout=PUBLISH_SECONDS)
        try:
            ack = await stream.publish(subject, body, headers=dict(headers))
        except nats.errors.MaxPayloadError as error:
            raise BusRefusedError("larger than the broker takes") from error
        except APIError as error:
            if error.code is not None and 400 <= error.code < 500 and not isinstance(error, NotFoundError):
                raise BusRefusedError(f"refused by the broker ({error.err_code})") from error
            raise BusUnavailableError from error
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusUnavailableError from error
        return Stored(ack.seq, bool(ack.duplicate))

    async def pull(self, stream: str, durable: str, *, batch: int) -> AsyncIterator[list[Message]]:
        """Batches of at most `batch` messages of a durable, as soon as there are any, for ever.

        One long request is outstanding at a time and a message is handed over the moment it arrives: asking for a
        full batch never delays the first of it.
        """
        await self._opened.wait()
        self._pulled += 1
        inbox = f"{self._client.new_inbox()}.{self._pulled}"
        arrivals: Arrivals = asyncio.Queue()
        self._waiting.add(arrivals)
        subscription = await self._client.subscribe(inbox, cb=arrivals.put)
        request = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        question = orjson.dumps(
            {"batch": batch, "expires": int(_PULL_SECONDS * 1e9), "idle_heartbeat": int(_HEARTBEAT_SECONDS * 1e9)}
        )
        outstanding = 0
        try:
            while True:
                if outstanding <= 0:
                    outstanding = batch if await self._ask(request, question, inbox) else 0
                if outstanding > 0:
                    arrived, outstanding = await _take(arrivals, outstanding)
                    if arrived:
                        yield arrived
        finally:
            self._waiting.discard(arrivals)
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def _ask(self, request: str, question: bytes, inbox: str) -> bool:
        try:
            if self._client.is_connected:
                await self._client.publish(request, question, reply=inbox)
                return True
        except (nats.errors.Error, OSError) as error:
            log.warning("bus.unavailable", error=error)
        await asyncio.sleep(0.1)
        return False

    async def _connect(self) -> None:
        await self._client.connect(
            servers_of(self._url),
            name=self._name,
            inbox_prefix=f"_INBOX_{self._name}",
            connect_timeout=2,
            reconnect_time_wait=0.2,  # type: ignore[arg-type]
            max_reconnect_attempts=-1,
            ping_interval=10,
            max_outstanding_pings=2,
            error_cb=_on_error,
            reconnected_cb=self._ask_again,
        )

    async def _ask_again(self) -> None:
        """Requests for messages went down with the old connection."""
        for arrivals in self._waiting:
            arrivals.put_nowait(None)


async def _take(arrivals: Arrivals, outstanding: int) -> tuple[list[Message], int]:
    """What has arrived, waiting for the first of it, and how much of the request is still open after it."""
    try:
        msg = await asyncio.wait_for(arrivals.get(), 2.5 * _HEARTBEAT_SECONDS)
    except TimeoutError:
        return [], 0  # nobody answered, not even that there is nothing: the durable's node may have died, ask again
    taken: list[Message] = []
    while True:
        if msg is None:
            return taken, 0
        # The broker's own answers can't be acknowledged; a header of that name in a message means nothing.
        status = None if msg.reply else (msg.headers or {}).get("Status")
        if status is None:
            taken.append(Message(msg))
            outstanding -= 1
        elif status != "100":  # the request has ended: expired, or the consumer is busy or gone
            if status not in ("404", "408"):
                log.warning("bus.pull_refused", status=status)
                await asyncio.sleep(0.2)
            return taken, 0
        if arrivals.empty():
            return taken, outstanding
        msg = arrivals.get_nowait()


def _text(raw: str) -> str:
    """A header's text as JSON and PostgreSQL can hold it: anybody's bytes must fit into a dead letter."""
    return raw.encode(errors="replace").decode().replace("\0", "\ufffd")


async def _on_error(error: Exception) -> None:
    log.warning("bus.error", error=error)


def servers_of(nats_url: str) -> list[str]:
    """The servers that NATS_URL names, apart by commas: the nodes of a cluster, of which any will do."""
    return [one.strip() for one in nats_url.split(",")]


async def provision(nats_url: str, *, replicas: int = 1, subscribers: Sequence[str] = (SUBSCRIBER,)) -> None:
    """Make or update every stream and durable of the catalogue, and those of the subscribers outside; done by
    `kefu migrate`, never by a service. Each stream is kept by as many nodes of the broker as there are `replicas`.

    Raises BusUnavailableError, and TooFewNodesError where the broker has fewer nodes than that.
    """
    client = await _operator(nats_url)
    try:
        stream = client.jetstream(timeout=10)
        made = {one.name for one in STREAMS.values() if await _make_stream(stream, one, replicas)}
        for reader in READERS:
            await _make_durable(stream, reader.stream, _consumer(reader), fresh=reader.stream in made)
        for name in subscribers:
            for public in PUBLIC:
                await stream.add_consumer(public.name, _durable(name, public.subjects))
    except APIError as error:
        if error.err_code in _TOO_FEW_NODES:
            raise TooFewNodesError(replicas) from error
        if error.code == 503:
            raise BusUnavailableError("the broker can't make streams yet") from error
        raise
    finally:
        await client.close()


async def stored_events(nats_url: str, stream: str) -> dict[UUID, int]:
    """Every event that stands in a stream, by its id, and where; for an operator.

    Raises BusUnavailableError, NoStreamError.
    """
    client = await _operator(nats_url)
    try:
        js = client.jetstream(timeout=10)
        last = (await js.stream_info(stream)).state.last_seq
        found: dict[UUID, int] = {}
        if not last:
            return found
        reading = api.ConsumerConfig(ack_policy=api.AckPolicy.NONE, headers_only=True, mem_storage=True)
        pulled = await js.pull_subscribe(">", stream=stream, config=reading)
        place = 0
        while place < last:
            for msg in await pulled.fetch(500, timeout=10):
                place = int(msg.metadata.sequence.stream)
                with contextlib.suppress(ValueError, KeyError):  # a message that is no event of ours
                    found[UUID((msg.headers or {})["ce-id"])] = place
            if not (await pulled.consumer_info()).num_pending:
                break
        await pulled.unsubscribe()
        return found
    except NotFoundError:
        raise NoStreamError(stream) from None
    finally:
        await client.close()


async def _operator(nats_url: str) -> Client:
    try:
        return await nats.connect(servers_of(nats_url), connect_timeout=5, max_reconnect_attempts=2)
    except nats.errors.Error as error:
        raise BusUnavailableError("the broker can't be reached") from error


async def missing_streams(nats_url: str) -> list[str]:
    """The streams of the catalogue that the broker doesn't have. Raises BusUnavailableError."""
    client = await _operator(nats_url)
    try:
        known = {info.config.name for info in await client.jetstream(timeout=10).streams_info()}
        return [name for name in STREAMS if name not in known]
    except APIError as error:
        raise BusUnavailableError("the broker can't tell its streams yet") from error
    finally:
        await client.close()


async def _make_stream(stream: Any, declared: Stream, replicas: int) -> bool:
    """Make it or bring it up to date; whether it is a new one."""
    config = api.StreamConfig(
        name=declared.name,
        subjects=list(declared.subjects),
        description=declared.description,
        retention=api.RetentionPolicy.LIMITS,
        storage=api.StorageType.FILE,
        num_replicas=replicas,
        max_age=declared.max_age_days * 86_400 if declared.max_age_days else 0,
        duplicate_window=120,
        deny_delete=True,
        allow_direct=True,
    )
    try:
        await stream.stream_info(declared.name)
    except NotFoundError:
        await stream.add_stream(config)
        return True
    await stream.update_stream(config)
    return False


async def _make_durable(stream: Any, name: str, config: api.ConsumerConfig, *, fresh: bool) -> None:
    """Of a stream that has just been made nobody misses the first: they may be there before the durable is."""
    try:
        config.deliver_policy = (await stream.consumer_info(name, config.durable_name)).config.deliver_policy
    except NotFoundError:
        if fresh:
            config.deliver_policy = api.DeliverPolicy.ALL
    await stream.add_consumer(name, config)


def _consumer(reader: Reader) -> api.ConsumerConfig:
    # Backfill doesn't speak: who tells people about events starts with what happens from now on.
    speaks = reader.service == "notify" and reader.mode is Mode.FACT
    policy = api.DeliverPolicy.NEW if speaks else api.DeliverPolicy.ALL
    return _durable(reader.name, reader.subjects, policy)


def _durable(
    name: str, subjects: Sequence[str], policy: api.DeliverPolicy = api.DeliverPolicy.ALL
) -> api.ConsumerConfig:
    return api.ConsumerConfig(
        durable_name=name,
        filter_subjects=list(subjects),
        deliver_policy=policy,
        ack_policy=api.AckPolicy.EXPLICIT,
        ack_wait=_ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=2_000,
    )
