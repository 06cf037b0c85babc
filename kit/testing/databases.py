"""One database and one role per service: each role owns its own database and may enter no other."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import asyncpg

SERVICES = ("customer", "ticket", "appraisal", "notify", "gateway")
MAINTENANCE = ("postgres", "template1")
"""Databases every server has; they are closed to the services' roles too."""


def create_database(admin_url: str, name: str, role: str, password: str, *, template: str = "template1") -> str:
    """Make the role and the database it owns, unless they are there, and return the role's URL.

    An existing role gets this password; nobody else may connect to the database. Not for use inside a running
    event loop; there, call it in a thread. Raises `asyncpg.PostgresError` when the server refuses.
    """
    asyncio.run(_create(admin_url, name, role, password, template))
    return role_url(admin_url, name, role, password)


def create_databases(admin_url: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make database and role of every service named in `passwords`; return each role's URL by service.

    The same conditions as `create_database`.
    """

    async def create_all() -> None:
        await asyncio.gather(*(_create(admin_url, name, name, word) for name, word in passwords.items()))

    asyncio.run(create_all())
    return {name: role_url(admin_url, name, name, word) for name, word in passwords.items()}


def role_url(admin_url: str, name: str, role: str, password: str) -> str:
    """The URL with which a role enters its database on the server of `admin_url`."""
    server = urlsplit(admin_url)
    login = f"{quote(role, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{login}@{server.hostname}:{server.port or 5432}/{quote(name, safe='')}"


async def _create(admin_url: str, name: str, role: str, password: str, template: str = "template1") -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        # Several workers may ask at once: for the same role, or to close the same maintenance database.
        async with _alone(connection, f"role {role}"):
            known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if known else "CREATE"
            await connection.execute(f"{verb} ROLE {_name(role)} LOGIN PASSWORD {_text(password)}")
        async with _alone(connection, f"database {name}"):
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
                owner, model = _name(role), _name(template)
                await connection.execute(f"CREATE DATABASE {_name(name)} OWNER {owner} TEMPLATE {model}")
            await _close_to_others(connection, name)
        async with _alone(connection, "maintenance"):
            for database in MAINTENANCE:
                await _close_to_others(connection, database)
    finally:
        await connection.close()


async def _close_to_others(connection: "asyncpg.Connection[asyncpg.Record]", database: str) -> None:
    asked = "SELECT has_database_privilege('public', $1, 'CONNECT')"
    if await connection.fetchval(asked, database):
        await connection.execute(f"REVOKE ALL ON DATABASE {_name(database)} FROM PUBLIC")


@asynccontextmanager
async def _alone(connection: "asyncpg.Connection[asyncpg.Record]", purpose: str) -> AsyncIterator[None]:
    """Hold a server-wide lock. By session, since CREATE DATABASE refuses transactions; an error closes it."""
    await connection.execute("SELECT pg_advisory_lock(hashtext($1))", purpose)
    yield
    await connection.execute("SELECT pg_advisory_unlock(hashtext($1))", purpose)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(literal: str) -> str:
    return "'" + literal.replace("'", "''") + "'"
