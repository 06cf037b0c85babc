"""Who comes in, and as whom: the credentials of a request, and the quota of whoever holds them (G2, G3).

A bearer token of ours passes as it is. An API key or a trusted provider's token is exchanged for an internal token,
and only that goes on. With an Authorization header an API key counts for nothing; it never goes on either.
"""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_to_bytes

from gateway import headers as wire
from gateway.exchange import Exchange
from gateway.identity.api_keys import ApiKeys
from gateway.identity.internal import InternalTokens, Proven
from gateway.identity.provider import Provider
from gateway.limits import Limits
from gateway.metrics import UNCOUNTED, Counts
from kit.principals import Principal
from kit.problems import Problem
from kit.tokens import MAX_TOKEN_CHARS, Verifier, bearer_token, refused

_SECRET_NAMES = frozenset({b"api_key", b"apikey", b"api-key", b"x-api-key", b"access_token", b"refresh_token"})
_SUSPICIOUS = re.compile(rb"key|token|kefu|%", re.IGNORECASE)
_KEY = re.compile(rb"kefu_[0-9a-f]{16}_[0-9a-f]{64}")
_PROBES = frozenset({"/livez", "/readyz", "/health"})
_TOKEN_DESK = "/oauth/"  # noqa: S105 - a path


class Door:
    """Lets requests in."""

    def __init__(
        self,
        verifier: Verifier,
        limits: Limits,
        *,
        internal: InternalTokens | None = None,
        api_keys: ApiKeys | None = None,
        provider: Provider | None = None,
        counts: Counts = UNCOUNTED,
    ) -> None:
        self._verifier = verifier
        self._limits = limits
        self._internal = internal
        self._api_keys = api_keys
        self._provider = provider
        self._counts = counts

    async def admit(self, exchange: Exchange) -> None:
        """Find out who calls and count the request; afterwards it carries a token of ours and nothing else.

        Raises Problem `unauthenticated`, `too-many-requests`, or `dependency-unavailable`.
        """
        try:
            exchange.principal = await self._identify(exchange)
        except Problem as refusal:
            if refusal.slug == "unauthenticated":
                self._limits.count_failure(exchange)
            raise
        self._limits.count_caller(exchange, exchange.principal)

    def admit_anybody(self, exchange: Exchange) -> None:
        """Count a request for what everybody may ask. Raises Problem `too-many-requests`.

        Probes count apart, so that others behind the same address can't make the gateway look dead. Whoever asks
        for tokens is counted by the name asked for, and here only turned away after too many failures.
        """
        if exchange.family.startswith(_TOKEN_DESK):
            self._limits.admit_attempt(exchange)
        else:
            self._limits.count_address(exchange, "probe" if exchange.family in _PROBES else "")

    def settle(self, exchange: Exchange) -> None:
        """Note the outcome of a request for tokens; the answer is already gone."""
        if exchange.family.startswith(_TOKEN_DESK) and exchange.status in (400, 401):
            self._limits.note_failure(exchange)

    async def _identify(self, exchange: Exchange) -> Principal:
        headers = exchange.headers
        key = headers.text(b"x-api-key")
        if key is not None and self._api_keys is not None and b"authorization" not in headers:
            return await self._exchanged(exchange, key, self._api_keys.prove)
        token = bearer_token(headers.text(b"authorization"))
        known = self._verifier.recall(token)
        if known is not None:
            self._counts.token_known()
            return known
        if self._provider is not None and self._provider.claims_to_have_issued(token):
            return await self._exchanged(exchange, token, self._provider.prove)
        self._limits.admit_attempt(exchange)
        self._counts.token_examined()
        return await self._verifier.verify(token)

    async def _exchanged(
        self, exchange: Exchange, credential: str, prove: Callable[[str], Awaitable[Proven]]
    ) -> Principal:
        if self._internal is None or len(credential) > MAX_TOKEN_CHARS:
            raise refused()
        found = self._internal.recall(credential)
        if found is not None:
            self._counts.token_known()
        else:
            self._limits.admit_attempt(exchange)
            self._counts.token_examined()
            found = await self._internal.stand_in(credential, prove)
        exchange.headers = wire.with_token(exchange.headers, found.text)
        return found.principal


def holds_secret(query: bytes) -> bool:
    """Whether a query names a key or a token, or holds something of an API key's form."""
    if not _SUSPICIOUS.search(query):
        return False
    names = {unquote_to_bytes(part.partition(b"=")[0]).strip().lower() for part in query.split(b"&")}
    return bool(names & _SECRET_NAMES or _KEY.search(unquote_to_bytes(query)))
