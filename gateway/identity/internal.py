"""Internal tokens: what services get to see in place of a credential of another kind.

An API key or a trusted provider's token is proved once and then stands for a short token of ours, which is remembered
until it runs out. The services know one kind of token, and the credential itself never leaves the gateway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from gateway.identity.policy import IdentityPolicy
from gateway.identity.revocation import Revocations
from gateway.identity.tokens import Grant, IssuedToken, Issuer
from kit.clock import Clock
from kit.principals import Principal
from kit.tokens import Verifier, refused

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Proven:
    """The internal token for a credential that was proved, and what revokes it besides what revokes its bearer."""

    token: IssuedToken
    revocable: str | None = None


@dataclass(frozen=True, slots=True)
class StandIn:
    """An internal token in use."""

    text: str = field(repr=False)
    principal: Principal
    runs_out: datetime
    revocable: str | None


class InternalTokens:
    """Knows which internal token stands for which credential. Credentials are remembered by their digest."""

    def __init__(
        self, issuer: Issuer, verifier: Verifier, revocations: Revocations, policy: IdentityPolicy, clock: Clock
    ) -> None:
        self._issuer = issuer
        self._verifier = verifier
        self._revocations = revocations
        self._policy = policy
        self._clock = clock
        self._known: dict[bytes, StandIn] = {}
        self._proving: dict[bytes, asyncio.Task[StandIn]] = {}

    def sign(self, grant: Grant, *, until: datetime) -> IssuedToken:
        """A short token for the grant, no longer than `until`. Raises Problem `unauthenticated` when that is now."""
        life = min(self._policy.internal_life, until - self._clock.now())
        if life.total_seconds() < 1:
            raise refused()
        return self._issuer.issue(grant, life=life)

    def recall(self, credential: str) -> StandIn | None:
        """What stands for the credential already. Raises Problem `unauthenticated` when it has been revoked."""
        found = self._known.get(_digest(credential))
        if found is None or found.runs_out <= self._clock.now():
            return None
        if found.revocable is not None and self._revocations.not_before(found.revocable) is not None:
            raise refused()
        self._revocations.check(found.principal)
        return found

    async def stand_in(self, credential: str, prove: Callable[[str], Awaitable[Proven]]) -> StandIn:
        """What stands for the credential from now on; however many ask at once, it is proved once.

        Raises Problem `unauthenticated`, or `dependency-unavailable` when it can't be proved at present.
        """
        digest = _digest(credential)
        task = self._proving.get(digest)
        if task is None:
            task = asyncio.create_task(self._prove(credential, prove))
            self._proving[digest] = task
            task.add_done_callback(lambda done: self._forget_task(digest, done))
        return await asyncio.shield(task)

    async def _prove(self, credential: str, prove: Callable[[str], Awaitable[Proven]]) -> StandIn:
        proven = await prove(credential)
        principal = await self._verifier.verify(proven.token.text)
        assert principal.expires_at is not None  # noqa: S101 - every token of ours runs out
        found = StandIn(proven.token.text, principal, principal.expires_at, proven.revocable)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[_digest(credential)] = found
        return found

    def _forget_task(self, digest: bytes, task: "asyncio.Task[StandIn]") -> None:
        del self._proving[digest]
        if not task.cancelled():
            task.exception()  # whoever still waits gets it; nobody may be left to


def _digest(credential: str) -> bytes:
    return sha256(credential.encode("latin-1")).digest()
