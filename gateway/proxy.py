"""The way through: one request to one service and its answer back, both as streams.

Nothing is kept in memory but the piece at hand. Every wait ends: the body must arrive in time, the service must begin
its answer in time and finish it in time, and when the client hangs up the service's work is broken off.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter

from gateway import headers as wire
from gateway.bodies import BodyLimits, ClientGone
from gateway.exchange import Exchange
from gateway.metrics import UNCOUNTED, Counts
from gateway.routes import takes_a_file
from gateway.upstream import Answer, Body, Unintelligible, Unreachable, Upstream
from kit.problems import Problem, invalid, unavailable

_LOOK_SECONDS = 0.1
_SHORT_BYTES = 32 * 1024
_RETRY_SECONDS = 2
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PERHAPS = {
    "zh": "请求可能已经执行，请用同一个幂等键重试。",
    "en": "The request may have been carried out; retry with the same Idempotency-Key.",
}


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds from the request on until the service's answer begins, and until the whole exchange is over."""

    answer: float = 30.0
    transfer: float = 120.0

    def after(self, seconds: float) -> "TimeLimits":
        """The same for a request whose body may take so long to come."""
        return TimeLimits(self.answer + seconds, self.transfer + seconds)


class Proxy:
    """Forwards exchanges through an `Upstream`."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        body: BodyLimits,
        time: TimeLimits,
        files: BodyLimits | None = None,
        counts: Counts = UNCOUNTED,
    ) -> None:
        self._upstream = upstream
        self._body = body
        self._files = files or body
        self._time = time
        self._counts = counts

    async def forward(self, exchange: Exchange, service: str) -> None:
        """Send the exchange's request to `service` and stream the answer back.

        Raises Problem `dependency-unavailable` (refused, broken off), `upstream-timeout`, `upstream-failed` or what
        the body's limits say; ClientGone when the client hung up. Raises nothing new once the answer has begun: it is
        then broken off, which is all that can be told to the client.
        """
        body, time = self._body, self._time
        if takes_a_file(exchange.method, exchange.scope["raw_path"]):
            body, time = self._files, time.after(self._files.seconds)
        watch = _Watch(exchange, time)
        try:
            await self._exchange(exchange, service, body, watch)
        except Unintelligible as error:
            self._counts.upstream_failed(service, "unintelligible")
            raise Problem("upstream-failed") from error
        except Unreachable as error:
            if exchange.body.failure is not None:
                raise exchange.body.failure from error
            self._counts.upstream_failed(service, "unreachable")
            raise _away(exchange, service, asked=error.asked) from error
        except asyncio.CancelledError:
            watch.explain()
            raise
        finally:
            watch.stop()

    async def _exchange(self, exchange: Exchange, service: str, limits: BodyLimits, watch: "_Watch") -> None:
        body = await _body_of(exchange, limits)
        asking = self._upstream.ask(service, exchange.method, _target(exchange), _headers(exchange), body)
        asked = perf_counter()
        async with asking as answer:
            self._counts.upstream_answered(service, perf_counter() - asked)
            watch.answered()
            await self._return(exchange, answer)

    async def _return(self, exchange: Exchange, answer: Answer) -> None:
        status = answer.status
        if not 200 <= status <= 599:
            raise Unintelligible
        headers = wire.to_client(answer.headers, status=status, request_id=exchange.request_id)
        if exchange.body.is_coming:
            headers.append((b"connection", b"close"))
        await exchange.begin(status, headers)
        more = True
        while more:
            piece, more = await answer.piece()
            await exchange.write(piece, more=more)


async def _body_of(exchange: Exchange, limits: BodyLimits) -> Body:
    """None, all of it when it is short, or the stream of its pieces. No connection to a service waits for a client
    who sends a byte a second: those are few, and everybody's."""
    body = exchange.body
    body.admit(limits)
    if not body.announced:
        return None
    pieces = body.pieces(limits)
    first = await anext(pieces, b"")
    while body.is_coming and len(first) < _SHORT_BYTES:
        first += await anext(pieces, b"")
    return _with_first(first, pieces) if body.is_coming else first


class _Watch:
    """Breaks the forwarding off when the client hangs up or time is up, and tells why.

    It looks ten times a second: most exchanges are over before the first look, and cost one timer.
    """

    def __init__(self, exchange: Exchange, limits: TimeLimits) -> None:
        self._exchange = exchange
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._forwarding = asyncio.current_task()
        self._began = self._loop.time()
        self._patience = limits.answer
        self._listening: asyncio.Task[None] | None = None
        self._reason: Exception | None = None
        self._timer = self._loop.call_later(_LOOK_SECONDS, self._look)

    def answered(self) -> None:
        """The answer has begun; from now on the whole exchange counts."""
        self._patience = self._limits.transfer

    def explain(self) -> None:
        """Raises the reason when it was this watch that cancelled the task: a Problem or ClientGone."""
        if self._reason is not None and self._forwarding is not None:
            self._forwarding.uncancel()
            raise self._reason

    def stop(self) -> None:
        """Stop looking."""
        self._timer.cancel()
        if self._listening is not None:
            self._listening.cancel()

    def _look(self) -> None:
        if self._loop.time() - self._began > self._patience:
            self._break_off(Problem("upstream-timeout"))
            return
        if self._listening is None and not self._exchange.body.is_coming:  # else whoever reads the body hears of it
            self._listening = self._loop.create_task(self._listen())
        self._timer = self._loop.call_later(_LOOK_SECONDS, self._look)

    async def _listen(self) -> None:
        while (await self._exchange.receive())["type"] != "http.disconnect":
            pass
        self._break_off(ClientGone())

    def _break_off(self, reason: Exception) -> None:
        self._reason = reason
        if self._forwarding is not None:
            self._forwarding.cancel()


def _away(exchange: Exchange, service: str, *, asked: bool) -> Problem:
    """The 503 for a service that is away. One that went away while it may have been changing things is told apart:
    the catalogue's "nothing was changed" would be a guess then."""
    if not asked or exchange.method in _SAFE:
        return unavailable(service)
    detail = _PERHAPS[exchange.language]
    headers = {"Retry-After": str(_RETRY_SECONDS)}
    return Problem("dependency-unavailable", dependency=service, outcome="unknown", detail=detail, headers=headers)


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _target(exchange: Exchange) -> str:
    path: bytes = exchange.scope["raw_path"]
    query: bytes = exchange.scope["query_string"]
    if not query:
        return path.decode("ascii")
    if not query.isascii():
        raise invalid("", "查询参数必须使用百分号编码", "Query parameters must be percent-encoded")
    return (path + b"?" + query).decode("ascii")


def _headers(exchange: Exchange) -> wire.RawHeaders:
    try:
        return wire.to_service(
            exchange.headers,
            request_id=exchange.request_id,
            client=exchange.address,
            scheme=exchange.scope["scheme"],
        )
    except wire.UnreadableHeaderError as error:
        raise invalid("", "请求头必须是 UTF-8 文本", "Header values must be UTF-8 text") from error
