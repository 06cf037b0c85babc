"""Request bodies within their limits: so many bytes, in so many seconds (G3)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.types import Receive

from gateway.headers import RawHeaders, the_one
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

    def __init__(self, headers: RawHeaders, receive: Receive) -> None:
        self._receive = receive
        self.length = the_one(headers, b"content-length")
        names = {name for name, _ in headers}
        self.announced = b"transfer-encoding" in names or self.length not in (None, b"0")
        self.is_coming = self.announced
        self.failure: Problem | ClientGone | None = None
        self.read = 0
        if b"content-length" in names and (b"transfer-encoding" in names or self.length is None):
            self.failure = invalid("", "请求体的长度不明确", "The length of the body is ambiguous")

    def admit(self, limits: BodyLimits) -> None:
        """Raises Problem `body-too-large` for a body that says it is, `invalid-request` for an unclear length."""
        if self.failure is not None:
            raise self.failure
        if self.length is not None and not self.length.isdigit():
            raise invalid("", "请求体的长度不明确", "The length of the body is ambiguous")
        if self.length is not None and int(self.length) > limits.size:
            raise _too_large(limits)

    async def pieces(self, limits: BodyLimits) -> AsyncIterator[bytes]:
        """The body as it arrives.

        Raises Problem `body-too-large` or `request-timeout` as soon as it is, ClientGone when the client hangs up.
        """
        deadline = asyncio.get_running_loop().time() + limits.seconds
        while self.is_coming:
            try:
                async with asyncio.timeout_at(deadline):
                    piece = await self._piece(limits)
            except TimeoutError:
                self.failure = Problem("request-timeout")
                raise self.failure from None
            except (Problem, ClientGone) as failure:
                self.failure = failure
                raise
            yield piece

    async def whole(self, limits: BodyLimits) -> bytes:
        """The complete body. Raises as `pieces` does."""
        return b"".join([piece async for piece in self.pieces(limits)])

    async def discard(self, size: int) -> None:
        """Read and forget up to `size` bytes for a moment, so that the client gets to read its answer."""
        limits = BodyLimits(self.read + size, _LINGER_SECONDS)
        try:
            async for _ in self.pieces(limits):
                pass
        except (Problem, ClientGone):
            return  # enough was taken, or nobody is there

    async def _piece(self, limits: BodyLimits) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        self.is_coming = message.get("more_body", False)
        self.read += len(piece)
        if self.read > limits.size:
            raise _too_large(limits)
        return piece


def _too_large(limits: BodyLimits) -> Problem:
    return Problem("body-too-large", limit_bytes=limits.size)
