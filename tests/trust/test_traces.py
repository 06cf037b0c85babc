"""Traces: one id from the gateway to the handler in another service, with nothing of a person in a span (X6)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import nats as nats_client
import pytest
from local_stack import Running, stack
from opentelemetry import trace
from sqlalchemy import text
from stage import NOON, Client, Starter

from contracts.examples import example
from gateway.headers import Headers, traceparent_of, with_trace
from kit.envelope import Meta, headers, read_meta
from kit.ids import new_id
from kit.settings import UnsafeSettingsError, service_settings
from kit.spans import FileExporter, Recording
from kit.testing.poll import eventually
from kit.tracing import OFF, well_formed

GIVEN = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-00"
HOSTILE = (
    "", "x", GIVEN.upper(), GIVEN + "-extra", GIVEN[:-1], " " + GIVEN, GIVEN + "\n", "ff" + GIVEN[2:], "01" + GIVEN[2:],
    "00-" + "0" * 32 + "-" + "cd" * 8 + "-01", "00-" + "ab" * 16 + "-" + "0" * 16 + "-01", GIVEN * 1000,
    "00-" + "zz" * 16 + "-" + "cd" * 8 + "-01", "00-1-1-1", "13800138000", "'; DROP TABLE outbox; --",
)  # fmt: skip
HIRED = {"name": "林菲", "role": "agent"}
Span = dict[str, Any]


def spans_in(folder: Path) -> list[Span]:
    """What was written there, oldest first."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return sorted((json.loads(line) for line in lines), key=lambda span: int(span["start"]))


@contextmanager
def recorded(folder: Path, share: float = 1.0) -> Iterator[Recording]:
    """A recorder whose spans are in the folder after the block."""
    recording = Recording("test", FileExporter(folder / "test.jsonl"), share)
    yield recording
    recording._provider.shutdown()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every process and service of the test records every trace there."""
    monkeypatch.setenv("KEFU_TRACES", f"file:{tmp_path / 'traces'}")
    monkeypatch.setenv("KEFU_TRACES_SHARE", "1")
    return tmp_path / "traces"


# The whole way, in real processes


async def test_one_trace_from_the_gateway_to_a_handler_in_another_service(folder: Path, tmp_path: Path) -> None:
    """A request through gateway, service and broker: a chain of parents under one id, and metrics on ports beside."""
    async with stack(tmp_path) as running, aiohttp.ClientSession() as http:
        token = await signed_in(http, running)
        asked = {"Authorization": f"Bearer {token}", "traceparent": GIVEN, "tracestate": "shop=canary-state"}
        url = running.note["gateway"] + "/v1/staff?phone=13800138000"
        async with http.post(url, json={**HIRED, "name": "欧阳试金"}, headers=asked) as hired:
            assert hired.status == 201, await hired.text()
        for name, address in running.note["metrics"].items():
            async with http.get(address) as page:
                assert page.status == 200, name
                assert f'kefu_database_up{{service="{name}"}} 1.0' in await page.text()
        for address in (running.note["gateway"], running.note["services"]["appraisal"]):
            async with http.get(address + "/metrics", headers={"Authorization": f"Bearer {token}"}) as refused:
                assert refused.status == 404

        async def complete() -> list[Span]:
            ours = [span for span in spans_in(folder) if span["trace_id"] == "ab" * 16]
            handled = {"notify-staff-copy", "ticket-staff-copy", "gateway-staff"} <= consumers(ours)
            # Each process writes its spans when it comes to it: the first of the chain may be the last to be there.
            told = {("kefu-gateway", "server"), ("kefu-appraisal", "server"), ("kefu-appraisal", "producer")}
            return ours if handled and told <= {(span["service"], span["kind"]) for span in ours} else []

        spans = await eventually(complete, within=30)

    front, service, publish, *handles = spans
    assert [front["service"], front["name"], front["parent_id"]] == ["kefu-gateway", "POST /v1/staff", "cd" * 8]
    assert [service["service"], service["name"]] == ["kefu-appraisal", "POST /v1/staff"]
    assert [publish["service"], publish["name"], publish["kind"]] == [
        "kefu-appraisal",
        "publish staff.hired",
        "producer",
    ]
    assert service["parent_id"] == front["span_id"]
    assert publish["parent_id"] == service["span_id"]
    assert {handle["name"] for handle in handles} == {"handle staff.hired"}
    assert {handle["parent_id"] for handle in handles} == {publish["span_id"]}
    assert service["attributes"] == {
        "http.request.method": "POST", "http.route": "/v1/staff", "http.response.status_code": 201,
    }  # fmt: skip
    written = json.dumps(spans_in(folder), ensure_ascii=False)
    for canary in ("13800138000", "试金", "canary-state", token, token.split(".")[1], "account:", "127.0.0.1"):
        assert canary not in written


def consumers(spans: list[Span]) -> set[str | None]:
    """Who handled something in them."""
    return {span["attributes"].get("messaging.consumer.group.name") for span in spans}


async def signed_in(http: aiohttp.ClientSession, running: Running) -> str:
    account = running.note["credentials"]["accounts"]["admin"]
    form = {"grant_type": "password", **{name: account[name] for name in ("username", "password")}}
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    url = running.note["gateway"] + "/oauth/token"
    async with http.post(url, data=urlencode(form), headers=form_type) as answer:
        return str((await answer.json())["access_token"])


# Whose word counts


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_no_trace_context_begins_a_new_trace(hostile: str, folder: Path) -> None:
    """At the gateway, in the broker's headers, and in the outbox alike."""
    assert well_formed(hostile) is None
    assert traceparent_of(Headers([(b"traceparent", hostile.encode("latin-1"))])) is None
    sent = headers(Meta(new_id(), "ticket.closed", new_id(), 1, NOON), owner="x")
    assert read_meta("ticket.closed", {**sent, "ce-traceparent": hostile}).traceparent is None
    with recorded(folder) as recording:
        span = recording.begin("GET", hostile)
        assert span is not None
        span.end(None, 404)
        with recording.publishing("staff.hired", hostile) as carried:
            assert well_formed(carried)
    begun, published = spans_in(folder)
    assert begun["parent_id"] is None
    assert published["parent_id"] is None
    assert len({begun["trace_id"], published["trace_id"], "ab" * 16}) == 3


async def test_two_trace_contexts_are_none() -> None:
    twice = [(b"traceparent", GIVEN.encode()), (b"traceparent", GIVEN.encode())]
    assert traceparent_of(Headers(twice)) is None
    ours = with_trace(Headers([*twice, (b"tracestate", b"a=1"), (b"accept", b"*/*")]), GIVEN)
    assert ours.pairs == [(b"accept", b"*/*"), (b"traceparent", GIVEN.encode())]


@pytest.mark.parametrize(
    "hostile", ["x" * 60_000, "ff-" + GIVEN[3:], "00-" + "0" * 32 + GIVEN[35:]], ids=["long", "ff", "0"]
)
async def test_a_service_reached_directly_begins_a_new_trace_too(
    hostile: str, folder: Path, start_service: Starter
) -> None:
    async with start_service("appraisal") as client:
        hired = await client.call("POST", "/v1/staff", "manager", json=HIRED, headers={"traceparent": hostile})
        assert hired.status_code == 201
        (kept,) = await traceparents(client)
    (span,) = spans_in(folder)
    assert span["parent_id"] is None
    assert kept is not None
    assert kept.startswith(f"00-{span['trace_id']}-{span['span_id']}-")


async def test_a_caller_can_t_make_us_record_more_than_our_share(folder: Path) -> None:
    """The trace's id decides, in every process alike; the caller's flag does not."""
    with recorded(folder, share=0.1) as recording:
        kept = []
        for number in range(1, 1001):
            caller = f"00-{number * 7919:016x}{number * (2**64 // 1001):016x}-{number:016x}-01"
            span = recording.begin("GET", caller)
            assert span is not None
            kept.append(span.traceparent.endswith("-01"))
            assert span.traceparent[3:35] == caller[3:35]
            span.end("/v1/tickets", 200)
    assert 80 <= sum(kept) <= 120
    assert len(spans_in(folder)) == sum(kept)
    with recorded(folder / "all", share=1.0) as recording, recording.publishing("staff.hired", GIVEN):
        pass
    assert len(spans_in(folder / "all")) == 1


# What a span holds


async def test_spans_hold_no_path_query_header_or_person(folder: Path, start_service: Starter) -> None:
    """FastAPI's own spans carry path, query and host: what leaves the process is on a list (X6)."""
    async with start_service("customer") as client:
        secret = {
            "Host": "zhou-min.example",
            "X-Request-Id": "r-canary",
            "baggage": "phone=13800138001",
            "tracestate": "a=13800138002",
        }
        secret |= {"traceparent": GIVEN}
        await client.call("GET", "/v1/customers/13800138000?name=周敏&token=kefu_x", "agent", headers=secret)
        await client.call("GET", "/v1/nobody/13800138000", "agent", headers=secret)
        await client.call(
            "POST", "/v1/customers", "agent", json={"phone": "13800138003", "x": "周敏"}, headers=secret
        )
        await client.http.get("/readyz")
    spans = spans_in(folder)
    assert [span["name"] for span in spans] == ["GET /v1/customers/{customer_id}", "GET", "POST /v1/customers"]
    known = {"http.request.method", "http.route", "http.response.status_code", "error.type"}
    assert {name for span in spans for name in span["attributes"]} <= known
    written = (folder / "customer.jsonl").read_text()
    for canary in ("1380013800", "周敏", "zhou-min", "canary", "kefu_x", "Bearer"):
        assert canary not in written


async def test_a_failure_is_told_by_its_class(folder: Path) -> None:
    heard = [Meta(new_id(), "staff.hired", new_id(), 1, NOON, GIVEN)]
    with recorded(folder) as recording, pytest.raises(RuntimeError), recording.handling("notify-staff-copy", heard):
        raise RuntimeError("13800138000")
    (span,) = spans_in(folder)
    assert (span["status"], span["attributes"]["error.type"]) == ("error", "RuntimeError")
    assert "13800138000" not in json.dumps(span)


# Through outbox and broker


async def test_events_of_one_batch_stay_in_their_own_traces(
    folder: Path, start_service: Starter, nats_url: str
) -> None:
    """Three events wait for a consumer that then takes them in one transaction."""
    client = await nats_client.connect(nats_url)
    callers = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2, 3)]
    for caller in callers:
        event = example("staff.hired")
        state = event.staff.model_copy(update={"staff_id": new_id()})
        event = event.model_copy(update={"staff": state})
        meta = Meta(new_id(), event.SUBJECT, event.aggregate_id, 1, NOON, caller)
        sent = headers(meta, owner="appraisal")
        await client.jetstream().publish("staff.hired", event.model_dump_json().encode(), headers=sent)
    await client.close()
    async with start_service("notify", nats_url=nats_url) as notify:

        async def all_there() -> bool:
            async with notify.runtime.database.reading() as session:
                found = await session.execute(text("SELECT count(*) FROM staff_copy"))
                return int(found.scalar_one()) == 3

        await eventually(all_there)
    spans = spans_in(folder)
    assert {(span["trace_id"], span["parent_id"]) for span in spans} == {(one[3:35], one[36:52]) for one in callers}
    assert {span["name"] for span in spans} == {"handle staff.hired"}


# Off


async def test_off_a_trace_is_carried_on_as_it_came(start_service: Starter) -> None:
    async with start_service("appraisal") as client:
        assert client.runtime.tracing is OFF
        await client.call("POST", "/v1/staff", "manager", json=HIRED, headers={"traceparent": GIVEN})
        await client.call(
            "POST", "/v1/staff", "manager", json={**HIRED, "name": "周敏"}, headers={"traceparent": "x"}
        )
        assert await traceparents(client) == [GIVEN, None]
        assert trace.get_current_span().get_span_context().is_valid is False
    assert set(OFF.telemetry().values()) == {False}
    assert OFF.begin("GET", GIVEN) is None
    with OFF.publishing("staff.hired", GIVEN) as carried, OFF.handling("notify-staff-copy", []) as carry:
        assert carried == GIVEN
        assert carry(Meta(new_id(), "staff.hired", new_id(), 1, NOON, GIVEN)) == GIVEN


# Where they go


async def test_a_collector_gets_them(start_service: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """OTLP over HTTP, with the service's name and no more of the request than its route."""
    async with collector() as (url, bodies):
        monkeypatch.setenv("KEFU_TRACES", url)
        monkeypatch.setenv("KEFU_TRACES_SHARE", "1")
        async with start_service("appraisal") as client:
            await client.call("GET", "/v1/staff?name=13800138000", "manager")
        told = b"".join(bodies)
    assert b"kefu-appraisal" in told
    assert b"GET /v1/staff" in told
    assert b"13800138000" not in told


async def test_a_collector_that_is_away_holds_nothing_up(
    start_service: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_TRACES", "http://127.0.0.1:9/v1/traces")
    monkeypatch.setenv("KEFU_TRACES_SHARE", "1")
    async with start_service("appraisal") as client:
        assert (await client.call("GET", "/v1/staff", "manager")).status_code == 200
        began = time.monotonic()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("place", ["yes", "ftp://collector", "file:", "http://", "http://a b"])
def test_a_place_that_is_none_is_refused(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRAISAL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("KEFU_TRACES", place)
    with pytest.raises((UnsafeSettingsError, ValueError), match="KEFU_TRACES"):
        service_settings("appraisal")


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Takes what is sent to it."""
    bodies: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        bodies.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/traces", bodies


async def traceparents(client: Client) -> list[str | None]:
    async with client.runtime.database.reading() as session:
        return list((await session.execute(text("SELECT traceparent FROM outbox ORDER BY id"))).scalars())
