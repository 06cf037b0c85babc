"""The metrics port: `GET /metrics` and nothing else, beside the API's port and never behind the gateway.

What only the database knows is asked at the scrape, on a connection of its own, at most once in five seconds and
never waited for longer than one: a database that is away takes its gauges with it and leaves the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.clock import Clock
from kit.db import Database
from kit.logs import log
from kit.metrics import Metrics
from kit.prometheus import Counted
from kit.timers import ATTEMPTS

PATIENCE_SECONDS = 1.0
_CACHED_SECONDS = 5.0
_HEAD_BYTES = 8192
_HEAD_SECONDS = 5.0
# Rows are sealed in the order of their ids but for transactions that began before and ended after: those lie a little
# behind the last sealed row, and the look stops at the first that is unsealed.
_LOOK = """
SELECT
    (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished,
    (SELECT count(*) FROM outbox WHERE blocked_at IS NOT NULL) AS blocked,
    (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) AS oldest_event,
    (SELECT min(due_at) FROM timer WHERE fired_at IS NULL AND due_at <= $1 AND attempts < $2) AS oldest_timer,
    (SELECT count(*) FROM timer WHERE fired_at IS NULL AND due_at <= $1 AND attempts >= $2) AS given_up,
    (SELECT at FROM audit
     WHERE id > coalesce((SELECT audit_id FROM audit_seal ORDER BY number DESC LIMIT 1), 0) - 10000
        AND NOT EXISTS (SELECT FROM audit_seal WHERE audit_id = audit.id)
     ORDER BY id LIMIT 1) AS oldest_unsealed
"""
_LETTERS = "SELECT consumer, count(*) AS letters FROM dead_letter WHERE redriven_at IS NULL GROUP BY consumer"
_COUNTS = {
    "unpublished": ("kefu_outbox_unpublished_events", "Events the broker doesn't have yet."),
    "blocked": ("kefu_outbox_blocked_events", "Events the broker refused for good; their aggregates stand still."),
    "given_up": ("kefu_timers_given_up", "Timers that failed too often to be tried again."),
}
_AGES = {
    "oldest_event": ("kefu_outbox_oldest_unpublished_seconds", "Age of the oldest event the broker doesn't have."),
    "oldest_timer": ("kefu_timers_overdue_seconds", "How long the timer that is due longest has been due."),
    "oldest_unsealed": ("kefu_audit_unsealed_seconds", "Age of the oldest row of the trail outside its chain."),
}


class Backlog(Collector):
    """The gauges that stand in the service's database, and those of its pool of connections."""

    def __init__(self, service: str, consumers: Iterable[str], database: Database, clock: Clock) -> None:
        self._service = service
        self._consumers = tuple(consumers)
        self._database = database
        self._clock = clock
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[tuple[Mapping[str, Any], list[Any], datetime]] | None = None

    async def look(self) -> None:
        """Ask the database anew, unless it was asked a moment ago or still owes an answer; wait a second at most."""
        now = asyncio.get_running_loop().time()
        if self._asking is None or (self._asking.done() and now - self._asked_at >= _CACHED_SECONDS):
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(_heard)
        await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)

    async def close(self) -> None:
        """Give up an answer that is still owed."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing beforehand: the registry would ask the database at start to learn the names."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What is known at this moment."""
        lines = self._database.home.lines
        yield self._gauge("kefu_tasks", "Tasks of the event loop, waiting ones too.", len(asyncio.all_tasks()))
        yield self._gauge("kefu_database_connections_in_use", "Connections at work.", lines.in_use)
        yield self._gauge("kefu_database_connections_max", "Connections the pool may have.", lines.size)
        task = self._asking
        known = task is not None and task.done() and not task.cancelled() and task.exception() is None
        yield self._gauge("kefu_database_up", "Whether the database answered the last look.", int(known))
        if task is not None and known:
            yield from self._found(*task.result())

    def _found(self, row: Mapping[str, Any], letters: list[Any], at: datetime) -> Iterator[GaugeMetricFamily]:
        for column, (name, meaning) in _COUNTS.items():
            yield self._gauge(name, meaning, row[column])
        for column, (name, meaning) in _AGES.items():
            since: datetime | None = row[column]
            yield self._gauge(name, meaning, max((at - since).total_seconds(), 0.0) if since else 0.0)
        waiting = GaugeMetricFamily(
            "kefu_dead_letters_waiting", "Dead letters nobody has redriven.", labels=("service", "consumer")
        )
        found = {letter["consumer"]: letter["letters"] for letter in letters}
        for consumer, count in {**dict.fromkeys(self._consumers, 0), **found}.items():
            waiting.add_metric((self._service, consumer), count)
        yield waiting

    def _gauge(self, name: str, meaning: str, value: float) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily(name, meaning, labels=("service",))
        gauge.add_metric((self._service,), value)
        return gauge

    async def _ask(self) -> tuple[Mapping[str, Any], list[Any], datetime]:
        connection = await self._database.connect()
        try:
            await connection.execute("SET statement_timeout = '3s'")
            now = self._clock.now()
            return await connection.fetchrow(_LOOK, now, ATTEMPTS), await connection.fetch(_LETTERS), now
        finally:
            connection.terminate()


class Scrape:
    """Shows one runtime's registry."""

    def __init__(self, counted: Counted, backlog: Backlog) -> None:
        self._registry = counted.registry
        self._backlog = backlog

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[None]:
        """The port is open while the block lasts. Raises OSError when somebody else has it."""
        server = await asyncio.start_server(self._serve, host, port, limit=_HEAD_BYTES)
        self._registry.register(self._backlog)
        try:
            yield
        finally:
            server.close()
            self._registry.unregister(self._backlog)
            await self._backlog.close()

    async def page(self) -> bytes:
        """All metrics as Prometheus reads them."""
        await self._backlog.look()
        return generate_latest(self._registry)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection: whoever scrapes comes every few seconds."""
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head.split(b"\r\n", 1)[0].split(b" ")))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # nobody who scrapes: there is nothing to say to it
        finally:
            writer.close()

    async def _answer(self, request_line: list[bytes]) -> bytes:
        if len(request_line) != 3:
            return _response("400 Bad Request", b"")
        method, target, _ = request_line
        if target.partition(b"?")[0] != b"/metrics":
            return _response("404 Not Found", b"")
        if method != b"GET":
            return _response("405 Method Not Allowed", b"", "Allow: GET\r\n")
        return _response("200 OK", await self.page(), f"Content-Type: {CONTENT_TYPE_LATEST}\r\n")


def shown(metrics: Metrics, consumers: Iterable[str], database: Database, clock: Clock) -> Scrape:
    """The port of a runtime whose metrics count."""
    assert isinstance(metrics, Counted)  # noqa: S101 - there is no other that is on
    return Scrape(metrics, Backlog(metrics.service, consumers, database, clock))


def _heard(task: asyncio.Task[Any]) -> None:
    """An answer that came too late to be shown may be an error, too."""
    if not task.cancelled() and task.exception() is not None:
        log.warning("metrics.database_unavailable", error=task.exception())


def _response(status: str, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
