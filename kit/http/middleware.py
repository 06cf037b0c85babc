"""What happens around every request, as plain ASGI: its id, its trace, and a limit on its body."""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from kit.ids import new_id_text
from kit.metrics import OFF as UNCOUNTED
from kit.metrics import Metrics
from kit.problems import Problem, language_of, render
from kit.tracing import OFF as UNTRACED
from kit.tracing import Tracing, trace_id, well_formed

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def request_id_of(scope: Scope) -> str:
    """The caller's X-Request-Id when it is well formed, else a new one."""
    return well_formed_id(header(scope, b"x-request-id"))


def well_formed_id(given: bytes | None) -> str:
    """The same of the header's value."""
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else new_id_text()


def traceparent_of(scope: Scope) -> str | None:
    """The caller's trace context when it is well formed."""
    given = header(scope, b"traceparent")
    return well_formed(given.decode("latin-1")) if given else None


@dataclass(frozen=True, slots=True)
class LargerBody:
    """A route that takes files: its method, its path as a pattern, and how many bytes it takes at most."""

    method: str
    path: re.Pattern[str]
    most_bytes: int


class RequestContext:
    """Gives each request its id (echoed in the answer), binds it to the log, counts the request, and stops bodies
    that are too large."""

    def __init__(
        self,
        app: App,
        *,
        max_body_bytes: int,
        larger_bodies: Sequence[LargerBody] = (),
        metrics: Metrics = UNCOUNTED,
        tracing: Tracing = UNTRACED,
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._larger_bodies = larger_bodies
        self._metrics = metrics
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, status = self._named(scope), 0

        async def answer(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        began = time.perf_counter()
        self._metrics.request_began()
        try:
            most = self._most_bytes(scope)
            if _declared_length(scope) > most:
                await send_problem(scope, answer, Problem("body-too-large", limit_bytes=most))
            else:
                await self._app(scope, _counted(receive, most), answer)
        finally:
            self._metrics.request_ended(scope["method"], _template(scope), status, time.perf_counter() - began)

    def _named(self, scope: Scope) -> str:
        """Its id, noted with its trace for whoever works on it and for the log."""
        request_id = request_id_of(scope)
        traceparent = self._tracing.here(traceparent_of(scope))
        state = scope.setdefault("state", {})
        state["request_id"], state["traceparent"] = request_id, traceparent
        named = {"request_id": request_id}
        if traceparent is not None:
            named["trace_id"] = trace_id(traceparent)
        structlog.contextvars.bind_contextvars(**named)
        return request_id

    def _most_bytes(self, scope: Scope) -> int:
        for larger in self._larger_bodies:
            if scope["method"] == larger.method and larger.path.fullmatch(scope["path"]):
                return larger.most_bytes
        return self._max_body_bytes


def _counted(receive: Receive, most: int) -> Receive:
    seen = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise Problem("body-too-large", limit_bytes=most)
        return message

    return counted


async def send_problem(scope: Scope, send: Send, problem: Problem) -> None:
    """Answer with a problem document, outside any framework."""
    language = language_of((header(scope, b"accept-language") or b"").decode("latin-1"))
    request_id = scope.get("state", {}).get("request_id")
    status, headers, body = render(problem, language=language, request_id=request_id)
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _template(scope: Scope) -> str | None:
    """The path of the route that was found, as it is declared: real paths are without number, and may name people."""
    return getattr(scope.get("route"), "path", None)


def _declared_length(scope: Scope) -> int:
    declared = header(scope, b"content-length") or b"0"
    return int(declared[:20]) if declared.isdigit() else 0
