"""The vault: personal fields as they lie in the database (X6).

What is only displayed is sealed: AES-256-GCM under one of several keys, whose id stands in the envelope, bound to its
table, column and row, so that no sealed value can be moved to another place. What must be found again is kept beside
it as a keyed hash. Sealing keys rotate; the search key is derived from the installation's key and stays.
"""

import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.settings import ProcessSettings, Profile, UnsafeSettingsError

_FORMAT = 1
_NONCE_BYTES = 12  # random: one key is good for four thousand million seals, rotate long before
_KEY = re.compile(r"(?P<id>[A-Za-z0-9_-]{1,32}):(?P<secret>[0-9a-fA-F]{64})")


class BrokenSealError(Exception):
    """A sealed value that can't be opened here: another place, another key, or somebody changed it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value stands; it opens nowhere else."""

    table: str
    column: str
    row_id: UUID

    def bound(self, header: bytes) -> bytes:
        """The associated data: every part with its length, so that no two places read alike."""
        parts = (header, self.table.encode(), self.column.encode(), self.row_id.bytes)
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


@dataclass(frozen=True, slots=True)
class VaultKey:
    """One sealing key: 32 bytes and the id under which envelopes name it."""

    id: str
    secret: bytes = field(repr=False)


class Vault:
    """Seals and opens personal values; the newest key comes first and seals, every key opens."""

    def __init__(self, keys: Sequence[VaultKey], *, search_key: bytes) -> None:
        """ValueError without a key, with two of one id, or with one that is not 32 bytes."""
        if not keys or len({key.id for key in keys}) != len(keys):
            raise ValueError("a vault needs keys, each with an id of its own")
        if any(len(key.secret) != 32 for key in keys):
            raise ValueError("a vault's key has 32 bytes")
        self._ciphers = {key.id: AESGCM(key.secret) for key in keys}
        self.newest = keys[0].id
        self._search_key = search_key

    def seal(self, value: str, place: Place) -> bytes:
        """The value as it may lie in the database, at that place."""
        return self.seal_bytes(value.encode(), place)

    def open(self, sealed: bytes, place: Place) -> str:
        """The value again. Raises BrokenSealError when it was sealed elsewhere, changed, or its key is not here."""
        try:
            return self.open_bytes(sealed, place).decode()
        except UnicodeDecodeError as error:
            raise BrokenSealError("this is no sealed text") from error

    def seal_bytes(self, value: bytes, place: Place) -> bytes:
        """`seal`, of bytes."""
        header, nonce = _header(self.newest), os.urandom(_NONCE_BYTES)
        return header + nonce + self._ciphers[self.newest].encrypt(nonce, value, place.bound(header))

    def open_bytes(self, sealed: bytes, place: Place) -> bytes:
        """`open`, of what was sealed as bytes."""
        key_id, header = _split(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise BrokenSealError("the vault doesn't hold this value's key")
        body = sealed[len(header) :]
        try:
            return cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.bound(header))
        except (InvalidTag, ValueError) as error:
            raise BrokenSealError("the seal is broken") from error

    def reseal(self, sealed: bytes, place: Place) -> bytes | None:
        """The same value under the newest key; None when it is under it already. Raises BrokenSealError."""
        key_id, _ = _split(sealed)
        return None if key_id == self.newest else self.seal(self.open(sealed, place), place)

    def keyed_hash(self, name: str, value: str) -> bytes:
        """32 bytes by which a normalised value of that field is found, and which tell nothing without the key."""
        return hmac.new(self._search_key, f"{name}\0{value}".encode(), sha256).digest()


class VaultSettings(BaseSettings):
    """The sealing keys as the environment gives them: `id:hex,id:hex`, the newest first."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    vault_keys: SecretStr = Field(SecretStr(""), validation_alias="KEFU_VAULT_KEYS")


def open_vault(settings: ProcessSettings) -> Vault:
    """The vault of this installation. Without KEFU_VAULT_KEYS its key is derived from the installation's.

    Raises UnsafeSettingsError for keys that are none, and in production when there are none.
    """
    given = VaultSettings().vault_keys.get_secret_value()
    if not given and settings.profile is Profile.PRODUCTION:
        raise UnsafeSettingsError("KEFU_VAULT_KEYS must be set in production: personal data is sealed with it")
    keys = read_keys(given) if given else [VaultKey("development", _derive(settings.key, "development seal"))]
    return Vault(keys, search_key=_derive(settings.key, "search"))


def read_keys(text: str) -> list[VaultKey]:
    """The keys in `id:hex,id:hex`. Raises UnsafeSettingsError, which never quotes a key."""
    found = [_KEY.fullmatch(part.strip()) for part in text.split(",")]
    keys = [VaultKey(match["id"], bytes.fromhex(match["secret"])) for match in found if match]
    if len(keys) != len(found):
        raise UnsafeSettingsError("KEFU_VAULT_KEYS must be id:hex,id:hex with 32 bytes in hex each, the newest first")
    if len({key.id for key in keys}) != len(keys):
        raise UnsafeSettingsError("KEFU_VAULT_KEYS has two keys of one id")
    return keys


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, f"kefu vault {purpose} 1".encode(), sha256).digest()


def _header(key_id: str) -> bytes:
    return bytes((_FORMAT, len(key_id))) + key_id.encode()


def _split(sealed: bytes) -> tuple[str, bytes]:
    """The id of a sealed value's key, and the whole header. Raises BrokenSealError for what is no envelope."""
    if len(sealed) < 2 or sealed[0] != _FORMAT or len(sealed) < 2 + sealed[1] + _NONCE_BYTES:
        raise BrokenSealError("this is no sealed value")
    header = bytes(sealed[: 2 + sealed[1]])
    try:
        return header[2:].decode("ascii"), header
    except UnicodeDecodeError as error:
        raise BrokenSealError("this is no sealed value") from error
