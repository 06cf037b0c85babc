"""The limit of a create: the same three rows in one transaction, written by pgbench, which does nothing else.

The rows go into a database of their own on the same server, made by the same migrations: the same tables, checks,
triggers and indexes, but nobody who publishes what stands in the outbox. Ids, numbers and times are made by
PostgreSQL; every other value is a literal, copied from what the service really wrote, so pgbench has less to send.
"""

import asyncio
import os
import re
import resource
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from bench.load import LoadError
from bench.machine import programs
from bench.processes import cpu_seconds
from bench.report import Sample
from bench.stack import Running, environment
from kit.migrate import upgrade_database
from kit.testing.databases import create_database

_NAME = "bench"
_MADE = {
    "ticket_id": "uuidv7()",
    "event_id": "uuidv7()",
    "aggregate_id": "uuidv7()",
    "number": "'T20261122-' || lpad(nextval('ticket_number')::text, 6, '0')",
    "opened_at": "clock_timestamp()",
    "occurred_at": "clock_timestamp()",
    "at": "clock_timestamp()",
}
_LEFT_TO_DEFAULTS = {"id", "published_at", "stream_sequence", "blocked_at", "last_error"}
_ROWS = {
    "outbox": "SELECT * FROM outbox WHERE aggregate_id = $1",
    "ticket": "SELECT * FROM ticket WHERE ticket_id = $1",
    "audit": "SELECT * FROM audit WHERE aggregate_id = $1",
}
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_AVERAGE = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)
_COUNT = re.compile(r"^number of transactions actually processed: ([0-9]+)", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: ([1-9][0-9]*)", re.MULTILINE)


class Limit:
    """pgbench, ready to run against its own copy of the ticket database."""

    def __init__(self, url: str, script: Path, postgres: int) -> None:
        self._url = url
        self._script = script
        self._postgres = postgres

    async def measure(self, connections: int, seconds: int) -> Sample:
        """One run. Raises `LoadError` with what pgbench says when it fails."""
        argv = ["-n", "-M", "prepared", f"-c{connections}", "-j1", f"-T{seconds}", "-f", str(self._script)]
        postgres, client = cpu_seconds(self._postgres), _of_children()
        child = await asyncio.create_subprocess_exec(
            programs() / "pgbench", *argv, env=_login(self._url),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said = (await child.communicate())[0].decode()
        count, tps, average = (pattern.search(said) for pattern in (_COUNT, _TPS, _AVERAGE))
        if child.returncode or _FAILED.search(said) or not (count and tps and average):
            raise LoadError(f"pgbench failed: {said[-600:]}")
        each = 1e6 / int(count[1])
        spent = {"PostgreSQL": cpu_seconds(self._postgres) - postgres, "client": _of_children() - client}
        return Sample(float(tps[1]), {name: used * each for name, used in spent.items()}, float(average[1]))


async def limit(running: Running, ticket_id: str, folder: Path) -> Limit:
    """Make the database, and the script out of the rows that this ticket's creation wrote."""
    password = secrets.token_urlsafe(16)
    url = await asyncio.to_thread(create_database, running.superuser, _NAME, _NAME, password)
    await upgrade_database("ticket", url)
    connection = await asyncpg.connect(running.database("ticket"))
    try:
        statements = [await _insert(connection, table, query, ticket_id) for table, query in _ROWS.items()]
    finally:
        await connection.close()
    script = folder / "create.sql"
    script.write_text("\n".join(["BEGIN;", *statements, "COMMIT;"]) + "\n")
    return Limit(url, script, running.pids["postgresql"])


async def _insert(connection: "asyncpg.Connection[asyncpg.Record]", table: str, query: str, ticket_id: str) -> str:
    """The INSERT of one table. Raises `LoadError` unless creating the ticket wrote exactly one row there."""
    rows = await connection.fetch(query, ticket_id)
    if len(rows) != 1:
        raise LoadError(f"creating a ticket wrote {len(rows)} rows into {table} where 1 was expected")
    names = [name for name in rows[0].keys() if name not in _LEFT_TO_DEFAULTS]  # noqa: SIM118 - a Record iterates values
    quoted = ", ".join(f'quote_nullable("{name}"::text)' for name in names)
    values = await connection.fetchrow(query.replace("*", quoted), ticket_id)
    assert values is not None
    given = [_MADE.get(name, literal) for name, literal in zip(names, values, strict=True)]
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(given)});"


def _login(url: str) -> Mapping[str, str]:
    place = urlsplit(url)
    return environment(
        PGHOST=str(place.hostname),
        PGPORT=str(place.port),
        PGUSER=str(place.username),
        PGPASSWORD=unquote(str(place.password)),
        PGDATABASE=place.path[1:],
        PGOPTIONS="-c jit=off",
        LC_ALL="C",
        PATH=os.environ.get("PATH", ""),
    )


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
