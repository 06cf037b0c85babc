"""What happens around every request, as plain ASGI: its id, its trace, and a limit on its body."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from kit.ids import new_id
from kit.problems import Problem, language_of, render

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def request_id_of(scope: Scope) -> str:
    """The caller's X-Request-Id when it is well formed, else a new one."""
    given = header(scope, b"x-request-id")
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else str(new_id())


def traceparent_of(scope: Scope) -> str | None:
    """The caller's trace context when it is well formed."""
    given = header(scope, b"traceparent")
    return given.decode() if given and _TRACEPARENT.fullmatch(given) else None


class RequestContext:
    """Gives each request its id (echoed in the answer), binds it to the log, and stops bodies that are too large."""

    def __init__(self, app: App, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        state = scope.setdefault("state", {})
        state["request_id"], state["traceparent"] = request_id, traceparent_of(scope)
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def answer(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        if _declared_length(scope) > self._max_body_bytes:
            await send_problem(scope, answer, Problem("body-too-large", limit_bytes=self._max_body_bytes))
            return
        await self._app(scope, self._counted(receive), answer)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_body_bytes:
                raise Problem("body-too-large", limit_bytes=self._max_body_bytes)
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


def _declared_length(scope: Scope) -> int:
    declared = header(scope, b"content-length") or b"0"
    return int(declared[:20]) if declared.isdigit() else 0
