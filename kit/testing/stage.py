"""Databases for tests: each service is migrated once into a template, of which every test gets a copy of its own."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from kit import migrate
from kit.testing.servers import SERVICES, PostgresServer

T = TypeVar("T")
KEPT = 8
"""How many databases that nobody is connected to stay before the oldest go; a test has long ended by then."""


class Databases:
    """Makes databases on one server; all of them go when it is closed. The tests' own loop is running, so it works on
    a loop of another thread, where one connection stays."""

    def __init__(self, admin_url: str, name: str = "test") -> None:
        self._admin_url = admin_url
        self._prefix = f"kefu_{name}_{os.getpid()}"
        self._templates: dict[str, str] = {}
        self._numbers = count(1)
        self._made: list[tuple[str, str]] = []
        self._free: defaultdict[str, list[str]] = defaultdict(list)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="databases")
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator["Databases"]:
        """On the server that a `*_DATABASE_URL` names (its role must be allowed to create databases; the named
        database itself is left alone), else on an embedded one below `folder`."""
        given = next((url for name in SERVICES if (url := os.environ.get(f"{name.upper()}_DATABASE_URL"))), None)
        server = None if given else PostgresServer(folder, fast=True)
        if server is not None:
            server.start()
        databases = cls(given or (server.url if server else ""))
        try:
            yield databases
        finally:
            if server is None:
                databases.drop_all()
            databases.close()
            if server is not None:
                server.stop()

    def fresh(self, service: str) -> str:
        """The URL of a new database with the service's tables and default policies."""
        if service not in self._templates:
            name = f"{self._prefix}_{service}_template"
            self._admin(f'CREATE DATABASE "{name}"')
            self._run(migrate.upgrade_database(service, self._url(name)))
            self._templates[service] = name
        return self._url(self._run(self._copy(service)))

    async def _copy(self, service: str) -> str:
        """Copy the template, when the oldest copy is gone: the new one may have its name, and with it what SQLAlchemy
        compiled for a database of that name."""
        connection = await self._connected()
        await self._drop_oldest(connection)
        free = self._free[service]
        name = free.pop() if free else f"{self._prefix}_{service}_{next(self._numbers)}"
        template = self._templates[service]
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        self._made.append((service, name))
        return name

    async def _drop_oldest(self, connection: asyncpg.Connection) -> None:
        """Thousands of tests would fill a disk. One that somebody is still connected to stays: PostgreSQL would
        wait five seconds for them to go."""
        used = {row[0] for row in await connection.fetch("SELECT datname FROM pg_stat_activity")}
        unused = [one for one in self._made if one[1] not in used]
        if len(unused) >= KEPT:
            service, oldest = unused[0]
            await connection.execute(f'DROP DATABASE "{oldest}"')
            self._made.remove(unused[0])
            self._free[service].append(oldest)

    def drop_all(self) -> None:
        """Drop what was made."""
        self._run(self._drop_all())

    async def _drop_all(self) -> None:
        connection = await self._connected()
        names = await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", self._prefix)
        for row in names:
            await connection.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')

    def close(self) -> None:
        """Take leave of the server."""
        if self._connection is not None:
            self._run(self._connection.close())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def _admin(self, statement: str) -> None:
        self._run(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        await (await self._connected()).execute(statement)

    async def _connected(self) -> "asyncpg.Connection[asyncpg.Record]":
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._admin_url)
            # The file system copies files in a fraction of the time that it takes through the log; nobody else is
            # writing here.
            await self._connection.execute("SET file_copy_method = clone")
        return self._connection

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.submit(self._runner.run, work).result()

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._admin_url)._replace(path=f"/{name}"))
