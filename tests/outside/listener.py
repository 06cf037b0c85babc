"""A subscriber in Python with the read-only login, without a consumer: it reads the ticket stream by sequence, from
the first event on, live events telling it when there is more; every event is checked with the official CloudEvents
SDK, and `ce-sequence` proves that none is missing."""

import asyncio
import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import unquote

import nats
from cloudevents.core.bindings import http as official
from cloudevents.core.formats.json import JSONFormat
from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from contracts.broker import SUBSCRIBER, inbox_of
from kit.testing.poll import eventually

STREAM = "TICKET"
LOOK_SECONDS = 1.0
AWAY_SECONDS = 60.0


@dataclass
class Heard:
    """What has come, by noun and aggregate."""

    sequences: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    events: int = 0

    def take(self, message: RawStreamMsg) -> None:
        """One stored event. Raises what the SDK raises for one that is none."""
        headers = {name.lower(): unquote(value) for name, value in (message.headers or {}).items()}
        event = official.from_binary(official.HTTPMessage(headers, message.data or b""), JSONFormat())
        noun = (message.subject or "").rpartition(".")[0]
        self.sequences[noun, str(event.get_subject())].append(int(headers["ce-sequence"]))
        self.events += 1

    @property
    def gaps(self) -> int:
        """Aggregates whose events didn't come as 1, 2, 3 …"""
        return sum(came != list(range(1, len(came) + 1)) for came in self.sequences.values())


async def listen(url: str, done: asyncio.Event) -> Heard:
    """Read until `done` is set and nothing is left."""
    heard, place, more = Heard(), 1, asyncio.Event()
    client = await nats.connect(
        url,
        inbox_prefix=inbox_of(SUBSCRIBER),
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.2,
        error_cb=_expected,
    )

    async def notice(_: object) -> None:
        more.set()

    try:
        await client.subscribe("ticket.>", cb=notice)
        while True:
            is_last = done.is_set()
            message = await _stored(client, place)
            if message is not None:
                heard.take(message)
                place += 1
            elif is_last:
                return heard
            else:
                more.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(more.wait(), LOOK_SECONDS)
    finally:
        await client.close()


async def _expected(_: Exception) -> None:
    """The broker is killed again and again."""


async def _stored(client: Client, place: int) -> RawStreamMsg | None:
    """The event at that place of the stream; None when there is none yet. Asked again while the broker is away."""

    async def answered() -> tuple[RawStreamMsg | None] | None:
        try:
            return (await client.jetstream(timeout=2).get_msg(STREAM, seq=place, direct=True),)
        except NotFoundError:
            return (None,)
        except (APIError, nats.errors.Error, OSError, TimeoutError):
            return None

    (message,) = await eventually(answered, within=AWAY_SECONDS)
    return message
