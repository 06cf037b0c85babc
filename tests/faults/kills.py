"""SIGKILL and SIGSTOP for every process of a running stack, in an order that the seed fixes."""

import asyncio
import collections
import contextlib
import os
import random
import signal
from collections.abc import Callable
from typing import Any

import psutil
from local_stack import Running

from kit.testing.pace import moment
from kit.testing.poll import eventually

VICTIMS = ("ticket", "postgresql", "notify", "nats", "gateway", "customer", "ticket", "appraisal")
STOPPED = ("ticket", "postgresql", "nats", "notify")
STOP_SECONDS = 20.0
LONGEST_PAUSE = 20.0


async def kill_on(
    running: Running, kills: int, seed: int, load: asyncio.Task[Any], *,
    done: Callable[[], float] | None = None, victims: tuple[str, ...] = VICTIMS,
) -> collections.Counter[str]:  # fmt: skip
    """SIGKILL the victims in turn until the count is reached: spread over the load, whose part that is done is known,
    or at random moments."""
    chance = random.Random(seed)
    killings: collections.Counter[str] = collections.Counter()
    for turn in range(kills):
        pause = chance.uniform(0.3, 1.2)
        if done is not None:
            await until_done(done, (turn + chance.random()) / (kills + 1), load)
        else:
            await asyncio.wait([load], timeout=pause)
        victim = victims[(turn + seed) % len(victims)]
        await eventually(lambda: killed(running, victim), within=60)  # noqa: B023 - asked within this turn
        killings[victim] += 1
    return killings


async def until_done(done: Callable[[], float], part: float, load: asyncio.Task[Any]) -> None:
    """Wait until that part of the load is done, or everybody has waited for long enough."""
    with contextlib.suppress(TimeoutError):
        await eventually(lambda: load.done() or done() >= part, within=LONGEST_PAUSE)


async def stop_on(
    running: Running, stops: int, seed: int, load: asyncio.Task[Any], done: Callable[[], float]
) -> collections.Counter[str]:
    """SIGSTOP the relay, PostgreSQL, NATS and a subscriber in turn, each for 20 seconds and in its part of the load:
    nobody is gone, nobody answers. Once the load is done nobody is stopped any more: there is nothing to hold up."""
    stopped: collections.Counter[str] = collections.Counter()
    for turn in range(stops):
        await until_done(done, turn / stops, load)
        if load.done():
            break
        victim = STOPPED[(turn + seed) % len(STOPPED)]
        first = psutil.Process(running.pid(victim))
        family = [first, *first.children(recursive=True)]
        for process in family:
            process.suspend()
        await moment(asyncio.get_running_loop().time() + STOP_SECONDS)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        stopped[f"{victim} stopped"] += 1
    return stopped


def killed(running: Running, victim: str) -> bool:
    """Whether there was a process to kill; one that is being revived has none yet."""
    try:
        os.kill(running.pid(victim), signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError, KeyError):
        return False
    return True
