"""Keyset pages: an opaque signed cursor, no offset, no total unless asked for."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from kit.problems import Problem, invalid
from kit.work import Work

T = TypeVar("T")
DEFAULT_LIMIT = 20
MAX_LIMIT = 200


class Page(BaseModel):
    """The query parameters of every list; a list's own filters inherit it."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT
    cursor: Annotated[
        str | None, Field(max_length=1000, description="`next_cursor` of the page before this one.")
    ] = None


class PageOf(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(None, description="Ask for the next page with it; null on the last page.")


def read_cursor(work: Work, name: str, page: Page) -> list[Any] | None:
    """The key after which the page starts. Raises Problem `invalid-request` for a cursor that isn't this list's."""
    if page.cursor is None:
        return None
    try:
        signature, payload = _split(page.cursor)
    except ValueError as error:
        raise _foreign() from error
    if not hmac.compare_digest(signature, _sign(work.key, name, payload)):
        raise _foreign()
    key = orjson.loads(payload)
    return list(key)


def write_cursor(work: Work, name: str, key: Sequence[Any]) -> str:
    """The cursor of the page that starts after `key`."""
    payload = orjson.dumps(list(key), default=str)
    return base64.urlsafe_b64encode(_sign(work.key, name, payload) + payload).decode().rstrip("=")


def page_answer(page: BaseModel, *, path: str, query: Page, next_cursor: str | None) -> Response:
    """The page as bytes, with a Link to the next one under the same filters."""
    headers = {"Content-Type": "application/json"}
    if next_cursor:
        asked = query.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
        headers["Link"] = f'<{path}?{urlencode({**asked, "cursor": next_cursor}, doseq=True)}>; rel="next"'
    return Response(page.model_dump_json().encode(), 200, headers)


def _split(cursor: str) -> tuple[bytes, bytes]:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    if len(raw) < 17:
        raise ValueError("too short")
    return raw[:16], raw[16:]


def _sign(key: bytes, name: str, payload: bytes) -> bytes:
    return hmac.new(key, b"cursor\0" + name.encode() + b"\0" + payload, hashlib.sha256).digest()[:16]


def _foreign() -> Problem:
    return invalid("/query/cursor", "不是本列表的游标", "is not a cursor of this list")
