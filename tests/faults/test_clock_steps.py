"""The wall clock of the services steps back and forth by minutes while they work: nothing is lost or done twice, events
stay in their order, tokens are judged by what the clock says, and what clocks tell they tell once."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from chaos import Done, Plan, Prove, seeds
from kills import until_done
from local_stack import Running
from stepping import EVERYBODY, TICKET, Stepper
from tables import rows

STEPS = {EVERYBODY: (-300, 240, -30, -480, 420, 600), TICKET: (300, 60, 420, 0, 240, 480)}
"""Seconds from the machine's clock; furthest ahead in the end, so that all that was put off comes due. One alone steps
back as well, but never behind the gateway's clock: it would refuse the tokens that are yet to be."""
STEPPED = "SELECT max(occurred_at) > now() + interval '1 minute' AS stepped FROM outbox"
TOLD_AGAIN = """
SELECT aggregate_id::text AS id, subject FROM outbox WHERE noun = 'clock' GROUP BY 1, 2 HAVING count(*) > 1
"""
pytestmark = pytest.mark.chaos
IDS = """
import sys
from kit.ids import new_id, new_id_text
from kit.clock import SystemClock
print(SystemClock().now().timestamp(), flush=True)
seen = set()
for line in sys.stdin:
    for _ in range(20_000):
        seen |= {str(new_id()), new_id_text()}
    print(SystemClock().now().timestamp(), len(seen), flush=True)
"""


def test_ids_are_unique_whatever_the_clock_does(tmp_path: Path) -> None:
    stepper = Stepper.built(tmp_path)
    environment = {**os.environ, **stepper.environment("import sys")}
    with subprocess.Popen(
        [sys.executable, "-c", IDS], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin
        assert child.stdout
        before = float(child.stdout.readline())
        for number, seconds in enumerate(STEPS[EVERYBODY], 1):
            stepper.step(seconds)
            child.stdin.write("\n")
            child.stdin.flush()
            at, seen = child.stdout.readline().split()
            assert abs(float(at) - before - seconds) < 60
            assert int(seen) == number * 40_000
        child.stdin.close()


async def step_on(
    stepper: Stepper, steps: Sequence[int], running: Running, load: "asyncio.Task[Any]", done: Done
) -> Counter[str]:
    """One step after the other, spread over the load."""
    for turn, seconds in enumerate(steps):
        await until_done(done, (turn + 0.5) / len(steps), load)
        stepper.step(seconds)
    await load
    assert [row["stepped"] for row in await rows(running, "ticket", STEPPED)] == [True]
    twice = await rows(running, "ticket", TOLD_AGAIN)
    assert not twice, [tuple(row) for row in twice]
    return Counter(steps=len(steps))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("chosen", [EVERYBODY, TICKET])
@pytest.mark.nightly
async def test_nothing_is_lost_while_the_clock_steps(chosen: str, tmp_path: Path, prove: Prove) -> None:
    stepper = Stepper.built(tmp_path)
    plan = Plan(400, len(STEPS[chosen]), seeds()[0], listened=False)
    await prove(plan, partial(step_on, stepper, STEPS[chosen]), **stepper.environment(chosen))
