"""A crowd at the gateway, in a process of its own: so many requests a second whether or not the last one is answered,
or so many callers who each ask again when they are answered. Tells what came of it as one line of JSON.

    python tests/limits/arrivals.py URL --seconds 5 (--rate 900 | --callers 32) <<< the request, with KEY where a key goes
"""

import argparse
import asyncio
import contextlib
import json
import re
import secrets
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import uvloop

from kit.testing.pace import moment
from kit.testing.poll import eventually

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)")
_PATIENCE = 45.0


class Crowd:
    """Everybody who asks; `seen` holds status, milliseconds since it was due, seconds since the beginning, and
    whether a refusal says when to come again."""

    def __init__(self, url: str, request: bytes) -> None:
        place = urlsplit(url)
        self.host, self.port = place.hostname, place.port
        self.before, self.after = request.split(b"KEY", 1)
        self.idle: list[Caller] = []
        self.seen: list[tuple[int, float, float, bool]] = []
        self.under_way = 0
        self.began = self.until = 0.0
        self.goes_on = False
        self.name = secrets.token_hex(6).encode()
        self.count = 0

    def next_request(self) -> bytes:
        self.count += 1
        return b"%b%b-%d%b" % (self.before, self.name, self.count, self.after)

    async def ask(self, due: float) -> None:
        """One request, on a connection that rests or a new one."""
        self.under_way += 1
        try:
            caller = self.idle.pop() if self.idle else await self.connected()
        except OSError:
            self.note(0, due, comes_again=False)
            return
        caller.ask(due)

    async def connected(self) -> "Caller":
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: Caller(self), self.host, self.port))[1]

    def note(self, status: int, due: float, *, comes_again: bool) -> None:
        now = time.perf_counter()
        self.seen.append((status, (now - due) * 1000, now - self.began, comes_again))
        self.under_way -= 1

    def free(self, caller: "Caller") -> None:
        """It has its answer."""
        if self.goes_on and time.perf_counter() < self.until:
            self.under_way += 1
            caller.ask(time.perf_counter())
        else:
            self.idle.append(caller)

    async def at_a_rate(self, per_second: float, seconds: float) -> None:
        tasks = set()
        for number in range(round(per_second * seconds)):
            due = self.began + number / per_second
            if (early := due - time.perf_counter()) > 0.001:
                await moment(asyncio.get_running_loop().time() + early)
            if self.idle:
                self.under_way += 1
                self.idle.pop().ask(due)
            else:
                tasks.add(task := asyncio.create_task(self.ask(due)))
                task.add_done_callback(tasks.discard)

    async def run(self, rate: float, callers: int, seconds: float) -> None:
        self.began = time.perf_counter()
        self.until = self.began + seconds
        if rate:
            await self.at_a_rate(rate, seconds)
        else:
            self.goes_on = True
            await asyncio.gather(*(self.ask(self.began) for _ in range(callers)))
        await moment(asyncio.get_running_loop().time() + self.until - time.perf_counter())
        with contextlib.suppress(TimeoutError):
            await eventually(lambda: not self.under_way, _PATIENCE)


class Caller(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.buffer = bytearray()
        self.due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, due: float) -> None:
        self.due = due
        self.transport.write(self.crowd.next_request())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[: end + 2]).lower()
        length = _LENGTH.search(head)
        assert length is not None
        if len(self.buffer) < end + 4 + int(length[1]) or self.due is None:
            return
        due, self.due = self.due, None
        self.buffer.clear()
        self.crowd.note(int(head[9:12]), due, comes_again=b"\r\nretry-after:" in head)
        if b"\r\nconnection: close" in head:
            self.transport.close()
        else:
            self.crowd.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.crowd.idle:
            self.crowd.idle.remove(self)
        if self.due is not None:
            self.crowd.note(0, self.due, comes_again=False)


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("url")
    told.add_argument("--seconds", type=float, required=True)
    told.add_argument("--rate", type=float, default=0)
    told.add_argument("--callers", type=int, default=0)
    options = told.parse_args()
    crowd = Crowd(options.url, sys.stdin.buffer.read())
    uvloop.run(crowd.run(options.rate, options.callers, options.seconds))
    json.dump({"seen": crowd.seen, "never_answered": crowd.under_way}, sys.stdout)


if __name__ == "__main__":
    main()
