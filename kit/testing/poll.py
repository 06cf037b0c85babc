"""Waiting for something to become true: often asked, never for longer than said."""

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

Answer = TypeVar("Answer")

FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.1


def until(check: Callable[[], Answer], within: float = 10.0) -> Answer:
    """Ask `check` until its answer is true, and return that answer.

    An `AssertionError` inside `check` means "not yet"; any other error is the caller's at once.
    Raises `TimeoutError` when the answer is still untrue after `within` seconds.
    """
    paces = _Paces(within)
    idle = threading.Event()
    while True:
        try:
            answer = check()
            if answer:
                return answer
            paces.untrue(answer)
        except AssertionError as reason:
            paces.untrue(reason)
        idle.wait(paces.pause())


@overload
async def eventually(check: Callable[[], Awaitable[Answer]], within: float = 10.0) -> Answer: ...


@overload
async def eventually(check: Callable[[], Answer], within: float = 10.0) -> Answer: ...


async def eventually(check: Callable[[], Any], within: float = 10.0) -> Any:
    """Ask `check`, plain or async, until its answer is true, and return that answer.

    The same promise as `until`, without holding up the event loop; a `check` that hangs is cut off too.
    """
    paces = _Paces(within)
    while True:
        try:
            async with asyncio.timeout(paces.left()):
                answer = check()
                if inspect.isawaitable(answer):
                    answer = await answer
            if answer:
                return answer
            paces.untrue(answer)
        except AssertionError as reason:
            paces.untrue(reason)
        await asyncio.sleep(paces.pause())


class _Paces:
    """The rhythm of the questions: quick at first, then calmer, ending with an error that says what came."""

    def __init__(self, within: float) -> None:
        self.within = within
        self.deadline = time.monotonic() + within
        self.next_pause = FIRST_PAUSE
        self.seen: object = None

    def left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.0)

    def untrue(self, seen: object) -> None:
        self.seen = seen

    def pause(self) -> float:
        if not self.left():
            cause = self.seen if isinstance(self.seen, BaseException) else None
            raise TimeoutError(f"Not so within {self.within:g} s; last seen: {self.seen!r}") from cause
        pause, self.next_pause = self.next_pause, min(self.next_pause * 1.6, LONGEST_PAUSE)
        return min(pause, self.left())
