"""A forge of access tokens: every byte of header, payload and signature can be chosen."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

NOW = int(time.time())
HEADER = {"alg": "EdDSA", "kid": "test", "typ": "at+jwt"}
CLAIMS: dict[str, Any] = {
    "iss": "kefu", "aud": "kefu", "sub": "agent:test", "iat": NOW, "exp": NOW + 600, "jti": "1",
    "roles": ["agent"], "shops": ["*"],
}  # fmt: skip
LEFT_OUT = object()


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forge:
    """Signs with the issuer's own key unless told otherwise."""

    def __init__(self, key: OKPKey) -> None:
        private = key.private_key
        assert isinstance(private, Ed25519PrivateKey)
        self.key = key
        self.sign: Callable[[bytes], bytes] = private.sign

    def token(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token with other claims, or other header fields (LEFT_OUT takes one away)."""
        return self.raw(_json({**HEADER, **(header or {})}), _json({**CLAIMS, **claims}))

    def raw(self, header: bytes, payload: bytes, sign: Callable[[bytes], bytes] | None = None) -> str:
        """A token with exactly these bytes."""
        signed = f"{b64(header)}.{b64(payload)}"
        return f"{signed}.{b64((sign or self.sign)(signed.encode()))}"

    def hmac(self, secret: bytes, **header: Any) -> str:
        """A token signed with a public thing as an HMAC secret (algorithm confusion)."""
        head = _json({**HEADER, "alg": "HS256", **header})
        return self.raw(head, _json(CLAIMS), lambda signed: hmac.new(secret, signed, hashlib.sha256).digest())


def _json(members: dict[str, Any]) -> bytes:
    return orjson.dumps({name: value for name, value in members.items() if value is not LEFT_OUT}, default=str)
