"""The limit of a create: the same rows in one transaction, written by pgbench, which does nothing else.

Which rows those are is asked of the database: all that the transaction of one real creation left behind, in whatever
tables. They go into a database of their own on the same server, made by the same migrations: the same tables, checks,
triggers and indexes, but nobody who publishes what stands in the outbox. Ids rise with the time as ours do, numbers
are drawn; every other value is a literal, copied from what the service really wrote, so pgbench has less to send.
"""

import asyncio
import os
import re
import resource
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

import asyncpg

from bench.load import LoadError
from bench.machine import programs
from bench.processes import cpu_seconds
from bench.report import Sample
from bench.stack import Running, environment
from kit.migrate import upgrade_database
from kit.testing.databases import create_database

# Words that are given once, made anew in each transaction.
_MADE = {
    ("ticket", "number"): "'T20261122-' || lpad(nextval('ticket_number')::text, 6, '0')",
    ("idempotency", "key"): "to_hex(:at::bigint) || '-' || {place} || '-' || to_hex(:client_id::bigint)",
    ("payment", "reference"): "to_hex(:at::bigint) || '-' || {place} || '-' || to_hex(:client_id::bigint)",
}
# What goes on by itself, whatever is changed.
_NOT_OURS = {"audit_seal", "alembic_version", "book_check", "policy"}
# What the relay and the sealer add to a row afterwards.
_LATER = {"published_at", "stream_sequence", "blocked_at", "last_error", "xact"}
_TABLES = """
SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FILTER (WHERE is_identity = 'NO') AS columns
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY table_name
"""
# The relay has marked an event since, so its row is another transaction's by now; its instant is the ticket's.
_WRITTEN = {"outbox": "occurred_at = (SELECT opened_at FROM ticket WHERE ticket_id = $1)"}
_OF_ITS_TRANSACTION = "xmin = (SELECT xmin FROM ticket WHERE ticket_id = $1)"
_UUID = re.compile(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'")
Written = Sequence[Mapping[str, str]]
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_AVERAGE = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)
_COUNT = re.compile(r"^number of transactions actually processed: ([0-9]+)", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: ([1-9][0-9]*)", re.MULTILINE)


class Limit:
    """pgbench, ready to run against its own copy of the ticket database."""

    def __init__(self, url: str, script: Path, postgres: int, rows: Mapping[str, int]) -> None:
        self.rows = rows
        self._url = url
        self._script = script
        self._postgres = postgres

    async def measure(self, connections: int, seconds: int) -> Sample:
        """One run. Raises `LoadError` with what pgbench says when it fails."""
        argv = ["-n", "-M", "prepared", f"-c{connections}", "-j1", f"-T{seconds}", "-f", str(self._script)]
        argv += ["-D", f"at={time.time_ns() // 1000}"]
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
    """pgbench with the rows that this ticket's creation wrote; constraints and triggers hold for it, too."""
    connection = await asyncpg.connect(running.database("ticket"))
    try:
        written = await _written(connection, ticket_id)
    finally:
        await connection.close()
    return await limit_of(running, "bench", written, folder)


async def limit_of(
    running: Running, name: str, written: Mapping[str, Written], folder: Path, *, whole: bool = True
) -> Limit:
    """pgbench with these rows in a database of that name, made by the service's migrations.

    Rows that aren't `whole` refer to others that are not among them: references and triggers are then left out, which
    is less to do for pgbench.
    """
    password = secrets.token_urlsafe(16)
    url = await asyncio.to_thread(create_database, running.superuser, name, name, password)
    await upgrade_database("ticket", url)
    begin = ["BEGIN;"]
    if not whole:
        url = urlsplit(running.superuser)._replace(path=f"/{name}").geturl()
        begin.append("SET LOCAL session_replication_role = replica;")
    script = folder / f"{name}.sql"
    statements = [_insert(table, rows) for table, rows in written.items()]
    script.write_text("\n".join(["\\set at :at + 1", *begin, *_with_ids(statements), "COMMIT;"]) + "\n")
    counts = {table: len(rows) for table, rows in written.items()}
    return Limit(url, script, running.pids["postgresql"], counts)


async def transaction_now(running: Running) -> int:
    """The number of a transaction that begins now."""
    connection = await asyncpg.connect(running.database("ticket"))
    try:
        number: int = await connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
        return number
    finally:
        await connection.close()


async def rows_since(running: Running, transaction: int) -> dict[str, Written]:
    """The rows that are of that transaction or a later one."""
    connection = await asyncpg.connect(running.database("ticket"))
    try:
        return await _rows(
            connection, dict.fromkeys(await _tables(connection), "xmin::text::bigint >= $1"), transaction
        )
    finally:
        await connection.close()


async def _written(connection: Connection, ticket_id: str) -> dict[str, Written]:
    """The rows of every table that the creation wrote; the ticket's own first."""
    conditions = {table: _WRITTEN.get(table, _OF_ITS_TRANSACTION) for table in await _tables(connection)}
    found = await _rows(connection, conditions, ticket_id)
    if not {"ticket", "outbox", "audit"} <= set(found):
        raise LoadError(f"creating a ticket wrote only into {sorted(found)}")
    return dict(sorted(found.items(), key=lambda one: one[0] != "ticket"))


async def _tables(connection: Connection) -> dict[str, list[str]]:
    """The columns of each table that are not given by themselves."""
    found = {table: [name for name in columns or () if name not in _LATER]
             for table, columns in await connection.fetch(_TABLES)}  # fmt: skip
    return {table: names for table, names in found.items() if names and table not in _NOT_OURS}


async def _rows(connection: Connection, conditions: Mapping[str, str], value: object) -> dict[str, Written]:
    """The rows that meet their table's condition, each value as a literal."""
    found: dict[str, Written] = {}
    for table, names in (await _tables(connection)).items():
        quoted = ", ".join(f'quote_nullable("{name}"::text)' for name in names)
        rows = await connection.fetch(f'SELECT {quoted} FROM "{table}" WHERE {conditions[table]}', value)
        if rows:
            found[table] = [dict(zip(names, map(_without_colons, row), strict=True)) for row in rows]
    return found


def _without_colons(literal: str) -> str:
    """The same literal; what follows a colon would be a variable to pgbench, in texts as well."""
    if ":" not in literal:
        return literal
    escaped = literal if literal.startswith("E") else "E" + literal.replace("\\", "\\\\")
    return escaped.replace(":", "\\x3a")


def _insert(table: str, rows: Written) -> str:
    """One INSERT of all these rows."""
    columns = ", ".join(f'"{name}"' for name in rows[0])
    tuples = []
    for place, row in enumerate(rows):
        values = (_MADE.get((table, name), literal).replace("{place}", str(place)) for name, literal in row.items())
        tuples.append(f"({', '.join(values)})")
    return f'INSERT INTO "{table}" ({columns}) VALUES {", ".join(tuples)};'


def _with_ids(statements: Sequence[str]) -> list[str]:
    """The statements with ids of this very run and transaction in place of those that were copied."""
    known: dict[str, str] = {}

    def made(found: re.Match[str]) -> str:
        place = len(known)
        head = "lpad(to_hex(:at::bigint), 16, '0')"
        tail = f"lpad(to_hex(:client_id::bigint * 100 + {place}), 16, '0')"
        return known.setdefault(found[1], f"({head} || {tail})::uuid")

    return [_UUID.sub(made, statement) for statement in statements]


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
