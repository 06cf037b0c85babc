"""The whole demo in its small size, as somebody runs it who loses patience: killed at three places, run again, and
again when nothing is left to do (C10, E3, T11, T22, T43, T46, T55, N4)."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process, create_subprocess_exec
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from local_stack import ROOT, Running

from kit.testing.poll import eventually
from ops.callers import Caller, Callers
from ops.demo import cdnow
from ops.demo.asking import every
from ops.demo.cases import one_of_each
from ops.demo.desk import SHOP
from ops.demo.importing import Journal, Totals, totals
from ops.demo.wishes import deal, each_once

pytestmark = [pytest.mark.chaos, pytest.mark.nightly, pytest.mark.timeout(900)]
WITHIN = 300.0
ORDERS = 3000


async def test_a_demo_killed_anywhere_goes_on_and_nothing_is_doubled(running: Running, people: Callers) -> None:
    manager, journal = people.staff("manager"), running.home / "demo.json"
    cases = each_once(deal(cdnow.master(ORDERS)))
    async with demo(running):
        await eventually(lambda: journal.exists() and Journal(journal).note.nats > 0, within=WITHIN)
    async with demo(running):
        await eventually(lambda: at_least(manager, f"/v1/refunds?shop={cdnow.SHOP}", len(cases) // 2), within=WITHIN)
    async with demo(running):
        await eventually(lambda: at_least(manager, f"/v1/complaints?shop={SHOP}", 3), within=WITHIN)
    first, second = await to_the_end(running), await to_the_end(running)
    assert await totals(manager) == Totals.of(cdnow.master(ORDERS))
    refunds = await every(manager, f"/v1/refunds?shop={cdnow.SHOP}")
    assert {one["order_no"]: one["status"] for one in refunds} == {
        purchase.order_no: wish.ending for purchase, wish in cases
    }
    assert len(refunds) == len(cases)
    await the_day_happened_once(manager)
    assert without_the_hour(first) == without_the_hour(second)
    assert re.search(r"balanced 平衡 +yes +yes", first)
    assert re.search(r"told twice of one event by one channel: 0 of \d+", first)


async def the_day_happened_once(manager: Caller) -> None:
    brought = one_of_each()
    tickets = await every(manager, f"/v1/tickets?shop={SHOP}")
    problems = sum(colour == "green" for case in brought.orders for colour, _ in case.flags)
    wanted = Counter(case.kind for case in brought.others)
    wanted += Counter({"complaint": len(brought.complaints), "inquiry": problems, "emergency": 1, "bad_review": 1})
    assert Counter(one["kind"] for one in tickets) == wanted
    complaints = await every(manager, f"/v1/complaints?shop={SHOP}")
    assert Counter(one["stage"] for one in complaints) == Counter(case.ending for case in brought.complaints)
    late = [one for one in tickets if any(clock["late"] for clock in one["clocks"] if clock["kind"] == "first_reply")]
    assert len(late) >= sum(case.neglected for case in brought.complaints)
    orders = await every(manager, f"/v1/orders?shop={SHOP}")
    assert len(orders) == len(brought.orders) + len(brought.complaints)
    sheets = await every(manager, f"/v1/handovers?shop={SHOP}")
    assert [one["status"] for one in sheets] == ["accepted"] * 3


async def at_least(caller: Caller, path: str, many: int) -> bool:
    return len(await every(caller, path)) >= many


@asynccontextmanager
async def demo(running: Running) -> AsyncIterator[Process]:
    """A demo that is killed at the end of the block."""
    process = await begin(running)
    try:
        yield process
        assert process.returncode is None, await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def to_the_end(running: Running) -> str:
    """What a demo says that nobody kills."""
    process = await begin(running)
    said, _ = await asyncio.wait_for(process.communicate(), WITHIN)
    assert process.returncode == 0, said.decode()
    return said.decode()


async def begin(running: Running) -> Process:
    words = (sys.executable, "-m", "ops", "demo", "--size", "small", "--home", str(running.home))
    return await create_subprocess_exec(
        *words, stdout=PIPE, stderr=STDOUT, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT
    )


def without_the_hour(said: str) -> str:
    """The page below its first line."""
    return said.partition("THE DAY")[2].partition("\n")[2]
