"""API keys: for programs that can't fetch tokens (G2).

`kefu_<key id>_<secret>_<checksum>`: the id finds the row, the secret has 256 bits, and the checksum lets anyone tell
a key from a slip of the keyboard or find one that leaked, without asking us. What is kept is the digest of the whole.
"""

import re
import secrets
import zlib
from dataclasses import dataclass, field
from hmac import compare_digest
from uuid import UUID

from gateway.identity import lifecycle, store
from gateway.identity.forms import digest
from gateway.identity.internal import InternalTokens, Proven
from gateway.identity.models import ApiKey
from gateway.identity.policy import IdentityPolicy
from gateway.identity.revocation import Revocations
from gateway.identity.schemas import ApiKeyCreate
from gateway.identity.tokens import Grant
from kit import audit
from kit.principals import system
from kit.problems import Fault, Problem, invalid
from kit.tokens import refused
from kit.work import Transactions, Work

KEY = re.compile(r"kefu_([0-9a-f]{16})_([0-9a-f]{64})_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key and its text, which is told this once and kept nowhere."""

    key: ApiKey
    text: str = field(repr=False)


def new_text() -> tuple[str, str]:
    """A new key: its id and its whole text."""
    key_id = secrets.token_hex(8)
    start = f"kefu_{key_id}_{secrets.token_hex(32)}"
    return key_id, f"{start}_{_checksum(start)}"


def key_id_of(text: str) -> str | None:
    """The id in a key, or None for what is none."""
    match = KEY.fullmatch(text)
    if match is None or match[3] != _checksum(text.rpartition("_")[0]):
        return None
    return match[1]


async def make_api_key(work: Work, wanted: ApiKeyCreate, policy: IdentityPolicy) -> NewApiKey:
    """Make a key for a client.

    Raises Problem `invalid-request` for an unknown client, a role it doesn't have or a time that is past or too far
    away, `api-key-limit` when it has as many live keys as it may.
    """
    client = await store.client_named(work.session, wanted.client_id, lock=True)
    if client is None or client.disabled_at is not None:
        raise invalid("/client_id", "没有这个有效的客户端", "There is no such client in use")
    if not work.now < wanted.expires_at <= work.now + policy.api_key_longest:
        raise invalid("/expires_at", "有效期须在未来一年之内", "Must lie within the coming year")
    faults = [
        Fault(f"/scopes/{at}", "该客户端没有此角色", "The client doesn't have this role")
        for at, scope in enumerate(wanted.scopes)
        if scope not in client.roles
    ]
    if faults:
        raise Problem("invalid-request", faults=faults)
    if await store.count_live_keys(work.session, client.client_id, work.now) >= policy.api_keys_live:
        raise Problem("api-key-limit", limit=policy.api_keys_live)
    key_id, text = new_text()
    key = ApiKey(
        key_id=key_id,
        client_id=client.client_id,
        digest=digest(text),
        scopes=sorted(set(wanted.scopes)),
        created_at=work.now,
        expires_at=wanted.expires_at,
    )
    await store.add(work.session, key)
    after = {"client_id": key.client_id, "scopes": key.scopes, "expires_at": str(key.expires_at)}
    await audit.record(work, "create", "api_key", key.id, after=after)
    return NewApiKey(key, text)


async def revoke_api_key(work: Work, id: UUID, revocations: Revocations) -> ApiKey:  # noqa: A002
    """End a key, with the internal tokens that stand for it. Raises Problem `not-found` or `transition-refused`."""
    key = await store.api_key(work.session, id)
    lifecycle.revoke_key(key, work.now)
    await revocations.revoke(work, f"api-key:{id}")
    await audit.record(work, "revoke", "api_key", id, before={"revoked": False}, after={"revoked": True})
    await work.session.flush()
    return key


class ApiKeys:
    """Proves programs by their API key."""

    def __init__(self, transactions: Transactions, internal: InternalTokens) -> None:
        self._transactions = transactions
        self._internal = internal

    async def prove(self, text: str) -> Proven:
        """What the key permits: those of its scopes that its client still has. Raises Problem `unauthenticated`."""
        key_id = key_id_of(text)
        if key_id is None:
            raise refused()
        async with self._transactions.begin(system("api-keys")) as work:
            key = await store.key_with(work.session, key_id)
            if key is None or not compare_digest(digest(text), key.digest) or not lifecycle.is_live(key, work.now):
                raise refused()
            client = await store.held_client(work.session, key.client_id)
            if client is None or client.disabled_at is not None:
                raise refused()
            key.last_used_at = work.now
            scopes = [scope for scope in key.scopes if scope in client.roles]
            grant = Grant(f"client:{client.client_id}", scopes, client.shops, client_id=client.client_id)
            return Proven(self._internal.sign(grant, until=key.expires_at), f"api-key:{key.id}")


def _checksum(start: str) -> str:
    return f"{zlib.crc32(start.encode()):08x}"
