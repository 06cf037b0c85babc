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


def the_one(headers: RawHeaders, name: bytes) -> bytes | None:
    """The value of a header that stands exactly once; two of them are as good as none."""
    one: bytes | None = None
    for found, value in headers:
        if found == name:
            if one is not None:
                return None
            one = value
    return one


def text_of(headers: RawHeaders, name: bytes) -> str | None:
    """The same as text, one character a byte."""
    value = the_one(headers, name)
    return None if value is None else value.decode("latin-1")


def holds(headers: RawHeaders, name: bytes) -> bool:
    """Whether the header stands there at all."""
    return any(found == name for found, _ in headers)


def with_token(headers: RawHeaders, token: str) -> RawHeaders:
    """The same headers with this bearer token in place of any credential."""
    others = [pair for pair in headers if pair[0] not in _CREDENTIALS]
    return [*others, (b"authorization", b"Bearer " + token.encode("ascii"))]


def traceparent_of(headers: RawHeaders) -> str | None:
    """The caller's trace context, if it is one."""
    return well_formed(text_of(headers, b"traceparent"))


def with_trace(headers: RawHeaders, traceparent: str) -> RawHeaders:
    """The same headers with our own place in the trace instead of the caller's."""
    others = [pair for pair in headers if pair[0] not in _TRACE]
    return [*others, (b"traceparent", traceparent.encode("ascii"))]


def to_service(headers: RawHeaders, *, request_id: str, client: str, scheme: str) -> RawHeaders:
    """The headers of the request that goes to the service. Raises UnreadableHeaderError."""
    dropped = _NOT_FORWARDED | _named_by_connection(headers)
    forwarded = [
        pair
        for pair in headers
        if pair[0] not in dropped and not pair[0].startswith(_IDENTITY) and b"_" not in pair[0]
    ]
    _expect_text(forwarded)
    host = the_one(headers, b"host")
    forwarded += [
        (b"x-request-id", request_id.encode()),
        (b"x-forwarded-for", client.encode()),
        (b"x-forwarded-proto", scheme.encode()),
        *([(b"x-forwarded-host", host)] if host and host.isascii() else []),
        *_trace(headers),
    ]
    return forwarded


def to_client(headers: Iterable[tuple[bytes, bytes]], *, status: int, request_id: str) -> RawHeaders:
    """The headers of the answer that goes to the client."""
    lowered = [(name.lower(), value) for name, value in headers]
    dropped = _NOT_RETURNED | _named_by_connection(lowered)
    if status in _BODYLESS_STATUSES:
        dropped |= {b"content-length"}
    answer = [(name, value) for name, value in lowered if name not in dropped]
    answer += [(b"x-request-id", request_id.encode("ascii")), (b"x-content-type-options", b"nosniff")]
    return answer


def _expect_text(headers: RawHeaders) -> None:
    try:
        for _, value in headers:
            if not value.isascii():
                value.decode()
    except UnicodeDecodeError as error:
        raise UnreadableHeaderError from error


def _named_by_connection(headers: RawHeaders) -> frozenset[bytes]:
    named: set[bytes] = set()
    for name, value in headers:
        if name == b"connection" and value not in (b"keep-alive", b"close"):
            named.update(token.strip().lower() for token in value.split(b","))
    return frozenset(named)


def _trace(headers: RawHeaders) -> RawHeaders:
    """The caller's trace context, or the root of a new trace."""
    given = traceparent_of(headers)
    if given is None:
        made = os.urandom(24).hex()
        return [(b"traceparent", f"00-{made[:32]}-{made[32:]}-01".encode())]
    state = the_one(headers, b"tracestate")
    if state is None or len(state) > _TRACESTATE_CHARS or not state.isascii():
        return [(b"traceparent", given.encode())]
    return [(b"traceparent", given.encode()), (b"tracestate", state)]
