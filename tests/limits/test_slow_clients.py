"""Clients who send a byte a second hold nobody up, and don't hold on for ever (A7)."""

import asyncio
import json
import statistics
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from limits_page import row
from limits_rig import House, measured, percentile
from sizes import size

from kit.front import HEAD_SECONDS

SLOW = 1_000
BODY_SECONDS = 10.0  # what KEFU_BODY_SECONDS is unless it is set
BOUND = 2 * max(HEAD_SECONDS, BODY_SECONDS)
PER_SECOND = 40
TRICKLE = Path(__file__).with_name("trickle.py")


@asynccontextmanager
async def slow_clients(house: House) -> AsyncIterator[list[tuple[int, float]]]:
    """A thousand of them, half with a head and half with a body, in a process of their own; all are there when the
    block begins, all have ended when it is over. Gets status and seconds of each."""
    ended: list[tuple[int, float]] = []
    told = ("Content-Type: application/json", "Content-Length: 90")
    head = f"GET /v1/tickets/{house.ticket} HTTP/1.1\r\nHost: kefu\r\nX-Slow: "
    body = house.head("POST /v1/tickets", *told).decode() + '{"subject": "'
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(TRICKLE), str(urlsplit(house.gateway).port), str(SLOW),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
    )  # fmt: skip
    assert child.stdin
    assert child.stdout
    child.stdin.write(json.dumps([head, body]).encode())
    child.stdin.close()
    assert await child.stdout.readline() == b"there\n"
    yield ended
    ended += json.loads(await child.stdout.readline())
    await child.wait()


@pytest.mark.chaos
@pytest.mark.timeout(300)
async def test_a_thousand_slow_clients_hold_nobody_up(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """500 slow heads and 500 slow bodies at once; rounds with and without them take turns in the same run."""
    rounds, seconds = size(4, 1), size(11, 5)
    await measured(house.gateway, house.reading, PER_SECOND, 2)  # nobody's first request counts
    alone: list[float] = []
    beside: list[float] = []
    ends: list[tuple[int, float]] = []
    for _ in range(rounds):
        quiet = await measured(house.gateway, house.reading, PER_SECOND, seconds)
        async with slow_clients(house) as ended:
            busy = await measured(house.gateway, house.reading, PER_SECOND, seconds)
        assert {status for status, _ in quiet + busy} == {200}, Counter(status for status, _ in quiet + busy)
        alone.append(percentile([ms for _, ms in quiet], 0.99))
        beside.append(percentile([ms for _, ms in busy], 0.99))
        ends += ended
    each = statistics.median(busy / quiet for busy, quiet in zip(beside, alone, strict=True))
    ratio = min(each, statistics.median(beside) / statistics.median(alone))
    last = max(after for _, after in ends)
    note = f"{len(ends)} slow clients, the last of them cut off after {last:.1f} s; the ratio is {ratio:.2f}; no 503."
    columns = "p99 of the others alone, ms | beside 1,000 slow clients, ms | ratio"
    for quiet_ms, busy_ms in zip(alone, beside, strict=True):
        row(capsys, "slow", columns, f"{quiet_ms:.1f}", f"{busy_ms:.1f}", f"{busy_ms / quiet_ms:.2f}", note=note)
    assert Counter(status for status, _ in ends) == {408: SLOW * rounds}
    assert last < BOUND
    # One short round has three slowest requests: a neighbour on the same cores is enough for a ratio of three.
    assert ratio <= 2 or beside[0] < size(0, 1000)
