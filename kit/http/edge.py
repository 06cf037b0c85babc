"""The edge of a service: who calls, the unit of work, and the answer that stores itself for its Idempotency-Key.

The unit of work commits after the endpoint returned and before the answer is sent (I3). A test makes the commit fail
and expects no success.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from kit.http.errors import StoredAnswer
from kit.kept import open_answer, seal_answer
from kit.principals import Principal
from kit.problems import Problem, invalid
from kit.refusals import refused
from kit.tables import idempotency
from kit.tokens import bearer_token
from kit.work import Work

if TYPE_CHECKING:
    from kit.runtime import Runtime

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=f"^{_KEY.pattern}$",
        description="Needed, for money moves: the same request under it is given its first answer again, for 7 days.",
    ),
]
_HOLD = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7))"
_KEPT = "SELECT caller, key, fingerprint, status, headers, body FROM idempotency WHERE caller = $1 AND key = $2"
_ETAG = re.compile(r'"([0-9]{1,18})"')


def runtime_of(request: Request) -> "Runtime":
    """The running service behind this request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def current_principal(request: Request) -> Principal:
    """The caller. Raises Problem `unauthenticated` without a good token."""
    token = bearer_token(request.headers.get("authorization"))
    return await runtime_of(request).verifier.verify(token)


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


class Permission:
    """A dependency that lets pass whoever holds the permission."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request) -> None:
        principal = await current_principal(request)
        if not principal.may(self.name):
            raise Problem("forbidden", permission=self.name)


def allow(permission: str) -> Any:
    """The permission that an endpoint asks for, to stand in its decorator's `dependencies`."""
    from contracts.permissions import roles_with

    roles_with(permission)  # a typing error dies at import
    return Depends(Permission(permission))


async def expect_key(idempotency_key: _IdempotencyKey) -> None:
    """Money moves under an Idempotency-Key only; without one the answer is 422 and nothing has changed."""


# For the decorator of an endpoint that asks for a payment, decides on it or tries it again; after its permission.
KEYED = Depends(expect_key)


async def open_work(request: Request) -> Work:
    """One transaction around the endpoint, committed before the answer is sent; none around one that only reads."""
    principal, state = await current_principal(request), request.state
    transactions = runtime_of(request).transactions
    # The framework closes it between the two. It would close a dependency that yields there as well, but wraps that
    # twice, with a cancel scope of its own.
    around_endpoint: AsyncExitStack = request.scope["fastapi_function_astack"]
    if request.method == "GET":
        look = transactions.look(principal, request_id=state.request_id, traceparent=state.traceparent)
        return await around_endpoint.enter_async_context(look)
    begin = transactions.begin(
        principal,
        request_id=state.request_id,
        traceparent=state.traceparent,
        expected_version=_if_match(request),
    )
    work = await around_endpoint.enter_async_context(begin)
    key = request.headers.get("idempotency-key")
    if key is not None and request.method == "POST":
        await hold_key(work, request, key)
    return work


WorkDep = Annotated[Work, Depends(open_work)]


async def answer(
    work: Work, body: BaseModel, *, status: int = 200, version: int | None = None, location: str | None = None
) -> Response:
    """The success answer of a use case: bytes, ETag from the row's version, stored for its Idempotency-Key."""
    headers = {"Content-Type": "application/json"}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    if location is not None:
        headers["Location"] = location
    content = body.model_dump_json().encode()
    if work.idempotency is not None:
        await keep_answer(work, status, headers, content)
    return Response(content, status, headers)


def _if_match(request: Request) -> int | None:
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    match = _ETAG.fullmatch(given.strip())
    if match is None:
        raise invalid("/header/if-match", "必须是读取时得到的 ETag", "must be the ETag that was read")
    return int(match[1])


async def hold_key(work: Work, request: Request, key: str) -> None:
    """Answer again what this key has been answered, or hold the key until this transaction ends."""
    if not _KEY.fullmatch(key):
        raise invalid(
            "/header/idempotency-key",
            "1 到 200 个可见 ASCII 字符",
            "must be 1 to 200 visible ASCII characters",
        )
    # Keyed: a plain digest of a body with a phone number in it could be guessed back to the number (X6).
    # Of a file that was read as it came, its receiver says what stands for the body.
    body = getattr(request.state, "body_print", None) or await request.body()
    asked = f"{request.method} {request.url.path}\0".encode() + body
    await hold(work, key, hmac.digest(work.key, asked, hashlib.sha256))


async def hold(work: Work, key: str, print_of: bytes) -> None:
    """The same for a key of our own making: one effect among several that a request has."""
    caller = _caller(work)
    ((held,),) = await work.session.fetch(_HOLD, f"{caller}\n{key}")
    if not held:
        raise Problem("idempotency-in-flight", headers={"Retry-After": "1"})
    # By a statement of its own: what the last holder wrote is seen only by who looks after having got the lock.
    row = next(iter(await work.session.fetch(_KEPT, caller, key)), None)
    if row is None:
        work.idempotency = (key, print_of)
        return
    if row["fingerprint"] != print_of:
        raise Problem("idempotency-key-reused")
    raise StoredAnswer(row["status"], *open_answer(work, row))


def _caller(work: Work) -> str:
    """Whose key it is: tokens of one client that are narrowed to two buyers are two callers (X6)."""
    return f"{work.actor.subject} {work.actor.account_id or ''}".rstrip()


async def keep_answer(work: Work, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """The answer that the held key has from now on."""
    assert work.idempotency is not None  # noqa: S101 - asked by the caller
    key, print_of = work.idempotency
    caller = _caller(work)
    kept_headers, kept_body = seal_answer(work, caller, key, headers, body)
    row = {
        "caller": caller,
        "key": key,
        "fingerprint": print_of,
        "status": status,
        "headers": kept_headers,
        "body": kept_body,
        "stored_at": work.now,
    }
    work.session.gather(idempotency, row)


def see_all(work: Work) -> None:
    """Trail and feed show all shops and all buyers alike, so they are for callers who may see them all (X1, X6)."""
    if work.actor.account_id is not None or not work.actor.serves("*"):
        raise Problem("forbidden")


def see_own(
    work: Work, account_id: UUID | None, *, noun: str | None = None, aggregate_id: UUID | None = None
) -> None:
    """A token narrowed to one buyer sees that buyer's things; anything else doesn't exist for it, and the attempt to
    see what is named is written down (T40, X6)."""
    narrowed = work.actor.account_id
    if narrowed is None or narrowed == account_id:
        return
    missing = Problem("not-found")
    if noun is None or aggregate_id is None:
        raise missing
    raise refused(work, missing, noun, aggregate_id, account_id=str(narrowed))
