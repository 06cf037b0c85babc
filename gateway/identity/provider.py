"""A company's own OpenID provider, trusted by settings: its access tokens are proved here and exchanged for ours.

What is accepted of it is written down: algorithms (asymmetric ones, never HMAC), audience, and which of its roles
means which of ours. A header may name its key and nothing else that could steer the check (RFC 8725). Services never
see these tokens.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.util import urlsafe_b64decode

from gateway.identity import lifecycle, store
from gateway.identity.internal import InternalTokens, Proven
from gateway.identity.tokens import Grant
from kit.db import Database
from kit.tokens import MAX_TOKEN_CHARS, JwksSource, instant_of, json_object, listed_keys, refused, text_of, uuid_of

Algorithm = Literal["RS256", "ES256", "EdDSA"]
ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA")
_STEERLESS = {"alg", "kid", "typ", "x5t", "x5t#S256"}  # thumbprints repeat what `kid` says; nobody looks at them
_TYPES = {"jwt", "at+jwt", "application/at+jwt"}
_LEEWAY_SECONDS = 5
_MAX_ROLES = 200
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Trust:
    """What is accepted of a provider, and what it means here. `shops_claim` empty: its people serve all shops."""

    issuer: str
    audience: str
    roles: Mapping[str, str]
    role_claim: str = "roles"
    staff_claim: str = "staff_id"
    shops_claim: str = ""
    algorithms: frozenset[str] = field(default_factory=lambda: frozenset(ALGORITHMS))


class Provider:
    """Proves people by an access token of the trusted provider."""

    def __init__(
        self, trust: Trust, keys: JwksSource, database: Database, internal: InternalTokens,
        *, now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._trust = trust
        self._keys = keys
        self._database = database
        self._internal = internal
        self._now = now

    def claims_to_have_issued(self, token: str) -> bool:
        """Whether the token says it is this provider's. It only tells whom to ask: nothing is believed yet."""
        try:
            return json_object(_part(token, 1)).get("iss") == self._trust.issuer
        except (ValueError, TypeError, RecursionError):
            return False

    async def prove(self, token: str) -> Proven:
        """The internal token for a good token of the provider.

        Raises Problem `unauthenticated` for any other, and for staff that has left or is suspended;
        `dependency-unavailable` when its keys were never had and it is away.
        """
        try:
            claims = json_object(await self._verified(token))
            grant, until = self._grant(claims), datetime.fromtimestamp(instant_of(claims["exp"]), UTC)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise refused() from error
        if grant.staff_id is None:
            return Proven(self._internal.sign(grant, until=until))
        return await self._for_staff(grant, grant.staff_id, until)

    async def _for_staff(self, grant: Grant, staff_id: UUID, until: datetime) -> Proven:
        async with self._database.transaction() as session:
            status = await store.staff_status(session, staff_id, hold=True)
            if status is not None and not lifecycle.may_work(status):
                raise refused()
            return Proven(self._internal.sign(grant, until=until))

    async def _verified(self, token: str) -> bytes:
        """The claims, signed by one of the provider's keys with the one algorithm that key is for."""
        header = json_object(_part(token, 0))
        algorithm = header["alg"]
        if not set(header) <= _STEERLESS or algorithm not in self._trust.algorithms:
            raise ValueError("not a header of the provider")
        if str(header.get("typ", "JWT")).lower() not in _TYPES:
            raise ValueError("no access token")
        key = await self._keys.key(text_of(header["kid"]))
        if key is None or algorithm_of(key) != algorithm:
            raise ValueError("no key for it")
        return jws.deserialize_compact(token, key, algorithms=[algorithm]).payload

    def _grant(self, claims: Mapping[str, Any]) -> Grant:
        trust, now = self._trust, self._now()
        expires, issued = instant_of(claims["exp"]), instant_of(claims["iat"])
        starts = instant_of(claims.get("nbf", claims["iat"]))
        if expires <= now or max(issued, starts) > now + _LEEWAY_SECONDS:
            raise ValueError("not valid now")
        if claims["iss"] != trust.issuer or trust.audience not in _listed(claims["aud"]):
            raise ValueError("meant for somebody else")
        if "nonce" in claims or "at_hash" in claims or claims.get("typ") == "ID":
            raise ValueError("an ID token is no access token")
        theirs = _listed(_at(claims, trust.role_claim))
        roles = sorted({trust.roles[role] for role in theirs if role in trust.roles})
        if not roles:
            raise ValueError("nobody here")
        shops = [text_of(shop) for shop in _listed(_at(claims, trust.shops_claim))] if trust.shops_claim else ["*"]
        subject = f"oidc:{text_of(claims['sub'])}"
        return Grant(text_of(subject), roles, shops, staff_id=uuid_of(_at(claims, trust.staff_claim)))


def provider_keys(document: bytes) -> dict[str, Key]:
    """The public keys of a provider's JWKS that sign with an algorithm we accept; others are passed over.

    Raises ValueError when there is none: a broken answer must not take good keys away.
    """
    keys: dict[str, Key] = {}
    for member in listed_keys(document):
        try:
            key = import_key(member)
            if key.kid and algorithm_of(key) in ALGORITHMS and member.get("use", "sig") == "sig":
                keys[key.kid] = key
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            continue
    if not keys:
        raise ValueError("no key set of a provider")
    return keys


def algorithm_of(key: Key) -> str | None:
    """The one algorithm that a key may sign with here; a key that names another is for nothing."""
    fitting = None
    if isinstance(key, RSAKey) and key.raw_value.key_size >= _RSA_BITS:
        fitting = "RS256"
    elif isinstance(key, ECKey) and key.curve_name == "P-256":
        fitting = "ES256"
    elif isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        fitting = "EdDSA"
    return fitting if key.get("alg") in (None, fitting) else None


def _part(token: str, at: int) -> bytes:
    if len(token) > MAX_TOKEN_CHARS or not token.isascii() or token.count(".") != 2:
        raise ValueError("no compact JWS")
    return urlsafe_b64decode(token.split(".")[at].encode())


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by dots inside others (`realm_access.roles`); the whole name goes first, as some
    providers name claims after addresses."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _listed(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed[:_MAX_ROLES] if isinstance(one, str)]
