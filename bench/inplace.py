"""What is too cheap to show between two processes, in a loop of its own: exactly the calls that a request makes.

CPU time of this process alone, which nothing else uses meanwhile; the loop's own cost is taken off.
"""

import gc
import time
import warnings
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

from opentelemetry.sdk.trace.export import SpanExporter
from starlette.types import Message

from gateway import headers as wire
from gateway.door import Door
from gateway.exchange import Exchange
from gateway.identity.keys import Keyring, OwnKeys
from gateway.identity.revocation import RevocableVerifier, Revocations
from gateway.identity.tokens import Grant, Issuer
from gateway.limits import Limits
from gateway.metrics import FrontCounts
from gateway.quotas import DEVELOPMENT_FACTOR, Quotas
from kit.clock import SystemClock
from kit.principals import Principal
from kit.prometheus import Counted
from kit.spans import Recording
from kit.tracing import Tracing

SHARE = 0.1
_LOOPS = 4_000

Call = Callable[[], Any]


class _NoLimits(Limits):
    """Counts nobody, so that the token's check is alone."""

    def count_caller(self, exchange: Exchange, principal: Principal) -> None:
        """Let everybody pass."""


class GatewayParts:
    """The gateway's parts of trust, set up as in a running one."""

    def __init__(self, keys: Path, exporter: SpanExporter) -> None:
        # The conventions say EdDSA; joserfc would have it called Ed25519 (RFC 9864).
        warnings.filterwarnings("ignore", message="EdDSA is deprecated")
        clock = SystemClock()
        self.recording = Recording("bench", exporter, SHARE)
        self.keyring = Keyring(keys, clock)
        self.issuer = Issuer(self.keyring, "kefu", clock)
        revocations = Revocations(clock)
        revocations._learn(f"session:{uuid4()}", clock.now())  # noqa: SLF001 - then every token is compared, as on any day
        self.verifier = RevocableVerifier(OwnKeys(self.keyring), "kefu", revocations, clock)
        self.limits = Limits(Quotas().times(DEVELOPMENT_FACTOR))

    def token(self) -> str:
        """A new token of an agent."""
        return self.issuer.issue(Grant(f"account:{uuid4()}", ["agent"], ["*"], staff_id=uuid4())).text

    async def calls(self) -> dict[str, Call]:
        """What one request asks of each part, by name."""
        exchange = _exchange(self.token())
        door = Door(self.verifier, _NoLimits(Quotas()))
        await door.admit(exchange)
        principal = exchange.principal
        assert principal is not None
        counted = Counted("gateway")
        counts = FrontCounts(counted)

        def admit() -> None:
            _run(door.admit(exchange))

        def quota() -> None:
            self.limits.count_caller(exchange, principal)
            assert exchange.verdict is not None
            exchange.verdict.headers()

        def count() -> None:
            counted.request_began()
            counts.token_known()
            counts.upstream_answered("ticket", 0.002)
            counted.request_ended("GET", "/v1/tickets", 200, 0.003)

        return {
            "token verified, from cache": admit,
            "quota": quota,
            "metrics": count,
            "traces on, 10% sampled": _traced(self.recording, exchange),
        }

    async def close(self) -> None:
        """Send the last spans."""
        await self.recording.close()


def microseconds(calls: dict[str, Call]) -> dict[str, float]:
    """CPU of each call, one short loop after the other."""
    empty = _loop(lambda: None)
    return {name: max(_loop(call) - empty, 0.0) for name, call in calls.items()}


def _traced(tracing: Tracing, exchange: Exchange) -> Call:
    def trace() -> None:
        span = tracing.begin("GET", wire.traceparent_of(exchange.headers))
        assert span is not None
        wire.with_trace(exchange.headers, span.traceparent)
        span.end("/v1/tickets", 200)

    return trace


def _loop(call: Call) -> float:
    gc.collect()
    began = time.process_time()
    for _ in range(_LOOPS):
        call()
    return (time.process_time() - began) / _LOOPS * 1e6


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run what never has to wait; cheaper than a task of its own, as in a request."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise RuntimeError("it waits")


def _exchange(token: str) -> Exchange:
    headers = [
        (b"host", b"127.0.0.1:8000"), (b"user-agent", b"shop-backend/3.2"), (b"accept", b"application/json"),
        (b"accept-encoding", b"gzip"), (b"accept-language", b"zh-CN"), (b"authorization", f"Bearer {token}".encode()),
    ]  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Nobody listens."""

    scope = {"type": "http", "method": "GET", "path": "/v1/tickets", "headers": headers, "client": ("127.0.0.1", 5)}
    return Exchange(scope, receive, send)
