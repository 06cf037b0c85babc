"""Who is counted as whom, and the answer to who asks too much (G3).

A proven caller counts by itself, whatever address it comes from. Who proves nothing counts by address, and so does
every failed attempt to prove something: an address that failed too often is not examined any further, while callers
already known behind the same address go on undisturbed.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address

from gateway.exchange import Exchange
from gateway.limiter import Limiter, Pace, Verdict
from gateway.quotas import Quotas
from kit.principals import Principal
from kit.problems import Problem

_FAILED = "failed"


class Limits:
    """The quotas of one gateway process at work."""

    def __init__(self, quotas: Quotas, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._default = Pace("default", quotas.default)
        self._client = Pace("client", quotas.client)
        self._login = Pace("login", quotas.login)
        self._callers = Limiter(quotas.callers, monotonic=monotonic)
        # Names to try passwords for are the caller's choice; in a table of their own they push nobody else out.
        self._logins = Limiter(quotas.callers, monotonic=monotonic)

    def count_caller(self, exchange: Exchange, principal: Principal) -> None:
        """Count a request of a proven caller. Raises Problem `too-many-requests`."""
        program = principal.client_id is not None and principal.account_id is None
        _settle(exchange, self._callers.take(principal.subject, self._client if program else self._default))

    def count_address(self, exchange: Exchange, purpose: str = "") -> None:
        """Count a request that needs no identity; for each `purpose` apart. Raises Problem `too-many-requests`."""
        _settle(exchange, self._callers.take(_address(exchange, purpose), self._default))

    def count_failure(self, exchange: Exchange) -> None:
        """Count a failed attempt to prove an identity. Raises Problem `too-many-requests`."""
        self.count_address(exchange, _FAILED)

    def note_failure(self, exchange: Exchange) -> None:
        """Count a failed attempt whose answer is gone."""
        self._callers.take(_address(exchange, _FAILED), self._default)

    def admit_attempt(self, exchange: Exchange) -> None:
        """Raises Problem `too-many-requests` when too many attempts from this address have failed."""
        verdict = self._callers.look(_address(exchange, _FAILED), self._default)
        if not verdict.admitted:
            _settle(exchange, verdict)

    def count_login(self, exchange: Exchange, username: str) -> None:
        """Count a password tried for the name from this address. Raises Problem `too-many-requests`."""
        _settle(exchange, self._logins.take(f"{network_of(exchange.address)} {username.lower()[:200]}", self._login))

    def count_client_login(self, exchange: Exchange, client_id: str) -> None:
        """Count a token asked for by a program from this address. Raises Problem `too-many-requests`."""
        _settle(exchange, self._logins.take(f"{network_of(exchange.address)}\0{client_id[:200]}", self._client))


@lru_cache(4096)
def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, but of IPv6 the network, since whoever has one has 2**64."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(IPv6Network((known, 64), strict=False))


def _address(exchange: Exchange, purpose: str) -> str:
    return f"address {network_of(exchange.address)} {purpose}"


def _settle(exchange: Exchange, verdict: Verdict) -> None:
    exchange.verdict = verdict
    if not verdict.admitted:
        raise Problem("too-many-requests", headers={"Retry-After": str(verdict.retry_after)})
