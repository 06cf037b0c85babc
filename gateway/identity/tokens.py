"""Access tokens as the gateway issues them: ten minutes, for one subject, readable by every service."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gateway.identity.keys import Keyring
from kit.clock import Clock
from kit.ids import new_id
from kit.tokens import AUDIENCE

LIFETIME_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to say about its bearer."""

    subject: str
    roles: list[str]
    shops: list[str]
    staff_id: UUID | None = None
    client_id: str | None = None
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A signed token and for how many seconds it is good."""

    text: str = field(repr=False)
    seconds: int = LIFETIME_SECONDS


class Issuer:
    """Signs grants with the newest key."""

    def __init__(self, keyring: Keyring, name: str, clock: Clock) -> None:
        self._keyring = keyring
        self._name = name
        self._clock = clock

    def issue(self, grant: Grant) -> IssuedToken:
        """A token that says what the grant says, from now on for ten minutes."""
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self._name,
            "aud": AUDIENCE,
            "sub": grant.subject,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": str(new_id()),
            "roles": sorted(grant.roles),
            "shops": sorted(grant.shops),
        }
        optional = {"staff_id": grant.staff_id, "client_id": grant.client_id, "account_id": grant.account_id}
        claims |= {name: str(value) for name, value in optional.items() if value is not None}
        return IssuedToken(self._keyring.sign(claims))
