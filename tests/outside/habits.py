"""What every answer of the house does, checked on whatever comes back."""

import re
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import is_unexpected_http_status_case

from contracts.problems import CATALOGUE
from kit.http import faults

PROBLEM = "application/problem+json"
PASSED = frozenset({401, 403, 404, 409, 412, 429})
"""Refusals of valid requests: they speak of the caller or of the state of things."""
ELSEWHERE = ("/document", "/details", "/form", "/facts")
"""What the document leaves open: each policy, each kind of ticket, each type of request has a schema of its own."""
WHOLE = {"int_type", "int_from_float"}
"""JSON Schema takes 2.0 for a whole number; the house wants whole numbers written as such."""


class UntoldProblem(Failure):
    """An answer that is no success and doesn't say what is wrong as the catalogue has it."""

    def __init__(self, operation: str, message: str) -> None:
        super().__init__(operation=operation, title="Not a problem of the catalogue", message=message)


@schemathesis.check
def problem_is_told(_: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """RFC 9457: type of the catalogue, its status, the request's id; a refused request says where."""
    if response.status_code < 400 or response.request.method == "HEAD":
        return
    lacking = list(_lacking(response))
    if lacking:
        raise UntoldProblem(case.operation.label, f"{response.status_code}: " + "; ".join(lacking))


def _lacking(response: schemathesis.Response) -> list[str]:
    given = (response.headers.get("content-type") or [""])[0]
    if not given.startswith(PROBLEM):
        return [f"the content type is {given!r}"]
    problem = response.json()
    kind = CATALOGUE.get(str(problem.get("type")).removeprefix("/problems/"))
    if kind is None:
        return [f"{problem.get('type')!r} is no type of the catalogue"]
    lacking = []
    if not kind.status == problem.get("status") == response.status_code:
        lacking.append("the status is another")
    if [problem.get("request_id")] != response.headers.get("x-request-id"):
        lacking.append("request_id is not X-Request-Id")
    if kind.slug == "invalid-request" and not problem.get("errors"):
        lacking.append("it does not say where")
    if kind.status == 405 and not response.headers.get("allow"):
        lacking.append("Allow is missing")
    return lacking


class ValidRequestRefused(Failure):
    """The document promises that this can be sent, and it can't."""

    def __init__(self, operation: str, message: str) -> None:
        super().__init__(operation=operation, title="A valid request was refused", message=message)


@schemathesis.check
def valid_request_passes(
    _: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """What the document allows is refused for no reason that the document could tell: rules that no schema can say
    (a check digit, a sum, a name that is taken) may refuse it, missing fields or wrong forms never."""
    status = response.status_code
    if case.meta is None or not case.meta.generation.mode.is_positive or is_unexpected_http_status_case(case):
        return
    if status < 400 or status >= 500 or status in PASSED or (status == 400 and case.path.startswith("/oauth/")):
        return
    if status == 428 and case.method != "PATCH":  # the document says that what decides needs If-Match
        return
    if case.media_type == "multipart/form-data":  # no schema tells what a file may hold
        return
    errors = response.json().get("errors", ()) if status == 422 else ()
    told = [f"{one['pointer']}: {one['detail']}" for one in errors if _could_be_told(one, case.body)]
    if status != 422 or told:
        raise ValidRequestRefused(case.operation.label, f"{status} {'; '.join(told)}")


def _could_be_told(error: dict[str, str], body: Any) -> bool:
    kinds = {kind for kind, texts in _FORMS.items() if any(text.fullmatch(error["detail"]) for text in texts)}
    if error["pointer"].startswith(ELSEWHERE):
        return False
    return bool(kinds) and not (kinds & WHOLE and isinstance(_at(error["pointer"], body), float))


def _at(pointer: str, body: Any) -> Any:
    """What a JSON Pointer points to, None when there is nothing."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(body, list) and key.isdecimal() and int(key) < len(body):
            body = body[int(key)]
        elif isinstance(body, dict):
            body = body.get(key)
        else:
            return None
    return body


def _form(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(text)), re.DOTALL)


_FORMS = {kind: tuple(_form(text) for text in texts) for kind, texts in faults._TEXTS.items()}
