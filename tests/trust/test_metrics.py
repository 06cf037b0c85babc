"""Metrics: on a port of their own, by route template and consumer, and never with an id or a person in them (X6)."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import nats as nats_client
import pytest
from prometheus_client.parser import text_string_to_metric_families
from stage import ANY_ID, Client, Starter
from trail_desk import SOMEBODY, Trail

from contracts.examples import example
from kit import deadletters, scrape, timers
from kit.db import Database
from kit.deadletters import Letter
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.metrics import Metrics
from kit.prometheus import Counted
from kit.scrape import Backlog, Scrape
from kit.testing.children import free_port
from kit.testing.poll import eventually
from kit.work import Work
from ops.environment import home_at
from ops.up import plan_for

HIRED = {"name": "林菲", "role": "agent"}
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Page:
    """A page of metrics as Prometheus reads it."""

    text: str

    @property
    def series(self) -> Series:
        families = text_string_to_metric_families(self.text)
        return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}

    def value(self, name: str, **labels: str) -> float | None:
        """The one series with this name and these labels among its own; None when there is none."""
        wanted = set(labels.items())
        found = [value for (known, own), value in self.series.items() if known == name and wanted <= own]
        assert len(found) < 2, found
        return found[0] if found else None


@dataclass
class Watched:
    """A service and its metrics port."""

    client: Client
    port: int

    async def ask(self, path: str = "/metrics", method: str = "GET") -> tuple[int, dict[str, str], str]:
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, f"http://127.0.0.1:{self.port}{path}") as got,
        ):
            return got.status, dict(got.headers), await got.text()

    async def page(self) -> Page:
        status, _, text = await self.ask()
        assert status == 200
        return Page(text)


@pytest.fixture
def watch(start_service: Starter, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """`async with watch("appraisal") as watched`: the service with its metrics port open."""

    @asynccontextmanager
    async def start(service: str, **options: object) -> AsyncIterator[Watched]:
        port = free_port()
        monkeypatch.setenv("KEFU_METRICS_PORT", str(port))
        monkeypatch.setattr(scrape, "_CACHED_SECONDS", 0.0)
        async with start_service(service, **options) as client:
            yield Watched(client, port)

    return start


# What is counted of requests


async def test_requests_are_counted_by_route_template_and_class_of_answer(watch) -> None:
    """Ids, names and queries make no series: canaries in all of them are nowhere on the page."""
    async with watch("appraisal") as watched:
        hired = await watched.client.call("POST", "/v1/staff", "manager", json=HIRED)
        staff_id = hired.json()["staff_id"]
        for _ in range(3):
            await watched.client.call("GET", f"/v1/staff/{staff_id}?x=13800138000", "manager")
        await watched.client.call("GET", f"/v1/staff/{ANY_ID}", "manager")
        await watched.client.call("GET", "/v1/nobody/zhou.min@example.com", "manager")
        await watched.client.call("BREW", f"/v1/staff/{staff_id}", "manager")
        await watched.client.http.get(f"/v1/staff/{staff_id}")
        page = await watched.page()

    def requests(method: str, route: str, status: str) -> float | None:
        return page.value("kefu_http_requests_total", service="appraisal", method=method, route=route, status=status)

    one = "/v1/staff/{staff_id}"
    assert requests("POST", "/v1/staff", "2xx") == 1
    assert (requests("GET", one, "2xx"), requests("GET", one, "4xx")) == (3, 2)
    assert (requests("GET", "unmatched", "4xx"), requests("other", one, "4xx")) == (1, 1)
    durations = "kefu_http_request_duration_seconds"
    assert page.value(f"{durations}_count", method="GET", route=one) == 5
    assert 0 < (page.value(f"{durations}_sum", method="GET", route=one) or 0) < 30
    assert page.value("kefu_http_requests_in_progress") == 0
    for canary in (staff_id, ANY_ID, "13800138000", "zhou.min", "BREW", "林菲", "manager", "_created"):
        assert canary not in page.text


async def test_an_answer_that_was_never_given_is_a_failure(watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the framework's last handler answers passes outside of what counts; it counts nevertheless."""
    async with watch("appraisal") as watched:
        monkeypatch.setattr(watched.client.runtime.verifier, "verify", None)  # a fault nobody foresaw
        assert (await watched.client.call("GET", "/v1/staff", "manager")).status_code == 500
        page = await watched.page()
    assert page.value("kefu_http_requests_total", route="/v1/staff", status="5xx") == 1
    assert page.value("kefu_http_requests_in_progress") == 0


async def test_services_in_one_process_count_apart(watch) -> None:
    async with watch("appraisal") as staff, watch("customer") as files:
        await staff.client.call("GET", "/v1/staff", "manager")
        first, second = await staff.page(), await files.page()
    assert first.value("kefu_http_requests_total", service="appraisal", route="/v1/staff") == 1
    assert second.value("kefu_http_requests_total", service="customer") is None
    assert 'service="appraisal"' not in second.text


async def test_names_and_meanings_follow_the_conventions(watch) -> None:
    async with watch("notify") as watched:
        await watched.client.call("GET", "/v1/inbox", "agent")
        page = await watched.page()
    families = list(text_string_to_metric_families(page.text))
    ours = [family for family in families if family.name.startswith("kefu_")]
    assert len(ours) >= 12
    for family in ours:
        assert family.documentation.endswith(".")
        assert family.type != "unknown"
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
        assert {"service"} <= {name for sample in family.samples for name in sample.labels} | {"service"}
    assert page.value("process_resident_memory_bytes") is not None


# What only the database knows


async def test_events_that_wait_for_the_broker(watch, clock) -> None:
    """Without a broker they wait in the outbox, and the oldest gets older (R6)."""
    async with watch("appraisal") as watched:
        assert (await watched.page()).value("kefu_outbox_unpublished_events") == 0
        await watched.client.call("POST", "/v1/staff", "manager", json=HIRED)
        clock.advance(timedelta(seconds=90))
        await watched.client.call("POST", "/v1/staff", "manager", json={**HIRED, "name": "周敏"})
        page = await watched.page()
    assert page.value("kefu_outbox_unpublished_events") == 2
    assert page.value("kefu_outbox_oldest_unpublished_seconds") == 90
    assert page.value("kefu_outbox_blocked_events") == 0
    assert page.value("kefu_database_connections_max") == 4
    assert page.value("kefu_database_up") == 1


async def test_timers_that_are_late_and_those_given_up(trail: Trail) -> None:
    async with trail.transactions.begin(SOMEBODY) as work:
        for minutes in (-30, -10, 60):
            await timers.start(work, "reminder", new_id(), work.now + timedelta(minutes=minutes))
    page = await looked(trail)
    assert (page.value("kefu_timers_overdue_seconds"), page.value("kefu_timers_given_up")) == (1800, 0)
    await trail.connection.execute("UPDATE timer SET attempts = 13 WHERE id = 1")
    page = await looked(trail)
    assert (page.value("kefu_timers_overdue_seconds"), page.value("kefu_timers_given_up")) == (600, 1)


async def test_the_trail_s_oldest_row_outside_its_chain(trail: Trail) -> None:
    """X7"""
    assert (await looked(trail)).value("kefu_audit_unsealed_seconds") == 0
    await trail.write(5)
    trail.clock.advance(timedelta(minutes=2))
    assert (await looked(trail)).value("kefu_audit_unsealed_seconds") == 124
    await trail.seal()
    assert (await looked(trail)).value("kefu_audit_unsealed_seconds") == 0
    await trail.write(1)
    trail.clock.advance(timedelta(seconds=7))
    assert (await looked(trail)).value("kefu_audit_unsealed_seconds") == 7


async def test_dead_letters_by_consumer(trail: Trail) -> None:
    """I7: also those of consumers that this service has no more; a redriven one is none."""
    for number, consumer in enumerate(("customer-orders", "customer-orders", "long-gone")):
        letter = Letter(consumer, str(number), "order.recorded", None, None, {}, b"{}", "no reason", 6)
        await deadletters.bury(trail.transactions.database, letter)
    await trail.connection.execute("UPDATE dead_letter SET redriven_at = now() WHERE event_id = '0'")
    page = await looked(trail, "customer-orders", "customer-tickets")
    counts = [page.value("kefu_dead_letters_waiting", consumer=one)
              for one in ("customer-orders", "customer-tickets", "long-gone")]  # fmt: skip
    assert counts == [1, 0, 1]


async def test_the_database_is_not_asked_more_often_than_needed(trail: Trail) -> None:
    backlog = Backlog("customer", (), trail.transactions.database, trail.clock)
    page = await looked(trail, backlog=backlog)
    await trail.write(1)
    trail.clock.advance(timedelta(minutes=1))
    again = await looked(trail, backlog=backlog)
    assert page.value("kefu_audit_unsealed_seconds") == again.value("kefu_audit_unsealed_seconds") == 0


async def looked(trail: Trail, *consumers: str, backlog: Backlog | None = None) -> Page:
    """The page of a service on the trail's database."""
    counted = Counted("customer")
    backlog = backlog or Backlog("customer", consumers, trail.transactions.database, trail.clock)
    counted.registry.register(backlog)
    text = (await Scrape(counted, backlog).page()).decode()
    await backlog.close()
    return Page(text)


@pytest.mark.parametrize("silent", [True, False], ids=["that never answers", "that refuses"])
async def test_a_database_that_is_away_does_not_hold_up_the_scrape(silent: bool, clock) -> None:
    """What the process knows by itself is shown; what it can't know is missing, and said to be."""
    hung = socket.create_server(("127.0.0.1", 0))  # takes connections and never says anything
    port = hung.getsockname()[1] if silent else 1
    database = Database(f"postgresql://nobody@127.0.0.1:{port}/none")
    counted = Counted("customer")
    counted.request_began()
    counted.request_ended("GET", "/livez", 200, 0.001)
    backlog = Backlog("customer", ("customer-orders",), database, clock)
    counted.registry.register(backlog)
    shown = Scrape(counted, backlog)
    for _ in range(2):
        began = time.monotonic()
        page = Page((await shown.page()).decode())
        assert time.monotonic() - began < 1.5
        assert page.value("kefu_database_up") == 0
        assert page.value("kefu_http_requests_total", route="/livez") == 1
        assert page.value("kefu_outbox_unpublished_events") is None
    await backlog.close()
    await database.close()
    hung.close()


# Events and timers as they pass


async def test_deliveries_are_counted_by_consumer_and_how_they_ended(watch, nats_url: str) -> None:
    """Applied once, known the second time, buried when it is no event at all (I5, I7)."""
    async with watch("notify", nats_url=nats_url) as watched:
        client = await nats_client.connect(nats_url)
        stream = client.jetstream()
        event = example("staff.hired")
        meta = Meta(new_id(), event.SUBJECT, event.aggregate_id, 1, watched.client.runtime.clock.now())
        sent = headers(meta, owner="appraisal")
        body = event.model_dump_json().encode()
        for number in range(2):
            await stream.publish("staff.hired", body, headers={**sent, "Nats-Msg-Id": f"{meta.id}-{number}"})
        await stream.publish("staff.hired", b"no event", headers={"ce-id": "of nobody's"})

        async def all_ended() -> Page | None:
            page = await watched.page()
            ended = [page.value("kefu_events_handled_total", consumer="notify-staff-copy", result=result)
                     for result in ("applied", "done", "buried")]  # fmt: skip
            return page if ended == [1, 1, 1] else None

        page = await eventually(all_ended)
        await client.close()
    assert page is not None
    assert page.value("kefu_dead_letters_waiting", consumer="notify-staff-copy") == 1
    assert str(meta.id) not in page.text


async def test_events_are_counted_when_the_broker_has_them(watch, nats_url: str) -> None:
    async with watch("appraisal", nats_url=nats_url) as watched:
        await watched.client.call("POST", "/v1/staff", "manager", json=HIRED)

        async def published() -> bool:
            return (await watched.page()).value("kefu_events_published_total", subject="staff.hired") == 1

        assert await eventually(published)


class Noted(Metrics):
    """Metrics that a test can read."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def timer_fired(self, kind: str) -> None:
        self.seen.append(("fired", kind))

    def timer_failed(self, kind: str) -> None:
        self.seen.append(("failed", kind))


async def test_timers_are_counted_by_kind(trail: Trail) -> None:
    async def fine(work: Work, subject_id: object, facts: object) -> None:
        """Does nothing, well."""

    async def broken(work: Work, subject_id: object, facts: object) -> None:
        raise RuntimeError

    noted = Noted()
    async with trail.transactions.begin(SOMEBODY) as work:
        for kind in ("fine", "broken"):
            await timers.start(work, kind, new_id(), work.now)
    await timers.Timers(trail.transactions, {"fine": fine, "broken": broken}, noted).fire_due()
    assert noted.seen == [("fired", "fine"), ("failed", "broken")]
    counted = Counted("customer")
    counted.timer_fired("fine")
    assert counted.registry.get_sample_value("kefu_timers_fired_total", {"service": "customer", "kind": "fine"}) == 1


# The port


async def test_the_port_shows_metrics_and_nothing_else(watch) -> None:
    async with watch("appraisal") as watched:
        status, facts, _ = await watched.ask()
        assert (status, facts["Content-Type"].partition(";")[0]) == (200, "text/plain")
        assert (await watched.ask("/metrics?x=1"))[0] == 200
        assert [(await watched.ask(path))[0] for path in ("/", "/v1/staff", "/livez")] == [404] * 3
        assert (await watched.ask(method="POST"))[0] == 405
        assert (await watched.client.http.get("/metrics")).status_code == 404


@pytest.mark.parametrize(
    "sent", [b"\r\n\r\n", b"GET\r\n\r\n", b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b"\0" * 9_000]
)
async def test_whoever_sends_nonsense_is_hung_up_on(watch, sent: bytes) -> None:
    async with watch("appraisal") as watched:
        reader, writer = await asyncio.open_connection("127.0.0.1", watched.port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert answer[:12] in (b"", b"HTTP/1.1 400")
        await watched.page()


async def test_without_a_port_nothing_is_counted(start_service: Starter) -> None:
    async with start_service("appraisal") as client:
        assert not client.runtime.metrics.on
        assert (await client.http.get("/metrics")).status_code == 404


def test_a_local_stack_gives_each_process_a_port_of_its_own(tmp_path: Path) -> None:
    """The same ones each time; none at all where KEFU_METRICS_PORT is 0."""
    environ = {"KEFU_GATEWAY_PORT": "0"}
    first, second = (plan_for(home_at(tmp_path), environ) for _ in range(2))
    told = first.announcement().metrics
    assert set(told) == {"gateway", "customer", "ticket", "appraisal", "notify"}
    assert told == second.announcement().metrics == first.announcement().as_json()["metrics"]
    ports = {int(url.removesuffix("/metrics").rpartition(":")[2]) for url in told.values()}
    assert ports < set(first.ports.values())
    assert len(set(first.ports.values())) == len(first.ports)
    assert all(url.startswith("http://127.0.0.1:") for url in told.values())
    assert plan_for(home_at(tmp_path), {**environ, "KEFU_METRICS_PORT": "0"}).announcement().metrics == {}


def test_what_is_off_is_not_even_loaded(tmp_path: Path) -> None:
    """Neither the library of metrics nor the recording half of traces: start-up and memory are promises."""
    told = {
        "APPRAISAL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "GATEWAY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "KEFU_HOME": str(tmp_path),
    }
    script = """
import sys
from gateway.__main__ import create as create_gateway
from services.appraisal.app import create
create(), create_gateway()
print([name for name in sys.modules if name.startswith(("prometheus_client", "opentelemetry.sdk", "opentelemetry.exporter"))])
"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEFU_")}
    run = subprocess.run(
        [sys.executable, "-c", script], env={**kept, **told}, capture_output=True, text=True, check=False
    )
    assert run.stdout == "[]\n", run.stderr
