"""Every exchange that is being forwarded ends: one look at all of them, ten times a second.

Most are over before the first look, so watching them costs next to nothing, and no request costs a timer or a task.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic

from gateway.bodies import ClientGone
from gateway.exchange import Exchange
from kit.problems import Problem

_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds from the request on until the service's answer begins, and until the whole exchange is over."""

    answer: float = 30.0
    transfer: float = 120.0

    def after(self, seconds: float) -> "TimeLimits":
        """The same for a request whose body may take so long to come."""
        return TimeLimits(self.answer + seconds, self.transfer + seconds)


class Watched:
    """An exchange whose forwarding is broken off when the client hangs up or time is up; keeps why."""

    __slots__ = ("_began", "_body_seconds", "_exchange", "_forwarding", "_limits", "_patience", "_reason")

    def __init__(self, exchange: Exchange, body_seconds: float, limits: TimeLimits, now: float) -> None:
        self._exchange = exchange
        self._body_seconds = body_seconds
        self._limits = limits
        self._patience = limits.answer
        self._began = now
        self._forwarding = asyncio.current_task()
        self._reason: Exception | None = None

    def answered(self) -> None:
        """The answer has begun; from now on the whole exchange counts."""
        self._patience = self._limits.transfer

    def explain(self) -> None:
        """Raises the reason when the task was cancelled from here: a Problem or ClientGone."""
        if self._reason is not None and self._forwarding is not None:
            self._forwarding.uncancel()
            raise self._reason

    def look(self, now: float) -> None:
        """Break it off if there is a reason to."""
        waited = now - self._began
        if self._reason is not None:
            return
        if self._exchange.is_gone:
            self._break_off(ClientGone())
        elif self._exchange.body.is_coming and waited > self._body_seconds:
            self._break_off(Problem("request-timeout"))
        elif waited > self._patience:
            self._break_off(Problem("upstream-timeout"))

    def _break_off(self, reason: Exception) -> None:
        self._reason = reason
        if self._forwarding is not None:
            self._forwarding.cancel()


class Watch:
    """Looks at exchanges while there are any."""

    def __init__(self) -> None:
        self._watched: set[Watched] = set()
        self._is_looking = False

    def begin(self, exchange: Exchange, body_seconds: float, limits: TimeLimits) -> Watched:
        """Watch the present task forward this exchange, until `end`."""
        watched = Watched(exchange, body_seconds, limits, monotonic())
        self._watched.add(watched)
        if not self._is_looking:
            self._look()
        return watched

    def end(self, watched: Watched) -> None:
        """It is over."""
        self._watched.discard(watched)

    def _look(self) -> None:
        now = monotonic()
        for watched in list(self._watched):
            watched.look(now)
        self._is_looking = bool(self._watched)
        if self._is_looking:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
