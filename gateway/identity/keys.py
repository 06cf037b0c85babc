"""The keys that sign access tokens: files in one folder, the newest signs and all are published.

A file is named after its key id, which starts with the moment the key was made, so names sort by age. Rotation adds
a file and, once the last token under an old one has run out, removes that one; both are noticed while the gateway
runs.
"""

import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import orjson
from joserfc.jwk import OKPKey

from kit.clock import Clock
from kit.tokens import TOKEN_TYPE, JwksSource

_ALGORITHM = "EdDSA"


class Keyring:
    """The signing keys of one folder; makes the first one. Raises ValueError for a file that is no Ed25519 key."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._seen = -1
        self._keys: dict[str, OKPKey] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(folder.glob("*.pem")):
            make_key(folder, clock)
        self._look()

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact JWS under the newest key."""
        self._look()
        kid, key = max(self._keys.items())
        header = {"alg": _ALGORITHM, "kid": kid, "typ": TOKEN_TYPE}
        signed = _encoded(orjson.dumps(header)) + b"." + _encoded(orjson.dumps(claims))
        # joserfc reads and publishes the keys; the signature itself is one call of the key, as RFC 8037 says.
        signature: bytes = key.get_op_key("sign").sign(signed)  # type: ignore[union-attr]
        return (signed + b"." + _encoded(signature)).decode("ascii")

    def published(self) -> dict[str, Any]:
        """The JWK set: the public half of every key."""
        self._look()
        return {"keys": [key.as_dict(private=False) for _, key in sorted(self._keys.items())]}

    def public(self, kid: str) -> OKPKey | None:
        """The key with that id, for verifying."""
        self._look()
        return self._keys.get(kid)

    def _look(self) -> None:
        changed = self._folder.stat().st_mtime_ns
        if changed == self._seen:
            return
        keys = {path.stem: _read(path) for path in self._folder.glob("*.pem")}
        if not keys:
            raise ValueError("there is no signing key left")
        self._keys, self._seen = keys, changed


class OwnKeys(JwksSource):
    """The gateway verifies with the keys it has at hand, and needs nobody to ask."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__("")
        self._keyring = keyring

    async def key(self, kid: str) -> OKPKey | None:
        """The key with that id, or None."""
        return self._keyring.public(kid)


def make_key(folder: Path, clock: Clock) -> str:
    """Add a new key to the folder, readable by nobody else; it signs from now on. Returns its id."""
    kid = f"{clock.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    unfinished = folder / f".{kid}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(OKPKey.generate_key("Ed25519").as_pem(private=True))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / f"{kid}.pem")
    return kid


def _read(path: Path) -> OKPKey:
    key = OKPKey.import_key(path.read_bytes(), {"kid": path.stem, "use": "sig", "alg": _ALGORITHM})
    if key.curve_name != "Ed25519" or not key.is_private:
        raise ValueError(f"{path.name} is not an Ed25519 private key")
    return key


def _encoded(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")
