"""Request bodies within their limits: so many bytes, in so many seconds (G3)."""

import asyncio
import contextlib
from dataclasses import dataclass

from starlette.types import Receive

from gateway.headers import Headers
from kit.problems import Problem, invalid

_LINGER_SECONDS = 1.0


class ClientGone(Exception):  # noqa: N818 - it is an outcome, and reads as one
    """The client hung up; nobody is left to answer."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a body may be (bytes) and how long it may take to arrive (seconds)."""

    size: int
    seconds: float


class RequestBody:
    """The body of one request, read piece by piece. `failure` keeps why reading ended badly."""

    __slots__ = ("_receive", "announced", "failure", "is_coming", "length", "read")

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self._receive = receive
        chunked = b"transfer-encoding" in headers
        self.length = headers.one(b"content-length")
        self.announced = chunked or self.length not in (None, b"0")
        self.is_coming = self.announced
        self.failure: Problem | ClientGone | None = None
        self.read = 0
        if (chunked or self.length is None) and b"content-length" in headers:
            self.failure = invalid("", "请求体的长度不明确", "The length of the body is ambiguous")

    def admit(self, limits: BodyLimits) -> None:
        """Raises Problem `body-too-large` for a body that says it is, `invalid-request` for an unclear length."""
        if self.failure is not None:
            raise self.failure
        if self.length is not None and not self.length.isdigit():
            raise invalid("", "请求体的长度不明确", "The length of the body is ambiguous")
        if self.length is not None and int(self.length) > limits.size:
            raise _too_large(limits)

    async def piece(self, limits: BodyLimits) -> bytes:
        """The next piece as it arrives; its time is the reader's to watch.

        Raises Problem `body-too-large` as soon as it is, ClientGone when the client hangs up.
        """
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.failure = ClientGone()
            raise self.failure
        piece: bytes = message.get("body", b"")
        self.is_coming = message.get("more_body", False)
        self.read += len(piece)
        if self.read > limits.size:
            self.failure = _too_large(limits)
            raise self.failure
        return piece

    async def whole(self, limits: BodyLimits) -> bytes:
        """The complete body. Raises as `piece` does, and Problem `request-timeout`."""
        pieces = []
        try:
            async with asyncio.timeout(limits.seconds):
                while self.is_coming:
                    pieces.append(await self.piece(limits))
        except TimeoutError:
            raise Problem("request-timeout") from None
        return b"".join(pieces)

    async def discard(self, size: int) -> None:
        """Read and forget up to `size` bytes, and let who sends more wait: for a moment, so that the client gets to
        read its answer. Closing on unread bytes resets the connection, and it might never see it."""
        limits = BodyLimits(self.read + size, _LINGER_SECONDS)
        with contextlib.suppress(ClientGone, TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                try:
                    while self.is_coming:
                        await self.piece(limits)
                except Problem:
                    await asyncio.sleep(_LINGER_SECONDS)


def _too_large(limits: BodyLimits) -> Problem:
    return Problem("body-too-large", limit_bytes=limits.size)
