"""The secrets of a local stack, made once per home and kept in `secrets.json`, which only its owner reads."""

import json
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from contracts.broker import USERS
from kit.testing.databases import SERVICES

CLIENTS = {"storefront": "storefront", "service": "notify"}
"""Development clients by role: the shop's backend, and the service that asks for contacts."""
STAFF_ROLES = ("admin", "agent", "supervisor", "manager", "finance", "auditor")


class Client(BaseModel):
    """What a shop's own backend signs in with."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    client_secret: str


class Account(BaseModel):
    """What a member of staff signs in with."""

    model_config = ConfigDict(frozen=True)

    username: str
    password: str


class Secrets(BaseModel):
    """Everything secret of one home: the installation's key (hex), passwords at the databases and the broker,
    development logins.

    The gateway reads `clients` and `accounts` (by role) from the same file and seeds its database with them.
    """

    model_config = ConfigDict(frozen=True)

    installation_key: str
    databases: dict[str, str]
    broker: dict[str, str] = {}
    clients: dict[str, Client]
    accounts: dict[str, Account]


def of_home(path: Path) -> Secrets:
    """Read the secrets at `path`, or make and keep new ones when there are none yet."""
    if path.exists():
        return _completed(path, Secrets.model_validate_json(path.read_bytes()))
    made = Secrets(
        installation_key=secrets.token_hex(32),
        databases={service: secrets.token_urlsafe(24) for service in SERVICES},
        broker={user: secrets.token_urlsafe(24) for user in USERS},
        clients={role: _client(name) for role, name in CLIENTS.items()},
        accounts={role: Account(username=role, password=secrets.token_urlsafe(12)) for role in STAFF_ROLES},
    )
    write_private(path, made.model_dump_json(indent=2))
    return made


def _client(name: str) -> Client:
    return Client(client_id=name, client_secret=secrets.token_urlsafe(32))


def _completed(path: Path, known: Secrets) -> Secrets:
    """A home of an earlier release lacks the clients and users that came since."""
    clients = {role: _client(name) for role, name in CLIENTS.items() if role not in known.clients}
    users = {user: secrets.token_urlsafe(24) for user in USERS if user not in known.broker}
    if not clients and not users:
        return known
    completed = known.model_copy(
        update={"clients": {**known.clients, **clients}, "broker": {**known.broker, **users}}
    )
    write_private(path, completed.model_dump_json(indent=2))
    return completed


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text + "\n")
    draft.replace(path)


def read_json(path: Path) -> dict[str, object]:
    """The JSON object in a file; empty when there is no file."""
    if not path.exists():
        return {}
    content: dict[str, object] = json.loads(path.read_bytes())
    return content
