"""Slow clients, in a process of their own: each sends the beginning of a request and then a byte a second, until it is
answered or cut off. Tells how each of them ended as one line of JSON: status (0 without one) and seconds.

    python tests/limits/trickle.py PORT COUNT <<< the beginnings, one JSON list of texts, taken in turn
"""

import asyncio
import json
import sys
from typing import cast

import uvloop

from kit.testing.pace import moment

LONGEST = 60


class Slow(asyncio.Protocol):
    """One of them. They begin at different moments of the first second: nobody's clock ticks with all others'."""

    def __init__(self, first: bytes, ended: "asyncio.Queue[tuple[int, float]]") -> None:
        self.first = first
        self.ended = ended
        self.loop = asyncio.get_running_loop()
        self.said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.began = self.loop.time()
        self.transport.write(self.first)
        self.timer = self.loop.call_later(1, self.tick)

    def tick(self) -> None:
        if self.loop.time() - self.began > LONGEST:
            self.transport.close()
            return
        self.transport.write(b"a")
        self.timer = self.loop.call_later(1, self.tick)

    def data_received(self, data: bytes) -> None:
        self.timer.cancel()
        self.said += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.timer.cancel()
        status = int(self.said[9:12]) if self.said else 0
        self.ended.put_nowait((status, self.loop.time() - self.began))


async def crowd(port: int, count: int, beginnings: list[str]) -> list[tuple[int, float]]:
    """How each of them ended."""
    loop, ended = asyncio.get_running_loop(), asyncio.Queue[tuple[int, float]]()
    began = loop.time()
    for number in range(count):
        await moment(began + number / count)
        first = beginnings[number % len(beginnings)].encode()
        await loop.create_connection(lambda first=first: Slow(first, ended), "127.0.0.1", port)
    print("there", flush=True)
    return [await ended.get() for _ in range(count)]


if __name__ == "__main__":
    told = json.load(sys.stdin)
    print(json.dumps(uvloop.run(crowd(int(sys.argv[1]), int(sys.argv[2]), told))))
