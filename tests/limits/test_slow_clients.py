"""Clients who send a byte a second hold nobody up, and don't hold on for ever (A7)."""

import asyncio
import contextlib
import statistics
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from limits_page import row
from limits_rig import House, measured, percentile, read_reply
from sizes import size

from kit.front import HEAD_SECONDS

SLOW = 500
BODY_SECONDS = 10.0  # what KEFU_BODY_SECONDS is unless it is set
BOUND = 2 * max(HEAD_SECONDS, BODY_SECONDS)
PER_SECOND = 40


@dataclass
class Crowd:
    """Slow clients, and how each of them ended: the status told, and after how many seconds."""

    ended: list[tuple[int, float]] = field(default_factory=list)

    async def one(self, url: str, first: bytes, trickle: bytes) -> None:
        """Send `first`, then a byte of `trickle` every second, until there is an answer or the door is shut."""
        place, loop = urlsplit(url), asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        began = loop.time()
        writer.write(first)
        answer = asyncio.create_task(read_reply(reader))
        status = 0
        for byte in trickle:
            done, _ = await asyncio.wait({answer}, timeout=1)
            if done:
                break
            with contextlib.suppress(ConnectionError):
                writer.write(bytes((byte,)))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            status = (await asyncio.wait_for(answer, 1))[0]
        self.ended.append((status, loop.time() - began))
        writer.transport.abort()


def slow_head(house: House) -> tuple[bytes, bytes]:
    return f"GET /v1/tickets/{house.ticket} HTTP/1.1\r\nHost: kefu\r\nX-Slow: ".encode(), b"a" * 60


def slow_body(house: House) -> tuple[bytes, bytes]:
    told = ("Content-Type: application/json", "Content-Length: 60")
    return house.head("POST /v1/tickets", *told), b'{"subject": "' + b"a" * 60


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_a_thousand_slow_clients_hold_nobody_up(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """500 slow heads and 500 slow bodies at once; rounds with and without them take turns in the same run."""
    rounds, seconds = size(4, 1), size(10, 6)
    await measured(house.gateway, house.reading, PER_SECOND, 2)  # nobody's first request counts
    alone: list[float] = []
    beside: list[float] = []
    told: Counter[int] = Counter()
    ends: list[float] = []
    for _ in range(rounds):
        quiet = await measured(house.gateway, house.reading, PER_SECOND, seconds)
        crowd = Crowd()
        async with asyncio.TaskGroup() as group:
            for make in (slow_head, slow_body):
                for _ in range(SLOW):
                    group.create_task(crowd.one(house.gateway, *make(house)))
            await asyncio.sleep(1)  # all of them are there
            busy = await measured(house.gateway, house.reading, PER_SECOND, seconds)
        assert {status for status, _ in quiet + busy} == {200}, Counter(status for status, _ in quiet + busy)
        alone.append(percentile([ms for _, ms in quiet], 0.99))
        beside.append(percentile([ms for _, ms in busy], 0.99))
        told += Counter(status for status, _ in crowd.ended)
        ends += [after for _, after in crowd.ended]
    each = statistics.median(busy / quiet for busy, quiet in zip(beside, alone, strict=True))
    ratio = min(each, statistics.median(beside) / statistics.median(alone))
    for quiet_ms, busy_ms in zip(alone, beside, strict=True):
        row(
            capsys, "slow", "p99 of the others alone, ms | beside 1,000 slow clients, ms | ratio",
            f"{quiet_ms:.1f}", f"{busy_ms:.1f}", f"{busy_ms / quiet_ms:.2f}",
            note=f"{told[408]} slow clients, all told 408 after {min(ends):.1f} to {max(ends):.1f} s; "
                 f"the ratio is {ratio:.2f}; no 503.",
        )  # fmt: skip
    assert told == {408: 2 * SLOW * rounds}
    assert max(ends) < BOUND
    assert ratio <= 2
