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
_NUMBER = "'T20261122-' || lpad(nextval('ticket_number')::text, 6, '0')"
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
    """Make the database, and the script out of the rows that this ticket's creation wrote."""
    password = secrets.token_urlsafe(16)
    url = await asyncio.to_thread(create_database, running.superuser, _NAME, _NAME, password)
    await upgrade_database("ticket", url)
    connection = await asyncpg.connect(running.database("ticket"))
    try:
        written = await _written(connection, ticket_id)
    finally:
        await connection.close()
    script = folder / "create.sql"
    statements = [_insert(table, rows) for table, rows in written.items()]
    script.write_text("\n".join(["\\set at :at + 1", "BEGIN;", *_with_ids(statements), "COMMIT;"]) + "\n")
    counts = {table: len(rows) for table, rows in written.items()}
    return Limit(url, script, running.pids["postgresql"], counts)


Written = Sequence[Mapping[str, str]]


async def _written(connection: "asyncpg.Connection[asyncpg.Record]", ticket_id: str) -> dict[str, Written]:
    """The rows of every table that the creation wrote, each value as a literal; the ticket's own first."""
    found: dict[str, Written] = {}
    for table, columns in await connection.fetch(_TABLES):
        names = [name for name in columns or () if name not in _LATER]
        if not names:
            continue
        quoted = ", ".join(f'quote_nullable("{name}"::text)' for name in names)
        where = _WRITTEN.get(table, _OF_ITS_TRANSACTION)
        uses = "$1" in where
        rows = await connection.fetch(f'SELECT {quoted} FROM "{table}" WHERE {where}', *([ticket_id] if uses else []))
        if rows:
            found[table] = [dict(zip(names, map(_without_colons, row), strict=True)) for row in rows]
    if not {"ticket", "outbox", "audit"} <= set(found):
        raise LoadError(f"creating a ticket wrote only into {sorted(found)}")
    return dict(sorted(found.items(), key=lambda one: one[0] != "ticket"))


def _without_colons(literal: str) -> str:
    """The same literal; what follows a colon would be a variable to pgbench, in texts as well."""
    if ":" not in literal:
        return literal
    escaped = literal if literal.startswith("E") else "E" + literal.replace("\\", "\\\\")
    return escaped.replace(":", "\\x3a")


def _insert(table: str, rows: Written) -> str:
    """One INSERT of all these rows."""
    columns = ", ".join(f'"{name}"' for name in rows[0])
    made = {"number": _NUMBER} if table == "ticket" else {}
    tuples = (", ".join(made.get(name, literal) for name, literal in row.items()) for row in rows)
    return f'INSERT INTO "{table}" ({columns}) VALUES {", ".join(f"({one})" for one in tuples)};'


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
