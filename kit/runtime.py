"""A running service: its database, bus, relay, sealer, subscribers and timers, started and stopped together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypedDict

from kit import failpoints
from kit.bus import Bus
from kit.clock import Clock, SystemClock
from kit.db import Database
from kit.kept import forget_in_time
from kit.metrics import Metrics, metrics_for
from kit.migrate import head
from kit.policy import PolicyKind
from kit.relay import Relay
from kit.sealer import Sealer
from kit.settings import ServiceSettings
from kit.subscriber import Subscriber, Subscription
from kit.timers import TimerHandler, Timers
from kit.tokens import JwksSource, Verifier
from kit.tracing import Tracing, tracing_for
from kit.vault import open_vault
from kit.work import Transactions


@dataclass(frozen=True)
class Wiring:
    """What a service connects to the kit besides its routes."""

    service: str
    subscriptions: Sequence[Subscription] = ()
    timers: Mapping[str, TimerHandler] = field(default_factory=dict)
    policies: tuple[PolicyKind[Any], ...] = ()
    loops: Sequence[Callable[["Runtime"], Coroutine[Any, Any, None]]] = ()  # a service's own, beside the kit's
    seals: bool = False  # whether it keeps personal values, which lie sealed in its database (X6)


class Watched(TypedDict):
    """Who takes notice of what the loops do."""

    metrics: Metrics
    tracing: Tracing


class Runtime:
    """Everything of one service that lives as long as its process."""

    def __init__(
        self,
        wiring: Wiring,
        settings: ServiceSettings,
        *,
        clock: Clock | None = None,
        database: Database | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.head = head(wiring.service)
        self.starting: set[str] = set()  # what has to be done before this process calls itself ready
        self.database = database or Database(settings.database_url.get_secret_value(), pool=settings.database_pool)
        self.bus = Bus(settings.nats_url.get_secret_value(), wiring.service)
        self.verifier = Verifier(JwksSource(settings.jwks_url), settings.issuer)
        self.metrics = metrics_for(wiring.service, settings)
        self.tracing = tracing_for(wiring.service, settings)
        watched: Watched = {"metrics": self.metrics, "tracing": self.tracing}
        poll_seconds = settings.relay_poll_seconds
        self.relay = Relay(self.database, self.bus, owner=wiring.service, poll_seconds=poll_seconds, **watched)
        vault = open_vault(settings) if wiring.seals else None
        self.transactions = Transactions(self.database, self.clock, settings.key, self.relay.wake, vault)
        self.subscribers = [Subscriber(one, self.transactions, self.bus, **watched) for one in wiring.subscriptions]
        self.timers = Timers(self.transactions, wiring.timers, self.metrics)
        self.sealer = Sealer(self.transactions, wiring.service, settings.audit_folder)
        self.policies = {kind.name: kind for kind in wiring.policies}
        self._own_loops = wiring.loops
        failpoints.arm(settings.failpoints)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay, sealer, subscribers, timers work while the block lasts; they stop before the connections close."""
        loops = [self.bus.open(), self.relay.run(), self.timers.run(self.relay.leads)]
        loops += [self.sealer.run(self.relay.leads), forget_in_time(self.database, self.clock, self.relay.leads)]
        loops += [subscriber.run() for subscriber in self.subscribers]
        loops += [begin(self) for begin in self._own_loops]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            async with self._shown():
                yield
        finally:
            await _end(tasks)
            await self.bus.close()
            await self.database.close()
            await self.tracing.close()

    def _shown(self) -> AbstractAsyncContextManager[None]:
        """The metrics port, where there is one."""
        if not self.metrics.on:
            return contextlib.nullcontext()
        from kit.scrape import shown

        consumers = [subscriber.reader.name for subscriber in self.subscribers]
        scrape = shown(self.metrics, consumers, self.database, self.clock)
        return scrape.serving(self.settings.metrics_host, self.settings.metrics_port)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: the broker's client swallows a cancellation that meets it while it closes."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
