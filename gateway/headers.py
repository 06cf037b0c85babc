"""What passes between client and service, header by header.

Hop-by-hop headers end here (RFC 9110 §7.6.1). A client cannot claim an identity: whatever looks like one is dropped,
and the forwarding headers say what this gateway saw.
"""

import os
from collections.abc import Iterable

from kit.tracing import well_formed

RawHeaders = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
    b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings",
})  # fmt: skip
_NOT_FORWARDED = _HOP_BY_HOP | {
    b"host", b"expect", b"cookie", b"forwarded", b"x-real-ip", b"x-http-method-override", b"x-original-url",
    b"x-rewrite-url", b"x-request-id", b"x-api-key", b"traceparent", b"tracestate",
}  # fmt: skip
_ALWAYS_FORWARDED = frozenset({
    b"accept", b"accept-encoding", b"accept-language", b"authorization", b"content-length", b"content-type",
    b"idempotency-key", b"if-match", b"if-none-match", b"user-agent",
})  # fmt: skip
_CREDENTIALS = frozenset({b"authorization", b"x-api-key"})
_TRACE = frozenset({b"traceparent", b"tracestate"})
_IDENTITY = (
    b"x-user", b"x-principal", b"x-kefu-", b"x-staff", b"x-account", b"x-auth", b"x-role", b"x-remote-",
    b"x-forwarded",
)  # fmt: skip
_NOT_RETURNED = _HOP_BY_HOP | {
    b"date", b"server", b"x-request-id", b"x-content-type-options", b"alt-svc", b"ratelimit", b"ratelimit-policy",
}  # fmt: skip
_BODYLESS_STATUSES = frozenset({204, 304})

_TRACESTATE_CHARS = 512


class UnreadableHeaderError(ValueError):
    """A header value that is not text."""


class Headers:
    """A request's headers as they came, names in small letters, and each by its name."""

    __slots__ = ("_by_name", "pairs")

    def __init__(self, pairs: RawHeaders) -> None:
        self.pairs = pairs
        self._by_name: dict[bytes, bytes | None] = dict(pairs)
        if len(self._by_name) < len(pairs):
            names = [name for name, _ in pairs]
            self._by_name.update((name, None) for name in names if names.count(name) > 1)

    def __contains__(self, name: bytes) -> bool:
        """Whether the header stands there at all."""
        return name in self._by_name

    def one(self, name: bytes) -> bytes | None:
        """The value of a header that stands exactly once; two of them are as good as none."""
        return self._by_name.get(name)

    def text(self, name: bytes) -> str | None:
        """The same as text, one character a byte."""
        value = self._by_name.get(name)
        return None if value is None else value.decode("latin-1")

    def but(self, dropped: frozenset[bytes], name: bytes, value: bytes) -> "Headers":
        """The same without some of them, and one more."""
        return Headers([*(pair for pair in self.pairs if pair[0] not in dropped), (name, value)])


def with_token(headers: Headers, token: str) -> Headers:
    """The same headers with this bearer token in place of any credential."""
    return headers.but(_CREDENTIALS, b"authorization", b"Bearer " + token.encode("ascii"))


def traceparent_of(headers: Headers) -> str | None:
    """The caller's trace context, if it is one."""
    return well_formed(headers.text(b"traceparent"))


def with_trace(headers: Headers, traceparent: str) -> Headers:
    """The same headers with our own place in the trace instead of the caller's."""
    return headers.but(_TRACE, b"traceparent", traceparent.encode("ascii"))


def to_service(headers: Headers, *, request_id: str, client: str, scheme: str) -> RawHeaders:
    """The headers of the request that goes to the service. Raises UnreadableHeaderError."""
    forwarded = [pair for pair in headers.pairs if pair[0] in _ALWAYS_FORWARDED or _may_pass(pair[0])]
    if b"connection" in headers:
        named = _named_by_connection(headers.pairs)
        forwarded = [pair for pair in forwarded if pair[0] not in named]
    _expect_text(forwarded)
    forwarded += [
        (b"x-request-id", request_id.encode()),
        (b"x-forwarded-for", client.encode()),
        (b"x-forwarded-proto", scheme.encode()),
    ]
    host = headers.one(b"host")
    if host and host.isascii():
        forwarded.append((b"x-forwarded-host", host))
    forwarded += _trace(headers)
    return forwarded


def to_client(headers: Iterable[tuple[bytes, bytes]], *, status: int, request_id: str) -> RawHeaders:
    """The headers of the answer that goes to the client."""
    answer: RawHeaders = []
    hop: RawHeaders = []
    for name, value in headers:
        small = name.lower()
        (hop if small in _NOT_RETURNED else answer).append((small, value))
    named = _named_by_connection(hop)
    if status in _BODYLESS_STATUSES:
        named |= {b"content-length"}
    if named:
        answer = [pair for pair in answer if pair[0] not in named]
    answer += [(b"x-request-id", request_id.encode("ascii")), (b"x-content-type-options", b"nosniff")]
    return answer


def _may_pass(name: bytes) -> bool:
    return name not in _NOT_FORWARDED and not name.startswith(_IDENTITY) and b"_" not in name


def _expect_text(headers: RawHeaders) -> None:
    if b"".join([value for _, value in headers]).isascii():
        return
    try:
        for _, value in headers:
            value.decode()
    except UnicodeDecodeError as error:
        raise UnreadableHeaderError from error


def _named_by_connection(headers: RawHeaders) -> frozenset[bytes]:
    named: set[bytes] = set()
    for name, value in headers:
        if name == b"connection" and value not in (b"keep-alive", b"close"):
            named.update(token.strip().lower() for token in value.split(b","))
    return frozenset(named)


def _trace(headers: Headers) -> RawHeaders:
    """The caller's trace context, or the root of a new trace."""
    given = traceparent_of(headers)
    if given is None:
        made = os.urandom(24).hex()
        return [(b"traceparent", f"00-{made[:32]}-{made[32:]}-01".encode())]
    state = headers.one(b"tracestate")
    if state is None or len(state) > _TRACESTATE_CHARS or not state.isascii():
        return [(b"traceparent", given.encode())]
    return [(b"traceparent", given.encode()), (b"tracestate", state)]
