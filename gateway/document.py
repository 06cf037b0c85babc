"""The merged OpenAPI document, kept until a service's own document changes."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.openapi import merge
from gateway.routes import GATEWAY, SERVICES
from gateway.upstream import Unintelligible, Unreachable, Upstream
from kit.logs import log

_FETCH_SECONDS = 5.0
_FRESH_SECONDS = 10.0
_RETRY_SECONDS = 1.0
_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Edition:
    """The document as bytes with its tag; the tag changes when the document does."""

    content: bytes
    tag: str


class MergedDocument:
    """Fetches the services' documents and merges them with the gateway's own.

    A service that is away keeps the document it last showed; one that never showed any is named in `x-missing`.
    """

    def __init__(self, upstream: Upstream, version: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._version = version
        self._monotonic = monotonic
        self._documents: dict[str, bytes] = {}
        self._edition: Edition | None = None
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def edition(self, own: Mapping[str, Any]) -> Edition:
        """The present edition; `own` is the gateway's own document."""
        async with self._lock:
            if self._edition is None or self._monotonic() - self._asked_at > self._patience():
                before = dict(self._documents)
                await asyncio.gather(*(self._fetch(service) for service in SERVICES))
                self._asked_at = self._monotonic()
                if self._edition is None or before != self._documents:
                    self._edition = await asyncio.to_thread(self._merge, own)
            return self._edition

    def _patience(self) -> float:
        return _FRESH_SECONDS if len(self._documents) == len(SERVICES) else _RETRY_SECONDS

    async def _fetch(self, service: str) -> None:
        try:
            async with (
                asyncio.timeout(_FETCH_SECONDS),
                self._upstream.ask(service, "GET", "/openapi.json", [], None) as answer,
            ):
                if answer.status != 200:
                    raise Unintelligible
                content = bytearray()
                more = True
                while more:
                    piece, more = await answer.piece()
                    content += piece
                    if len(content) > _MAX_BYTES:
                        raise Unintelligible
                orjson.loads(content)
                self._documents[service] = bytes(content)
        except (TimeoutError, Unreachable, Unintelligible, ValueError) as error:
            log.warning("openapi.missing", missing=service, error=error)

    def _merge(self, own: Mapping[str, Any]) -> Edition:
        documents = {service: orjson.loads(text) for service, text in sorted(self._documents.items())}
        missing = set(SERVICES) - set(documents)
        content = orjson.dumps(merge({GATEWAY: own, **documents}, version=self._version, missing=missing))
        return Edition(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
