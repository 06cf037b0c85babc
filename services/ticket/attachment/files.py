"""The content of files, in a folder or a bucket. Every wait ends; none of this happens inside a transaction (I11).

A store that is away is a 503 that changed nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, TypeVar
from weakref import WeakKeyDictionary

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from kit.logs import log
from kit.problems import unavailable
from kit.runtime import Runtime
from services.ticket.attachment.settings import AttachmentSettings

_PIECE = 256 * 1024
_CONNECT = timedelta(seconds=2)
T = TypeVar("T")
_of_runtime: WeakKeyDictionary[Runtime, "Files"] = WeakKeyDictionary()


class Files:
    """Puts, gets and deletes contents by their key."""

    def __init__(self, open_store: Callable[[], ObjectStore], *, seconds: float) -> None:
        self._open_store = open_store
        self._seconds = seconds

    @cached_property
    def _store(self) -> ObjectStore:
        """Opened when first needed: a process that never sees a file makes no folder."""
        return self._open_store()

    async def put(self, key: str, file: IO[bytes]) -> None:
        """Keep the file's content; whole or not at all. Raises Problem `dependency-unavailable`."""
        file.seek(0)
        await self._bounded(lambda: obstore.put_async(self._store, key, file))

    async def get(self, key: str) -> AsyncIterator[bytes]:
        """The content, piece by piece, once its beginning is there. Raises Problem `dependency-unavailable`."""
        result = await self._bounded(lambda: obstore.get_async(self._store, key))
        return _pieces(result.stream(min_chunk_size=_PIECE))

    async def delete(self, key: str) -> None:
        """Delete the content, if there is any. Raises Problem `dependency-unavailable`."""
        # A bucket says nothing of a key that it doesn't have; what it doesn't find is the bucket itself.
        absent = (NotFoundError, FileNotFoundError) if isinstance(self._store, LocalStore) else ()
        try:
            await self._bounded(lambda: obstore.delete_async(self._store, key), absent=absent)
        except absent:
            return

    async def _bounded(self, call: Callable[[], Awaitable[T]], *, absent: tuple[type[Exception], ...] = ()) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await call()
        except absent:
            raise
        except (BaseError, OSError, TimeoutError) as error:
            log.warning("attachments.unavailable", reason=type(error).__qualname__)
            raise unavailable("attachments") from error


def open_files(runtime: Runtime) -> Files:
    """The files of a service, by the environment's settings. Raises UnsafeSettingsError, ValidationError."""
    settings = AttachmentSettings()
    folder = settings.folder(runtime.settings)
    open_store = partial(_bucket, settings) if folder is None else partial(_folder, folder.absolute())
    _of_runtime[runtime] = Files(open_store, seconds=settings.seconds)
    return _of_runtime[runtime]


def files_of(runtime: Runtime) -> Files:
    """The files of a service that has opened them."""
    return _of_runtime[runtime]


def _folder(place: Path) -> ObjectStore:
    return LocalStore(prefix=place, mkdir=True)


def _bucket(settings: AttachmentSettings) -> ObjectStore:
    assert settings.url is not None  # noqa: S101 - a bucket has an address
    bucket, _, prefix = settings.url.removeprefix("s3://").rstrip("/").partition("/")
    login: dict[str, Any] = {}
    if settings.key_id is not None and settings.secret is not None:
        login["access_key_id"] = settings.key_id.get_secret_value()
        login["secret_access_key"] = settings.secret.get_secret_value()
    if settings.endpoint is not None:
        login["endpoint"] = settings.endpoint
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=settings.region,
        client_options={
            "allow_http": bool(settings.endpoint and settings.endpoint.startswith("http://")),
            "connect_timeout": _CONNECT,
            "timeout": timedelta(seconds=settings.seconds),
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=settings.seconds)},
        **login,
    )


async def _pieces(stream: Any) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)
