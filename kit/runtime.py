"""A running service: its database, bus, relay, subscribers and timers, started and stopped together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from kit import failpoints
from kit.bus import Bus
from kit.clock import Clock, SystemClock
from kit.db import Database
from kit.migrate import head
from kit.relay import Relay
from kit.settings import ServiceSettings
from kit.subscriber import Subscriber, Subscription
from kit.timers import TimerHandler, Timers
from kit.tokens import JwksSource, Verifier
from kit.work import Transactions


@dataclass(frozen=True)
class Wiring:
    """What a service connects to the kit besides its routes."""

    service: str
    subscriptions: Sequence[Subscription] = ()
    timers: Mapping[str, TimerHandler] = field(default_factory=dict)


class Runtime:
    """Everything of one service that lives as long as its process."""

    def __init__(self, wiring: Wiring, settings: ServiceSettings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.head = head(wiring.service)
        self.starting: set[str] = set()  # what has to be done before this process calls itself ready
        self.database = Database(settings.database_url.get_secret_value(), pool=settings.database_pool)
        self.bus = Bus(settings.nats_url.get_secret_value(), wiring.service)
        self.verifier = Verifier(JwksSource(settings.jwks_url), settings.issuer)
        self.relay = Relay(self.database, self.bus, owner=wiring.service, poll_seconds=settings.relay_poll_seconds)
        self.transactions = Transactions(self.database, self.clock, settings.key, self.relay.wake)
        self.subscribers = [Subscriber(one, self.transactions, self.bus) for one in wiring.subscriptions]
        self.timers = Timers(self.transactions, wiring.timers)
        failpoints.arm(settings.failpoints)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay, subscribers and timers work while the block lasts; then they stop before the connections close."""
        loops = [self.bus.open(), self.relay.run(), self.timers.run(self.relay.leads)]
        loops += [subscriber.run() for subscriber in self.subscribers]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            await _end(tasks)
            await self.bus.close()
            await self.database.close()


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: the broker's client swallows a cancellation that meets it while it closes."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
