"""Every answer that is no success becomes a problem document, here and nowhere else."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from kit.db import as_problem
from kit.http.exact import allowed_methods
from kit.http.faults import faults_of
from kit.logs import log
from kit.problems import Problem, language_of, render
from kit.refusals import Refusals

_BY_STATUS = {404: "not-found", 413: "body-too-large", 415: "unsupported-media-type", 400: "malformed-json"}


class StoredAnswer(Exception):  # noqa: N818 - it is an answer
    """The answer that an Idempotency-Key already has; it is given again byte for byte."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body
        super().__init__(status)


def install(app: FastAPI) -> None:
    """Register the handlers on an application."""
    app.state.refusals = Refusals()
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(StoredAnswer, _stored)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(request: Request, problem: Problem) -> Response:
    """The problem as a response in the caller's language."""
    request_id = getattr(request.state, "request_id", None)
    language = language_of(request.headers.get("accept-language"))
    status, headers, body = render(problem, language=language, request_id=request_id)
    return Response(body, status, headers)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class
    if error.kind.status >= 500:
        log.warning("request.problem", slug=error.slug, path=_route_path(request))
    answer = problem_response(request, error)
    if error.refusal is not None:
        state = request.app.state
        answer.background = BackgroundTask(state.refusals.write, state.runtime.transactions, error.refusal)
    return answer


async def _stored(_: Request, error: Exception) -> Response:
    assert isinstance(error, StoredAnswer)  # noqa: S101 - registered for this class
    return Response(error.body, error.status, {**error.headers, "Idempotent-Replayed": "true"})


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if isinstance(error.body, bytes):  # the framework leaves a body alone that isn't declared as JSON
        return problem_response(request, Problem("unsupported-media-type"))
    errors = error.errors()
    if any(one["type"] == "json_invalid" for one in errors):
        return problem_response(request, Problem("malformed-json"))
    return problem_response(request, Problem("invalid-request", faults=faults_of(errors)))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if isinstance(error.__cause__, Problem):  # raised while the body was read, and wrapped by the framework
        return problem_response(request, error.__cause__)
    if error.status_code == 405:
        allowed = ", ".join(allowed_methods(request))
        return problem_response(request, Problem("method-not-allowed", headers={"Allow": allowed}))
    slug = _BY_STATUS.get(error.status_code, "internal-error")
    return problem_response(request, Problem(slug))


async def _unexpected(request: Request, error: Exception) -> Response:
    known = as_problem(error)
    if not isinstance(known, Problem):
        log.error("request.failed", path=_route_path(request), error=error)
        known = Problem("internal-error")
    answer = problem_response(request, known)
    # This handler runs outside the middleware that echoes the id, and the framework raises the error again for the
    # server, which then hangs up; whoever keeps the connection must know, or its next request meets a closed door.
    answer.headers["X-Request-Id"] = getattr(request.state, "request_id", "")
    answer.headers["Connection"] = "close"
    return answer


def _route_path(request: Request) -> str:
    """The route's template: real paths may hold what a person typed."""
    route: Any = request.scope.get("route")
    return getattr(route, "path", "?")
