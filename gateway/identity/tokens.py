"""Access tokens as the gateway issues them: ten minutes, for one subject, readable by every service."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from gateway.identity.keys import Keyring
from gateway.identity.policy import ACCESS_LIFE
from kit.clock import Clock
from kit.ids import new_id
from kit.tokens import AUDIENCE


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to say about its bearer."""

    subject: str
    roles: list[str]
    shops: list[str]
    staff_id: UUID | None = None
    client_id: str | None = None
    account_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A signed token, for whom, and for how many seconds it is good; with the refresh token that goes with it."""

    text: str = field(repr=False)
    subject: str
    seconds: int
    refresh: str | None = field(default=None, repr=False)


class Withdrawn(Protocol):
    """Knows before which instant a subject's tokens are void."""

    def not_before(self, subject: str | UUID) -> datetime | None:
        """That instant, if there is one."""
        ...


class Issuer:
    """Signs grants with the key that signs at present."""

    def __init__(self, keyring: Keyring, name: str, clock: Clock, withdrawn: Withdrawn | None = None) -> None:
        self._keyring = keyring
        self._name = name
        self._clock = clock
        self._withdrawn = withdrawn

    def issue(self, grant: Grant, *, refresh: str | None = None, life: timedelta = ACCESS_LIFE) -> IssuedToken:
        """A token that says what the grant says, from now on for so long."""
        issued = self._issued_at(grant)
        seconds = int(life.total_seconds())
        claims: dict[str, Any] = {
            "iss": self._name,
            "aud": AUDIENCE,
            "sub": grant.subject,
            "iat": issued,
            "exp": int(self._clock.now().timestamp()) + seconds,
            "jti": str(new_id()),
            "roles": sorted(grant.roles),
            "shops": sorted(grant.shops),
        }
        optional = {
            "staff_id": grant.staff_id,
            "client_id": grant.client_id,
            "account_id": grant.account_id,
            "sid": grant.session_id,
        }
        claims |= {name: str(value) for name, value in optional.items() if value is not None}
        return IssuedToken(self._keyring.sign(claims), grant.subject, seconds, refresh)

    def _issued_at(self, grant: Grant) -> int:
        """Now; or, within the second after the bearer's older tokens were withdrawn, the end of that second."""
        now = int(self._clock.now().timestamp())
        if self._withdrawn is None:
            return now
        client = f"client:{grant.client_id}" if grant.client_id else None
        bearers = (grant.subject, client, grant.staff_id, grant.session_id)
        instants = [self._withdrawn.not_before(bearer) for bearer in bearers if bearer is not None]
        return max([now, *(int(instant.timestamp()) for instant in instants if instant is not None)])
