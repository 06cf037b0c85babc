"""Bringing parts up in order, keeping them up, and ending them in the opposite order, whatever happens."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from kit.testing.children import ServerError
from ops.environment import StackError
from ops.processes import Part, RunningProgram

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
STEADY_AFTER = 30.0
"""Seconds a part has to live until its next crash counts as the first one again."""

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Listener(Protocol):
    """Who wants to know how the stack is doing."""

    def ready(self, seconds: float) -> None:
        """Everything serves, so many seconds after the first process was started."""

    def revived(self, part: Part) -> None:
        """A part runs again, with another process id."""

    def say(self, part: Part, line: str) -> None:
        """A sentence of ours about a part."""


@dataclass(frozen=True)
class Stack:
    """What to run: servers first, then `prepare`, then services, and the gateway beside them."""

    servers: Sequence[Part]
    prepare: Callable[[], Awaitable[None]]
    services: Sequence[RunningProgram]
    gateway: Sequence[RunningProgram]
    restart: bool = False

    @property
    def parts(self) -> list[Part]:
        """All parts in the order of their start."""
        return [*self.servers, *self.services, *self.gateway]


async def run(stack: Stack, listener: Listener) -> None:
    """Run the stack until a signal asks it to end; nothing is left running afterwards.

    Raises `StackError` or `ServerError` when a part cannot be started, or ends and `restart` is off.
    """
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in ENDINGS:
        loop.add_signal_handler(ending, asked_to_end.set)
    try:
        await _unless(asked_to_end, _live(stack, listener))
    finally:
        for ending in ENDINGS:
            loop.remove_signal_handler(ending)


async def _unless(called_off: asyncio.Event, work: Awaitable[None]) -> None:
    """Do the work, or call it off and wait until it has cleaned up."""
    doing = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(called_off.wait())
    await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not doing.done():
        doing.cancel()
    try:
        await doing
    except asyncio.CancelledError:
        if not called_off.is_set():
            raise


async def _live(stack: Stack, listener: Listener) -> None:
    async with AsyncExitStack() as endings:
        began = time.monotonic()
        programs = [*stack.services, *stack.gateway]
        endings.push_async_callback(_stop_one_by_one, list(reversed(stack.servers)))
        endings.push_async_callback(_stop_at_once, stack.services)
        endings.push_async_callback(_stop_at_once, stack.gateway)
        await _together([*(part.start() for part in stack.servers), *(part.warm_up() for part in programs)])
        await stack.prepare()
        await _together(part.start() for part in programs)
        await _together(part.wait_ready() for part in programs)
        listener.ready(time.monotonic() - began)
        await _together(_keep_up(part, stack.restart, listener) for part in stack.parts)


async def _keep_up(part: Part, restart: bool, listener: Listener) -> None:
    """Watch a part for ever; start it again when it ends, or give up on the whole stack."""
    pause = FIRST_PAUSE
    while True:
        began = time.monotonic()
        how = await part.ended()
        if not restart:
            raise StackError(f"{part.name} ended unexpectedly ({how}), so everything was stopped.")
        pause = FIRST_PAUSE if time.monotonic() - began > STEADY_AFTER else pause
        listener.say(part, f"ended ({how}); starts again in {pause:g} s")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
        try:
            await part.start()
        except (ServerError, StackError) as trouble:
            listener.say(part, f"did not start: {trouble}")
        else:
            listener.revived(part)


async def _together(works: Iterable[Awaitable[None]]) -> None:
    """Do all at once; the first failure calls off the rest and is raised as it is."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stop_one_by_one(parts: Sequence[Part]) -> None:
    for part in parts:
        await part.stop()


async def _stop_at_once(parts: Sequence[Part]) -> None:
    await asyncio.gather(*(part.stop() for part in parts))
