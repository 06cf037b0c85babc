"""The whole system as processes, and a caller on raw sockets who may be as slow or as wordy as he likes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson
import psutil
from local_stack import Running

from kit.ids import new_id
from kit.testing.pace import moment
from ops.callers import callers
from ops.credentials import Secrets

TICKET = orjson.dumps({"subject": "极限", "channel": "phone"})


@dataclass
class Reply:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def problem(self) -> str:
        """The slug of the problem document; nothing else counts as one."""
        assert self.headers.get("content-type") == "application/problem+json", (self.status, self.body[:200])
        told = orjson.loads(self.body)
        assert told["status"] == self.status
        assert told["request_id"]
        return str(told["type"]).removeprefix("/problems/")


@dataclass
class House:
    """A stack that is up, somebody who may open and read tickets, and one ticket to read."""

    running: Running
    token: str = field(repr=False)
    storefront: str = field(repr=False)
    ticket: str
    secrets: Secrets = field(repr=False)

    @property
    def gateway(self) -> str:
        return str(self.running.note["gateway"])

    def service(self, name: str) -> str:
        return str(self.running.note["services"][name])

    def head(self, request: str, *headers: str, token: str | None = None) -> bytes:
        """The head of a request; without a `token` it is signed in."""
        bearer = f"Authorization: Bearer {self.token if token is None else token}"
        return "\r\n".join([f"{request} HTTP/1.1", "Host: kefu", bearer, *headers, "", ""]).encode()

    def opening(self, key: str | None = None) -> bytes:
        """A request that opens a ticket, with a key that was never used."""
        told = (
            "Content-Type: application/json",
            f"Content-Length: {len(TICKET)}",
            f"Idempotency-Key: {key or new_id()}",
        )
        return self.head("POST /v1/tickets", *told) + TICKET

    def reading(self) -> bytes:
        """A request that reads the ticket."""
        return self.head(f"GET /v1/tickets/{self.ticket}")

    def process(self, name: str) -> psutil.Process:
        return psutil.Process(self.running.pid(name))


async def opened(running: Running) -> House:
    """Somebody signed in, and a ticket."""
    secrets = Secrets.model_validate_json((running.home / "secrets.json").read_bytes())
    async with callers(running.note["gateway"], secrets) as people:
        supervisor = people.staff("supervisor")
        asked = {"subject": "极限", "channel": "phone"}
        ticket = await supervisor.expect(201, "POST", "/v1/tickets", asked, Idempotency_Key=str(new_id()))
        storefront = people.storefront
        await storefront.expect(200, "GET", "/v1/me")
        assert supervisor.token
        assert storefront.token
        return House(running, supervisor.token, storefront.token, ticket["ticket_id"], secrets)


async def ask(url: str, request: bytes | AsyncIterator[bytes], within: float = 30.0) -> Reply:
    """Send a request, in one piece or as it comes, and read one answer; it may come before all is sent."""
    place = urlsplit(url)
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=2**20)
    sending = asyncio.create_task(_send(writer, request))
    try:
        async with asyncio.timeout(within):
            status, headers, body = await read_reply(reader)
        return Reply(status, headers, body, time.perf_counter() - began)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, request: bytes | AsyncIterator[bytes]) -> None:
    with contextlib.suppress(ConnectionError):
        if isinstance(request, bytes):
            writer.write(request)
            await writer.drain()
            return
        async for piece in request:
            writer.write(piece)
            await writer.drain()


async def read_reply(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer with a length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        return int(first.split()[1]), headers, await _chunks(reader)
    return int(first.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    whole = b""
    while size := int(await reader.readline(), 16):
        whole += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return whole


@dataclass
class Cost:
    """What processes came to while something was done to them: MiB at the most, seconds of CPU."""

    grown: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(f"{name} +{self.grown[name]:.0f} MiB, {self.cpu[name]:.2f} s CPU" for name in self.grown)


@contextlib.asynccontextmanager
async def costing(house: House, *names: str) -> AsyncIterator[Cost]:
    """Watch the memory (every 20 ms) and the CPU of these processes during the block."""
    watched = {name: house.process(name) for name in names}
    before = {name: one.memory_info().rss for name, one in watched.items()}
    spent = {name: cpu_of(one) for name, one in watched.items()}
    most = dict(before)
    cost = Cost()

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            for name, one in watched.items():
                most[name] = max(most[name], one.memory_info().rss)
            await moment(loop.time() + 0.02)

    watching = asyncio.create_task(watch())
    try:
        yield cost
    finally:
        watching.cancel()
        cost.grown = {name: (most[name] - before[name]) / 2**20 for name in watched}
        cost.cpu = {name: cpu_of(one) - spent[name] for name, one in watched.items()}


def cpu_of(process: psutil.Process) -> float:
    """Seconds of CPU that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


async def measured(
    url: str, request: Callable[[], bytes], per_second: float, seconds: float
) -> list[tuple[int, float]]:
    """Status and milliseconds of requests sent so many a second whether or not the last one is answered; the time
    counts from when each was due. Connections are kept and used again. 0: the connection broke."""
    place = urlsplit(url)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    seen: list[tuple[int, float]] = []
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def once(due: float) -> None:
        status = 0
        way = None
        try:
            way = idle.pop() if idle else await asyncio.open_connection(place.hostname, place.port)
            way[1].write(request())
            status, headers, _ = await asyncio.wait_for(read_reply(way[0]), 60)
            if headers.get("connection") != "close":
                idle.append(way)
                way = None
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            status = 0
        finally:
            if way is not None:
                way[1].transport.abort()
        seen.append((status, (loop.time() - due) * 1000))

    async with asyncio.TaskGroup() as group:
        for number in range(round(per_second * seconds)):
            due = began + number / per_second
            await moment(due)
            group.create_task(once(due))
    for _, writer in idle:
        writer.transport.abort()
    return seen


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the others stays below."""
    rising = sorted(values)
    return rising[min(int(len(rising) * share), len(rising) - 1)]
