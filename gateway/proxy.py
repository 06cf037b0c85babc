"""The way through: one request to one service and its answer back, both as streams.

Nothing is kept in memory but the piece at hand. Every wait ends: the body must arrive in time, the service must begin
its answer in time and finish it in time, and when the client hangs up the service's work is broken off.
"""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter

from gateway import headers as wire
from gateway.bodies import BodyLimits, RequestBody
from gateway.exchange import Exchange
from gateway.metrics import UNCOUNTED, Counts
from gateway.routes import gives_a_file, takes_a_file
from gateway.upstream import Answer, Body, Unintelligible, Unreachable, Upstream
from gateway.watch import TimeLimits, Watch, Watched
from kit.problems import Problem, invalid, unavailable

_SHORT_BYTES = 32 * 1024
_RETRY_SECONDS = 2
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PERHAPS = {
    "zh": "请求可能已经执行，请用同一个幂等键重试。",
    "en": "The request may have been carried out; retry with the same Idempotency-Key.",
}


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
        self._watch = Watch()

    async def forward(self, exchange: Exchange, service: str) -> None:
        """Send the exchange's request to `service` and stream the answer back.

        Raises Problem `dependency-unavailable` (refused, broken off), `upstream-timeout`, `upstream-failed` or what
        the body's limits say; ClientGone when the client hung up. Raises nothing new once the answer has begun: it is
        then broken off, which is all that can be told to the client.
        """
        body, time = self._body, self._time
        if takes_a_file(exchange.method, exchange.scope["raw_path"]):
            body, time = self._files, time.after(self._files.seconds)
        watched = self._watch.begin(exchange, body.seconds, time)
        try:
            await self._exchange(exchange, service, body, watched)
        except Unintelligible as error:
            self._counts.upstream_failed(service, "unintelligible")
            raise Problem("upstream-failed") from error
        except Unreachable as error:
            if exchange.body.failure is not None:
                raise exchange.body.failure from error
            self._counts.upstream_failed(service, "unreachable")
            raise _away(exchange, service, asked=error.asked) from error
        except asyncio.CancelledError:
            watched.explain()
            raise
        finally:
            self._watch.end(watched)

    async def _exchange(self, exchange: Exchange, service: str, limits: BodyLimits, watched: Watched) -> None:
        body = await _body_of(exchange, limits)
        slowly = gives_a_file(exchange.method, exchange.scope["raw_path"])
        asking = self._upstream.ask(
            service, exchange.method, _target(exchange), _headers(exchange), body, slowly=slowly
        )
        asked = perf_counter()
        async with asking as answer:
            self._counts.upstream_answered(service, perf_counter() - asked)
            last = await self._return(exchange, answer, watched)
        # Its connection is the next one's by now, however long the client takes for the end.
        await exchange.end(last)

    async def _return(self, exchange: Exchange, answer: Answer, watched: Watched) -> bytes:
        """Pass the answer on, all but the last piece, which comes back."""
        status = answer.status
        if not 200 <= status <= 599:
            raise Unintelligible
        headers = wire.to_client(answer.headers, status=status, request_id=exchange.request_id)
        if exchange.body.is_coming:
            headers.append((b"connection", b"close"))
        # An answer that stalls or breaks off before any of its body has come can still be a problem.
        piece, more = await answer.piece()
        watched.answered()
        await exchange.begin(status, headers)
        while more:
            await exchange.write(piece, more=True)
            piece, more = await answer.piece()
        return piece


async def _body_of(exchange: Exchange, limits: BodyLimits) -> Body:
    """None, all of it when it is short, or the stream of its pieces. No connection to a service waits for a client
    who sends a byte a second: those are few, and everybody's."""
    body = exchange.body
    body.admit(limits)
    if not body.announced:
        return None
    first = await body.piece(limits)
    while body.is_coming and len(first) < _SHORT_BYTES:
        first += await body.piece(limits)
    return _pieces(first, body, limits) if body.is_coming else first


async def _pieces(first: bytes, body: RequestBody, limits: BodyLimits) -> AsyncIterator[bytes]:
    yield first
    while body.is_coming:
        yield await body.piece(limits)


def _away(exchange: Exchange, service: str, *, asked: bool) -> Problem:
    """The 503 for a service that is away. One that went away while it may have been changing things is told apart:
    the catalogue's "nothing was changed" would be a guess then."""
    if not asked or exchange.method in _SAFE:
        return unavailable(service)
    detail = _PERHAPS[exchange.language]
    headers = {"Retry-After": str(_RETRY_SECONDS)}
    return Problem("dependency-unavailable", dependency=service, outcome="unknown", detail=detail, headers=headers)


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
