"""A file on its way in: `multipart/form-data`, written to disk as it arrives and broken off when it is too large."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from kit.problems import Problem, invalid
from services.ticket.attachment.naming import shown_name

AROUND = 16 * 1024
"""What the form around the file may take: boundaries, headers, the other field."""
_FORM = "multipart/form-data"
_FIELDS = {"file", "visibility"}


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has arrived whole; `file` is gone when the request is over."""

    file: IO[bytes]
    name: str
    internal: bool
    size: int
    sha256: bytes


@asynccontextmanager
async def received(request: Request, most_bytes: int) -> AsyncIterator[Received]:
    """The file of the request's form.

    Raises Problem `unsupported-media-type` for another kind of body, `body-too-large` as soon as it is (at once when
    the request says so), `invalid-request` for a form that isn't one file and at most its visibility.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Problem("unsupported-media-type", accepted=_FORM)
    form = await _parsed(request, most_bytes)
    try:
        yield await _of_form(request, form, most_bytes)
    finally:
        await form.close()


async def _parsed(request: Request, most_bytes: int) -> FormData:
    stream = _limited(request, most_bytes)
    parser = MultiPartParser(request.headers, stream, max_files=1, max_fields=1, max_part_size=64)
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise _no_form() from error


async def _limited(request: Request, most_bytes: int) -> AsyncGenerator[bytes, None]:
    declared = request.headers.get("content-length", "")
    left = most_bytes + AROUND
    if declared.isdigit() and int(declared[:20]) > left:
        raise _too_large(most_bytes)
    async for piece in request.stream():
        left -= len(piece)
        if left < 0:
            raise _too_large(most_bytes)
        yield piece


async def _of_form(request: Request, form: FormData, most_bytes: int) -> Received:
    if not {"file"} <= form.keys() <= _FIELDS or len(form.multi_items()) != len(form):
        raise _no_form()
    file, visibility = form["file"], form.get("visibility", "public")
    if not isinstance(file, UploadFile) or visibility not in ("public", "internal"):
        raise _no_form()
    name = shown_name(file.filename or "")
    if not name:
        raise invalid("/file", "需要文件名", "needs a file name")
    size = file.size or 0
    if size > most_bytes:
        raise _too_large(most_bytes)
    digest = await asyncio.to_thread(_digest, file.file)
    internal = visibility == "internal"
    # What an Idempotency-Key stands for: the file and how it is to be seen, not the form's random boundary.
    request.state.body_print = b"%d\0%s\0%s" % (internal, name.encode(), digest)
    return Received(file.file, name, internal, size, digest)


def _digest(file: IO[bytes]) -> bytes:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]


def _no_form() -> Problem:
    return invalid("", "表单须含一个 file 和至多一个 visibility", "must be a form with one file, and its visibility")


def _too_large(most_bytes: int) -> Problem:
    return Problem("body-too-large", limit_bytes=most_bytes)
