"""Development logins: the credentials that the local stack generated. Never in production."""

import asyncio
from pathlib import Path

from pydantic import BaseModel, SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.identity import store
from gateway.identity.forms import digest
from gateway.identity.models import Account, Client
from gateway.identity.passwords import Passwords
from kit import audit
from kit.principals import system
from kit.work import Transactions, Work


class ClientSeed(BaseModel):
    """A program's credentials."""

    client_id: str
    client_secret: SecretStr


class AccountSeed(BaseModel):
    """A person's credentials."""

    username: str
    password: SecretStr


class Seeds(BaseModel):
    """The file of development credentials; the names are roles."""

    clients: dict[str, ClientSeed] = {}
    accounts: dict[str, AccountSeed] = {}


def read(path: Path) -> Seeds:
    """The seeds of a file. Raises OSError or ValueError when it cannot be read as such."""
    return Seeds.model_validate_json(path.read_bytes())


async def missing(session: AsyncSession, seeds: Seeds) -> Seeds:
    """Those seeds that the database doesn't have as the file tells them.

    Checking a password is slow by intent, so accounts are looked at by name, and all are renewed when a client's
    secret shows that the file is another one than last time.
    """
    clients = {}
    for role, seed in seeds.clients.items():
        found = await store.client_named(session, seed.client_id)
        if found is None or found.secret_digest != digest(seed.client_secret.get_secret_value()):
            clients[role] = seed
    accounts = {
        role: seed
        for role, seed in seeds.accounts.items()
        if clients or await store.account_named(session, seed.username) is None
    }
    return Seeds(clients=clients, accounts=accounts)


async def plant(transactions: Transactions, passwords: Passwords, seeds: Seeds) -> int:
    """Bring the database to what the seeds say; returns how many logins were made or renewed."""
    async with transactions.database.reading() as session:
        wanted = await missing(session, seeds)
    people = wanted.accounts.items()
    hashes = await asyncio.gather(*(passwords.hash(seed.password.get_secret_value()) for _, seed in people))
    if not wanted.clients and not people:
        return 0
    async with transactions.begin(system("seeds")) as work:
        for role, client in wanted.clients.items():
            await _plant_client(work, role, client)
        for (role, account), password_hash in zip(people, hashes, strict=True):
            await _plant_account(work, role, account, password_hash)
    return len(wanted.clients) + len(people)


async def _plant_client(work: Work, role: str, seed: ClientSeed) -> None:
    secret_digest = digest(seed.client_secret.get_secret_value())
    client = await store.client_named(work.session, seed.client_id, lock=True)
    if client is None:
        client = Client(
            client_id=seed.client_id,
            name=role,
            secret_digest=secret_digest,
            roles=[role],
            shops=["*"],
            created_at=work.now,
        )
        await store.add(work.session, client)
    client.secret_digest = secret_digest
    await audit.record(work, "seed", "client", client.id, after={"roles": client.roles})


async def _plant_account(work: Work, role: str, seed: AccountSeed, password_hash: str) -> None:
    account = await store.account_named(work.session, seed.username, lock=True)
    if account is None:
        account = Account(
            username=seed.username, password_hash=password_hash, roles=[role], shops=["*"], created_at=work.now
        )
        await store.add(work.session, account)
    account.password_hash = password_hash
    await audit.record(work, "seed", "account", account.id, after={"roles": account.roles})
