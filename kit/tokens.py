"""Access tokens: EdDSA JWTs, verified by every service against the gateway's published keys (RFC 8725).

The algorithm is fixed, `kid` is only looked up, anything else in the header that could steer verification is refused.
A verified token is remembered by its exact text until it expires, so a hot caller costs a dictionary look-up.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, OKPKey
from joserfc.util import urlsafe_b64decode

from kit.principals import Principal
from kit.problems import Problem, unavailable

AUDIENCE = "kefu"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type
MAX_TOKEN_CHARS = 4096
_ALGORITHMS = ["EdDSA"]
_HEADER = {"alg", "kid", "typ"}
_CACHED_TOKENS = 10_000
_REFETCH_SECONDS = 15.0
_STALE_SECONDS = 60.0
_LEEWAY_SECONDS = 5
_JWKS_BYTES = 64 * 1024


class JwksSource:
    """The issuer's public keys, from an http(s) address or a file; kept while the issuer is away.

    `read_keys` picks the usable keys of a JWKS by their id, and raises ValueError when there is none.
    """

    def __init__(
        self,
        location: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        read_keys: Callable[[bytes], Mapping[str, Key]] | None = None,
    ) -> None:
        self._location = location
        self._monotonic = monotonic
        self._read_keys = read_keys or ed25519_keys
        self._keys: Mapping[str, Key] = {}
        self._asked_at: float | None = None
        self._fetched_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> Key | None:
        """The key with that id, or None. Unknown ids lead to at most one fetch per 15 seconds.

        Raises Problem `dependency-unavailable` when no key was ever fetched and the issuer is away.
        """
        if kid not in self._keys or self._is_stale():
            await self._refresh()
        if self._fetched_at is None:
            raise unavailable("identity")
        return self._keys.get(kid)

    def _is_stale(self) -> bool:
        return self._fetched_at is None or self._monotonic() - self._fetched_at > _STALE_SECONDS

    async def _refresh(self) -> None:
        async with self._lock:
            wait = _REFETCH_SECONDS if self._fetched_at is not None else 0.2
            if self._asked_at is not None and self._monotonic() - self._asked_at < wait:
                return
            self._asked_at = self._monotonic()
            try:
                self._keys = self._read_keys(await self._read())
            except (OSError, ValueError, TimeoutError):
                return  # keep the keys we have; with none, `key` says so
            self._fetched_at = self._monotonic()

    async def _read(self) -> bytes:
        if not self._location.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self._location).read_bytes)
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as http, http.get(self._location) as answer:
                if answer.status != 200:
                    raise OSError("the issuer did not give its keys")
                document = b""
                async for piece in answer.content.iter_any():
                    document += piece
                    if len(document) > _JWKS_BYTES:
                        raise OSError("no key set is that large")
                return document
        except aiohttp.ClientError as error:
            raise OSError("the issuer is away") from error


class Verifier:
    """Turns a bearer token into a principal, or refuses it."""

    def __init__(
        self, keys: JwksSource, issuer: str, *, now: Callable[[], float] = time.time, audience: str = AUDIENCE
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._verified: dict[str, tuple[float, Principal]] = {}

    def recall(self, token: str) -> Principal | None:
        """The principal of a token that has been verified before and has not run out."""
        cached = self._verified.get(token)
        return cached[1] if cached is not None and cached[0] > self._now() else None

    def forget(self) -> None:
        """Verify every token anew; for when a key is withdrawn before the tokens under it have run out."""
        self._verified.clear()

    async def verify(self, token: str) -> Principal:
        """The principal of a good token.

        Raises Problem `unauthenticated` for any other, `dependency-unavailable` when no key could be fetched.
        """
        known = self.recall(token)
        if known is not None:
            return known
        self._verified.pop(token, None)
        principal, expires = await self._examine(token)
        if len(self._verified) >= _CACHED_TOKENS:
            self._verified.clear()
        self._verified[token] = (expires, principal)
        return principal

    async def _examine(self, token: str) -> tuple[Principal, float]:
        try:
            header = _header_of(token)
            key = await self._keys.key(header["kid"])
            if key is None:
                raise ValueError("unknown kid")
            signed = jws.deserialize_compact(token, key, algorithms=_ALGORITHMS)
            claims = json_object(signed.payload)
            return self._principal(claims), float(claims["exp"])
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise refused() from error

    def _principal(self, claims: dict[str, Any]) -> Principal:
        now = self._now()
        expires, issued = instant_of(claims["exp"]), instant_of(claims["iat"])
        starts = instant_of(claims.get("nbf", claims["iat"]))
        if expires <= now or issued > now + _LEEWAY_SECONDS or starts > now + _LEEWAY_SECONDS:
            raise ValueError("not valid now")
        if claims["iss"] != self._issuer or claims["aud"] != self._audience:
            raise ValueError("meant for somebody else")
        return Principal(
            subject=text_of(claims["sub"]),
            roles=texts_of(claims["roles"]),
            shops=texts_of(claims["shops"]),
            staff_id=uuid_of(claims.get("staff_id")),
            client_id=text_of(claims["client_id"]) if "client_id" in claims else None,
            account_id=uuid_of(claims.get("account_id")),
            expires_at=datetime.fromtimestamp(expires, UTC),
            issued_at=datetime.fromtimestamp(issued, UTC),
            session_id=uuid_of(claims.get("sid")),
        )


def refused() -> Problem:
    """The 401 of every endpoint; it never tells why, so that nobody learns by trying."""
    return Problem("unauthenticated", headers={"WWW-Authenticate": 'Bearer realm="kefu"'})


def bearer_token(authorization: str | None) -> str:
    """The token of an Authorization header. Raises Problem `unauthenticated` when there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARS:
        raise refused()
    return token


def ed25519_keys(document: bytes) -> dict[str, Key]:
    """The Ed25519 keys of a JWKS by their id; what else stands in it is passed over (RFC 7517, section 5).

    Raises ValueError when there is none: a broken answer must not take good keys away.
    """
    keys: dict[str, Key] = {}
    for member in listed_keys(document):
        try:
            key = OKPKey.import_key(member)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if key.kid and key.curve_name == "Ed25519":
            keys[key.kid] = key
    if not keys:
        raise ValueError("no key set of ours")
    return keys


def listed_keys(document: bytes) -> list[Any]:
    """What stands in the list of a JWKS, unexamined. Raises ValueError for what is not JSON."""
    members = orjson.loads(document)
    listed = members.get("keys") if isinstance(members, dict) else None
    return listed if isinstance(listed, list) else []


def _header_of(token: str) -> dict[str, str]:
    if len(token) > MAX_TOKEN_CHARS or not token.isascii() or token.count(".") != 2:
        raise ValueError("no compact JWS")
    header = json_object(urlsafe_b64decode(token.split(".", 1)[0].encode()))
    if set(header) != _HEADER or header["alg"] != "EdDSA" or header["typ"] != TOKEN_TYPE:
        raise ValueError("not a header of ours")
    return {name: text_of(value) for name, value in header.items()}


def json_object(raw: bytes) -> dict[str, Any]:
    """A JSON object in which no name stands twice: parsers differ on which of the two they take."""
    import json

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in items}) != len(items):
            raise ValueError("a name stands twice")
        return dict(items)

    value = json.loads(raw.decode(), object_pairs_hook=pairs)  # from bytes it would guess UTF-16 and -32 too
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def instant_of(value: Any) -> float:
    """A claim that is a NumericDate. Raises ValueError for anything but a whole number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 40:
        raise ValueError("no instant")
    return float(value)


def text_of(value: Any) -> str:
    """A claim that is a short text. Raises ValueError."""
    if not isinstance(value, str) or not value or len(value) > 200:
        raise ValueError("no text")
    return value


def texts_of(value: Any) -> frozenset[str]:
    """A claim that is a list of short texts. Raises ValueError or TypeError."""
    if not isinstance(value, list):
        raise TypeError("no list")
    return frozenset(text_of(item) for item in value)


def uuid_of(value: Any) -> UUID | None:
    """A claim that is a UUID, if it is there. Raises ValueError."""
    return None if value is None else UUID(text_of(value))
