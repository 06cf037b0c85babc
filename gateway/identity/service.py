"""Use cases of clients and staff logins. Each writes its audit row in the same transaction (X7); none commits."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from gateway.identity import lifecycle, store
from gateway.identity.grants import digest
from gateway.identity.models import Account, Client
from gateway.identity.passwords import Passwords, require_good
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


async def disable_account(work: Work, id: UUID) -> Account:  # noqa: A002
    """End a login by hand; tokens already issued run out within ten minutes."""
    account = await store.account(work.session, id, lock=True)
    before = lifecycle.state(account)
    lifecycle.disable(account, work.now)
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


async def follow_staff(work: Work, statuses: Mapping[UUID, str]) -> Sequence[Account]:
    """Let logins follow the people they belong to; returns the accounts that changed."""
    await store.remember_staff(work.session, statuses)
    changed = []
    for account in await store.accounts_of(work.session, statuses):
        before = lifecycle.state(account)
        action = lifecycle.follow_staff(account, statuses[account.staff_id], work.now)  # type: ignore[index]
        if action is not None:
            await audit.record(work, action, "account", account.id, before=before, after=lifecycle.state(account))
            changed.append(account)
    await work.session.flush()
    return changed
