"""A load generator of our own: raw HTTP/1.1 on kept-alive loopback connections, bounded in count and in time.

Requests are bytes made beforehand, answers are read no further than needed, so that the generator costs some
15 microseconds a request and the thing measured is what saturates.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 128
MOST_SECONDS = 60.0
PATIENCE_SECONDS = 10.0
"""How long a request may be under way before the run is given up."""

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)")


class LoadError(Exception):
    """The run could not be measured; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What a run did. `latencies` are milliseconds in rising order."""

    seconds: float
    latencies: list[float]

    @property
    def requests(self) -> int:
        """How many answers came."""
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        """Answers per second of wall clock."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """The latency, in milliseconds, that this share of the requests stayed below."""
        return percentile(self.latencies, share)


def percentile(rising: list[float], share: float) -> float:
    """The value at that share of a rising list. Raises `LoadError` for an empty one."""
    if not rising:
        raise LoadError("nothing was measured")
    return rising[min(int(len(rising) * share), len(rising) - 1)]


def request(method: str, path: str, *, token: str = "", body: bytes = b"", headers: str = "") -> bytes:
    """One request as it goes over the wire; `headers` are whole lines, each with its line end."""
    lines = f"{method} {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{headers}"
    if token:
        lines += f"Authorization: Bearer {token}\r\n"
    if body:
        lines += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{lines}\r\n".encode() + body


async def closed_loop(
    url: str, requests: Iterator[bytes], *, connections: int, seconds: float, expect: int = 200
) -> Outcome:
    """Each connection sends its next request when the last one is answered, until time or requests run out.

    Raises `LoadError` for any status but the expected, a broken connection, or an answer that stays out.
    """
    if not 0 < connections <= MOST_CONNECTIONS or not 0 < seconds <= MOST_SECONDS:
        raise LoadError(f"a run has at most {MOST_CONNECTIONS} connections and {MOST_SECONDS:g} seconds")
    run = _Run(expect)
    wires = [await _connected(url, run) for _ in range(connections)]
    began = time.perf_counter()
    until = began + seconds

    def go_on(wire: _Wire) -> None:
        following = next(requests, None) if time.perf_counter() < until else None
        if following is None:
            wire.close()
            run.leave(len(wires))
        else:
            wire.ask(following, go_on)

    try:
        for wire in wires:
            go_on(wire)
        await run.over(seconds + PATIENCE_SECONDS)
        return Outcome(time.perf_counter() - began, sorted(run.latencies))
    finally:
        for wire in wires:
            wire.close()


async def paced(
    url: str, requests: Iterator[bytes], *, per_second: float, seconds: float, expect: int = 200
) -> Outcome:
    """So many requests a second whether or not the last one is answered; latency counts from when each was due.

    Raises as `closed_loop` does, and when answers are so late that there are no connections left.
    """
    if not 0 < seconds <= MOST_SECONDS:
        raise LoadError(f"a run has at most {MOST_SECONDS:g} seconds")
    run = _Run(expect)
    idle: list[_Wire] = []
    wires: list[_Wire] = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    count = round(per_second * seconds)
    try:
        for number in range(count):
            due = began + number / per_second
            await asyncio.sleep(due - loop.time())
            if not idle:
                if len(wires) == MOST_CONNECTIONS:
                    raise LoadError("the answers come too slowly for this pace")
                idle.append(await _connected(url, run))
                wires.append(idle[-1])
            idle.pop().ask(next(requests), idle.append, late=loop.time() - due)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(run.latencies) < count and run.failure is None:  # noqa: ASYNC110 - the last few answers
                await asyncio.sleep(0.005)
        if run.failure is not None:
            raise run.failure
        return Outcome(loop.time() - began, sorted(run.latencies))
    except TimeoutError:
        raise LoadError(f"the last answers did not come within {PATIENCE_SECONDS:g} s") from None
    finally:
        for wire in wires:
            wire.close()


@dataclass
class _Run:
    """What the connections of one run share."""

    expect: int
    latencies: list[float] = field(default_factory=list)
    failure: LoadError | None = None
    left: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def leave(self, of: int) -> None:
        self.left += 1
        if self.left == of:
            self.ended.set()

    def fail(self, why: str) -> None:
        self.failure = self.failure or LoadError(why)
        self.ended.set()

    async def over(self, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await self.ended.wait()
        except TimeoutError:
            raise LoadError(f"an answer stayed out for {PATIENCE_SECONDS:g} s") from None
        if self.failure is not None:
            raise self.failure


async def _connected(url: str, run: _Run) -> "_Wire":
    place = urlsplit(url)
    if place.hostname != LOOPBACK or place.port is None:
        raise LoadError(f"load goes to {LOOPBACK} only, not to {url}")
    loop = asyncio.get_running_loop()
    try:
        _, wire = await loop.create_connection(lambda: _Wire(run), place.hostname, place.port)
    except OSError as trouble:
        raise LoadError(f"{url} does not answer: {trouble}") from trouble
    return wire


class _Wire(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._whole = 0
        self._began = 0.0
        self._then: Callable[[_Wire], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance

    def ask(self, sent: bytes, then: "Callable[[_Wire], None]", *, late: float = 0.0) -> None:
        """Send; `then` is called with this connection when the answer has come whole."""
        assert self._transport is not None
        self._then = then
        self._began = time.perf_counter() - late
        self._transport.write(sent)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._whole and not self._read_head():
            return
        then = self._then
        if len(self._buffer) < self._whole or then is None:
            return
        self._buffer.clear()
        self._whole, self._then = 0, None
        self._run.latencies.append((time.perf_counter() - self._began) * 1000)
        then(self)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).lower()
        length = _LENGTH.search(head)
        if int(head[9:12]) != self._run.expect:
            body = bytes(self._buffer[end + 4 : end + 300]).decode(errors="replace")
            self._fail(f"answered {head[9:12].decode()} where {self._run.expect} was expected: {body}")
            return False
        if length is None:
            self._fail("an answer has no Content-Length")
            return False
        self._whole = end + 4 + int(length[1])
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._then is not None:
            self._run.fail(f"a connection broke: {exc or 'closed by the server'}")

    def close(self) -> None:
        """Hang up; what is under way doesn't count."""
        self._then = None
        if self._transport is not None:
            self._transport.close()

    def _fail(self, why: str) -> None:
        self._run.fail(why)
        self.close()
