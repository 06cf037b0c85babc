"""The keys that sign access tokens: files in one folder that all gateway processes share.

A file is named after its key id, which starts with the moment the key was made, and everything else follows from
those moments. A new key is published at once and signs after a pause, in which whoever keeps the published keys for a
while fetches them again. The key before it then only verifies, until the last token under it has run out: it retires,
and its file is deleted. Files that come and go are noticed while the gateway runs.
"""

import os
import re
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from joserfc.jwk import Key, OKPKey

from gateway.identity.policy import ACCESS_LIFE, IdentityPolicy
from kit.clock import Clock
from kit.problems import Problem
from kit.tokens import TOKEN_TYPE, JwksSource

_ALGORITHM = "EdDSA"
_MOMENT = re.compile(r"([0-9]{8}T[0-9]{12})-[0-9a-f]{8}")
_SETTLED_NS = 1_000_000_000
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class KeyState(StrEnum):
    """What a key is for at present."""

    WAITING = "waiting"
    SIGNING = "signing"
    VERIFYING = "verifying"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key as its administrator sees it: when it signs from, and when nothing it signed is accepted any more."""

    kid: str
    state: KeyState
    signs_from: datetime | None
    retires_at: datetime | None


class Keyring:
    """The signing keys of one folder; makes the first one. Raises ValueError for a file that is no Ed25519 key."""

    def __init__(self, folder: Path, clock: Clock, policy: IdentityPolicy | None = None) -> None:
        self._folder = folder
        self._clock = clock
        self._policy = policy or IdentityPolicy()
        self._seen = -1
        self._keys: dict[str, OKPKey] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(folder.glob("*.pem")):
            make_key(folder, clock)
        self._look()

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact JWS under the key that signs at present."""
        kid = next(one.kid for one in self.facts() if one.state is KeyState.SIGNING)
        header = {"alg": _ALGORITHM, "kid": kid, "typ": TOKEN_TYPE}
        signed = _encoded(orjson.dumps(header)) + b"." + _encoded(orjson.dumps(claims))
        # joserfc reads and publishes the keys; the signature itself is one call of the key, as RFC 8037 says.
        signature: bytes = self._keys[kid].get_op_key("sign").sign(signed)  # type: ignore[union-attr]
        return (signed + b"." + _encoded(signature)).decode("ascii")

    def published(self) -> dict[str, Any]:
        """The JWK set: the public half of every key that is not retired."""
        live = [self._keys[one.kid] for one in self.facts() if one.state is not KeyState.RETIRED]
        return {"keys": [key.as_dict(private=False) for key in live]}

    def public(self, kid: str) -> OKPKey | None:
        """The key with that id, for verifying."""
        return next((self._keys[kid] for one in self.facts() if one.kid == kid and _verifies(one)), None)

    def facts(self) -> list[KeyFacts]:
        """Every key there is, oldest first."""
        self._look()
        now, kids = self._clock.now(), sorted(self._keys)
        starts = [_moment(kids[0]), *(_moment(kid) + self._policy.key_pause for kid in kids[1:])]
        ends = [*(start + ACCESS_LIFE + self._policy.key_margin for start in starts[1:]), None]
        signing = max((at for at, start in enumerate(starts) if start <= now), default=0)
        return [
            KeyFacts(kid, _state(at, signing, ends[at], now), starts[at] if _known(kid) else None, ends[at])
            for at, kid in enumerate(kids)
        ]

    def rotate(self) -> KeyFacts:
        """Add a key. Raises Problem `transition-refused` while the last one still waits: one at a time is enough."""
        if self.facts()[-1].state is KeyState.WAITING:
            facts: dict[str, Any] = {"from": KeyState.WAITING, "verb": "rotate", "allowed": []}
            raise Problem("transition-refused", **facts)
        make_key(self._folder, self._clock)
        return self.facts()[-1]

    def delete_retired(self) -> list[str]:
        """Delete the files of retired keys; returns the ids of those that this call deleted."""
        retired = [one.kid for one in self.facts() if one.state is KeyState.RETIRED]
        return [kid for kid in retired if _deleted(self._folder / f"{kid}.pem")]

    def kids(self) -> frozenset[str]:
        """The ids of the keys in the folder."""
        self._look()
        return frozenset(self._keys)

    def _look(self) -> None:
        changed = self._folder.stat().st_mtime_ns
        if changed == self._seen:
            return
        keys = {path.stem: _read(path) for path in self._folder.glob("*.pem")}
        if not keys:
            raise ValueError("there is no signing key left")
        # A folder's time is told in steps of some milliseconds: what just changed may change again at the same time.
        settled = time.time_ns() - changed > _SETTLED_NS
        self._keys, self._seen = keys, changed if settled else -1


class OwnKeys(JwksSource):
    """The gateway verifies with the keys it has at hand, and needs nobody to ask."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__("")
        self._keyring = keyring

    async def key(self, kid: str) -> Key | None:
        """The key with that id, or None."""
        return self._keyring.public(kid)


def make_key(folder: Path, clock: Clock) -> str:
    """Add a new key to the folder, readable by nobody else. Returns its id."""
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


def _state(at: int, signing: int, retires_at: datetime | None, now: datetime) -> KeyState:
    if at >= signing:
        return KeyState.SIGNING if at == signing else KeyState.WAITING
    return KeyState.RETIRED if retires_at is not None and retires_at <= now else KeyState.VERIFYING


def _verifies(one: KeyFacts) -> bool:
    return one.state is not KeyState.RETIRED


def _known(kid: str) -> bool:
    return _MOMENT.fullmatch(kid) is not None


def _moment(kid: str) -> datetime:
    """When the key was made; a key that was put there under another name is as old as can be."""
    match = _MOMENT.fullmatch(kid)
    return datetime.strptime(match[1], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC) if match else _LONG_AGO


def _deleted(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:  # another process was faster
        return False
    return True
