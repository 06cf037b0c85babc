"""The gateway as one ASGI callable: looks a path up, lets the caller in, and hands the request to whom it belongs.

Services' paths never touch a framework. The gateway's own paths go to a small FastAPI app (`gateway.own`), inside the
same limits.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import headers as wire
from gateway.bodies import BodyLimits, ClientGone
from gateway.door import Door, holds_secret
from gateway.exchange import NOBODYS, Exchange
from gateway.metrics import UNCOUNTED, Counts
from gateway.proxy import Proxy
from gateway.routes import GATEWAY, Route, find
from kit.logs import log, note
from kit.metrics import OFF as UNMEASURED
from kit.metrics import Metrics
from kit.problems import Problem
from kit.tracing import OFF as UNTRACED
from kit.tracing import RequestSpan, Tracing, trace_id

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_IDENTIFIED = "/v1/"  # the gateway's own paths below it are for proven callers; the others are for everybody
_PROBES = frozenset({"/livez", "/readyz"})
CLIENT_CLOSED_REQUEST = 499  # never sent, only logged: nobody is there to read it


class Gateway:
    """Answers every request, and writes one log line about it."""

    def __init__(
        self,
        own: ASGIApp,
        proxy: Proxy,
        door: Door,
        *,
        own_body: BodyLimits,
        metrics: Metrics = UNMEASURED,
        counts: Counts = UNCOUNTED,
        tracing: Tracing = UNTRACED,
    ) -> None:
        self.own = own
        self._metrics = metrics
        self._counts = counts
        self._tracing = tracing
        self._proxy = proxy
        self._door = door
        self._own_body = own_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3. WebSockets are refused; there are none here."""
        if scope["type"] == "http":
            await self._answer(Exchange(scope, receive, send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self.own(scope, receive, send)

    async def _answer(self, exchange: Exchange) -> None:
        span = self._begin_span(exchange)
        self._metrics.request_began()
        try:
            await self._route(exchange)
        except Problem as problem:
            self._counts.refused(problem.slug)
            await exchange.refuse(problem)
        except ClientGone:
            exchange.status = CLIENT_CLOSED_REQUEST
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it was, the caller gets an answer
            log.error("gateway.failed", error=error, request_id=exchange.request_id)
            await exchange.refuse(Problem("internal-error"))
        finally:
            self._note(exchange, span)

    def _begin_span(self, exchange: Exchange) -> RequestSpan | None:
        """The request's span, if traces are recorded; what the request causes comes after it."""
        if not self._tracing.on or exchange.scope["path"] in _PROBES:
            return None
        span = self._tracing.begin(exchange.method, wire.traceparent_of(exchange.headers))
        if span is not None:
            exchange.headers = wire.with_trace(exchange.headers, span.traceparent)
        return span

    def _note(self, exchange: Exchange, span: RequestSpan | None) -> None:
        """Log, count and end the trace's span. A route is told by its family: no path, no query."""
        route = exchange.family if exchange.family != NOBODYS else None
        verdict = exchange.verdict
        if verdict is not None and not verdict.admitted:
            self._counts.quota_refused(verdict.pace.name)
        self._metrics.request_ended(exchange.method, route, exchange.status, exchange.seconds)
        if span is not None:
            span.end(route, exchange.status)
        _write_log(exchange, span)

    async def _route(self, exchange: Exchange) -> None:
        route = find(exchange.scope["raw_path"])
        exchange.family = route.prefix if route is not None else NOBODYS
        refusal = _refusal(exchange, route)
        if route is None or refusal is not None:
            self._door.admit_anybody(exchange)
            raise refusal or Problem("not-found")
        if route.service != GATEWAY:
            await self._door.admit(exchange)
            await self._proxy.forward(exchange, route.service)
            return
        if route.prefix.startswith(_IDENTIFIED):
            await self._door.admit(exchange)
        else:
            self._door.admit_anybody(exchange)
        await self._answer_ourselves(exchange)
        self._door.settle(exchange)

    async def _answer_ourselves(self, exchange: Exchange) -> None:
        exchange.body.admit(self._own_body)
        body = await exchange.body.whole(self._own_body)
        complete: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return complete.pop() if complete else await exchange.receive()

        own_headers = [pair for pair in exchange.headers.pairs if pair[0] != b"x-request-id"]
        own_headers.append((b"x-request-id", exchange.request_id.encode()))
        state = {**exchange.scope.get("state", {}), "exchange": exchange}
        scope = {**exchange.scope, "headers": own_headers, "state": state}
        try:
            await self.own(scope, receive, exchange.send)
        except Exception:
            # The framework answers an unforeseen error, logs it, and raises it again for the server to see.
            if not exchange.status:
                raise


def _refusal(exchange: Exchange, route: Route | None) -> Problem | None:
    """Why nobody will answer this, whoever asks."""
    query: bytes = exchange.scope["query_string"]
    if query and holds_secret(query):
        return Problem("credentials-in-address")
    if route is not None and exchange.method not in METHODS:
        return Problem("method-not-allowed", headers={"Allow": ", ".join(METHODS)})
    return None


def _write_log(exchange: Exchange, span: RequestSpan | None) -> None:
    """One line a request: ids and numbers. Paths are told by family and queries not at all: they may name people."""
    write = log.debug if exchange.family in _PROBES else note
    traced = {"trace_id": trace_id(span.traceparent)} if span is not None else {}
    write(
        "request",
        method=exchange.method,
        route=exchange.family,
        status=exchange.status,
        ms=round(exchange.seconds * 1000, 2),
        request_id=exchange.request_id,
        subject=exchange.principal.subject if exchange.principal else None,
        **traced,
    )
