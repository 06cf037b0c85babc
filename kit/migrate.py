"""Migrations: one folder per service, dated files whose stem is their revision, applied by `kefu migrate`."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kit.db import Database

_LOCK = 0x6B65_6D69


def folder(service: str) -> Path:
    """Where the service's migrations are."""
    package = "gateway" if service == "gateway" else f"services.{service}"
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise LookupError(f"no service {service}")
    return Path(spec.origin).parent / "migrations"


def head(service: str) -> str:
    """The revision that the service's code expects: the newest file of its folder."""
    return max(path.stem for path in (folder(service) / "versions").glob("2*.py"))


def upgrade(service: str, url: str) -> None:
    """Bring the service's database to head; does nothing when it is there, or ahead: a newer release has been here,
    and whoever goes back to this one finds a schema that it can live beside."""
    asyncio.run(upgrade_database(service, url))


async def upgrade_database(service: str, url: str) -> None:
    """`upgrade`, inside a running event loop."""
    database = Database(url, pool=1)
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_to_head, folder(service), head(service))
            await connection.commit()
    finally:
        await database.close()


def _to_head(connection: Any, location: Path, newest: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(location))
    config.set_main_option("path_separator", "os")
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(text("SET LOCAL lock_timeout = '4s'"))
    # Alembic's own column holds 32 characters; a dated file name with a slug needs more.
    connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num text PRIMARY KEY)"))
    at = connection.execute(text("SELECT max(version_num) FROM alembic_version")).scalar_one()
    if at is None or at <= newest:
        command.upgrade(config, "head")


def run_env() -> None:
    """What every service's `env.py` does."""
    from alembic import context

    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
