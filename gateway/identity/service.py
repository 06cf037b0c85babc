"""Use cases of clients and staff logins. Each writes its audit row in the same transaction (X7); none commits."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

from gateway.identity import lifecycle, sessions, store
from gateway.identity.forms import digest
from gateway.identity.keys import KeyFacts, Keyring, KeyState
from gateway.identity.models import Account, Client
from gateway.identity.passwords import Passwords, require_good
from gateway.identity.revocation import Revocations
from gateway.identity.schemas import AccountCreate, ClientCreate
from kit import audit
from kit.problems import invalid
from kit.work import Work

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client and its secret, which is told this once and kept nowhere."""

    client: Client
    secret: str = field(repr=False)


async def hash_password(passwords: Passwords, wanted: AccountCreate) -> str:
    """The hash of a password that the policy accepts; done before the transaction, because it takes its time."""
    password = wanted.password.get_secret_value()
    require_good(password, username=wanted.username)
    return await passwords.hash(password)


async def open_account(work: Work, wanted: AccountCreate, password_hash: str) -> Account:
    """Make a login. Raises Problem `already-exists` for a taken username, `invalid-request` for somebody who left."""
    status = await store.staff_status(work.session, wanted.staff_id) if wanted.staff_id else None
    if status == "left":
        raise invalid("/staff_id", "该员工已离职", "This member of staff has left")
    account = Account(
        username=wanted.username,
        password_hash=password_hash,
        roles=sorted(wanted.roles),
        shops=sorted(wanted.shops),
        staff_id=wanted.staff_id,
        created_at=work.now,
    )
    if status is not None:
        lifecycle.follow_staff(account, status, work.now)
    await store.add(work.session, account)
    after = {"roles": account.roles, "shops": account.shops, "staff_id": account.staff_id, **lifecycle.state(account)}
    await audit.record(work, "create", "account", account.id, after=after)
    return account


async def disable_account(work: Work, id: UUID, revocations: Revocations) -> Account:  # noqa: A002
    """End a login by hand, with its sessions and tokens."""
    account = await store.account(work.session, id, lock=True)
    before = lifecycle.state(account)
    lifecycle.disable(account, work.now)
    await _end_tokens(work, account, revocations)
    await audit.record(work, "disable", "account", id, before=before, after=lifecycle.state(account))
    await work.session.flush()
    return account


async def register_client(work: Work, wanted: ClientCreate) -> NewClient:
    """Make a client with a random secret. Raises Problem `already-exists` for a taken client id."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    client = Client(
        client_id=wanted.client_id,
        name=wanted.name,
        secret_digest=digest(secret),
        roles=sorted(wanted.roles),
        shops=sorted(wanted.shops),
        created_at=work.now,
    )
    await store.add(work.session, client)
    after = {"client_id": client.client_id, "roles": client.roles, "shops": client.shops}
    await audit.record(work, "create", "client", client.id, after=after)
    return NewClient(client, secret)


async def disable_client(work: Work, id: UUID, revocations: Revocations) -> Client:  # noqa: A002
    """End a client for good, with its tokens, those narrowed to buyers and its API keys."""
    client = await store.client(work.session, id)
    lifecycle.disable_client(client, work.now)
    await revocations.revoke(work, f"client:{client.client_id}")
    await audit.record(work, "disable", "client", id, before={"enabled": True}, after={"enabled": False})
    await work.session.flush()
    return client


async def follow_staff(work: Work, statuses: Mapping[UUID, str], revocations: Revocations) -> Sequence[Account]:
    """Let logins follow the people they belong to; returns the accounts that changed.

    Whoever may not work at present loses their tokens, also those that stand for a trusted provider's.
    """
    await store.remember_staff(work.session, statuses)
    for staff_id, status in statuses.items():
        if not lifecycle.may_work(status):
            await revocations.revoke(work, f"staff:{staff_id}")
    changed = []
    for account in await store.accounts_of(work.session, statuses):
        before = lifecycle.state(account)
        action = lifecycle.follow_staff(account, statuses[account.staff_id], work.now)  # type: ignore[index]
        if action == "disable":
            await _end_tokens(work, account, revocations)
        if action is not None:
            await audit.record(work, action, "account", account.id, before=before, after=lifecycle.state(account))
            changed.append(account)
    await work.session.flush()
    return changed


async def rotate_signing_key(work: Work, keyring: Keyring) -> KeyFacts:
    """Add a signing key. Raises Problem `transition-refused` while the last one waits for its turn.

    Should the commit fail, the key is there all the same and nobody is on record for it, which does no harm.
    """
    before = next(one.kid for one in keyring.facts() if one.state is KeyState.SIGNING)
    made = await asyncio.to_thread(keyring.rotate)
    after = {"kid": made.kid, "signs_from": str(made.signs_from)}
    key = uuid5(NAMESPACE_URL, made.kid)
    await audit.record(work, "rotate", "signing_key", key, before={"kid": before}, after=after)
    return made


async def _end_tokens(work: Work, account: Account, revocations: Revocations) -> None:
    await sessions.end_sessions(work, account.id, revocations)
    await revocations.revoke(work, f"account:{account.id}")
