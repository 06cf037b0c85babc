"""The database of this service: one engine, and the one place outside the subscriber loop that commits (I2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from kit.failpoints import Point, reach
from kit.lines import Lines
from kit.logs import log
from kit.problems import Problem, unavailable
from kit.rows import json_text
from kit.session import Home, Session

CONNECT_SECONDS = 2.0
STATEMENT_SECONDS = 10
LOCK_SECONDS = 5
# SQLSTATE classes that say "not now" rather than "never": connection, resources, shutdown, serialisation.
_TRANSIENT_CLASSES = ("08", "53", "57", "40", "55")


class Database:
    """Connections to one service's PostgreSQL, opened when first needed and bounded in every wait.

    Given `lines` are used instead of a `pool` of its own; whoever gave them closes them.
    """

    def __init__(self, url: str, *, pool: int = 4, lines: Lines | None = None) -> None:
        self.url = url
        self.engine = _engine(url)
        self.home = Home(lines or Lines(self.engine, pool))
        self._closes_lines = lines is None

    @asynccontextmanager
    async def transaction(
        self, before: Point = "before-commit", after: Point = "after-commit", *, outdates: bool = True
    ) -> AsyncIterator[Session]:
        """A session whose work is committed when the block ends well and undone when it raises.

        `before` and `after` name the failpoints on either side of the commit. It may have changed anything that is
        remembered (`kit.memory`), so all is forgotten; a unit of work says itself what it outdates.
        Raises Problem `dependency-unavailable` when PostgreSQL is away, `conflict` when a constraint refuses late.
        """
        async with self._session(changes=True) as session:
            yield session
            await session.flush()
            reach(before)
            await session.commit()
            if outdates:
                self.home.memory.forget()
            reach(after)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A session that only reads; its queries stand alone, each sees what is committed when it begins.

        Raises Problem `dependency-unavailable` when PostgreSQL is away.
        """
        async with self._session(changes=False) as session:
            yield session

    @asynccontextmanager
    async def _session(self, *, changes: bool) -> AsyncIterator[Session]:
        session = Session(self.home, changes=changes)
        try:
            yield session
        except Exception as error:
            await session.undo(cut_off=is_transient(error))
            told = as_problem(error)
            if told is error:
                raise
            raise told from error
        except BaseException:
            await session.undo(cut_off=True)
            raise
        await session.close()

    async def connect(self) -> asyncpg.Connection:
        """A connection of its own, outside the pool; for the relay's leadership and its quick statements."""
        connection = await asyncpg.connect(
            self.url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS, statement_cache_size=100
        )
        await connection.set_type_codec("jsonb", encoder=json_text, decoder=orjson.loads, schema="pg_catalog")
        return connection

    async def close(self) -> None:
        """Give all connections back."""
        if self._closes_lines:
            await self.home.lines.close()
        await self.engine.dispose()


def as_problem(error: Exception) -> Exception:
    """The problem that a database error means to a caller; any other error is returned as it is."""
    if isinstance(error, Problem):
        return error
    if is_transient(error):
        log.warning("database.unavailable", error=error)
        return unavailable("database")
    if isinstance(error, IntegrityError | asyncpg.IntegrityConstraintViolationError):
        log.warning("database.constraint", constraint=violated(error))
        return Problem("conflict")
    return error


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later may well succeed: the database is away, busy or shutting down."""
    # The client's own error: a connection that is nobody else's is busy, with the server's last words.
    if isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        cause = error.orig.__cause__ if error.orig is not None else None
        return cause is not None and is_transient(cause)
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", None) or "")[:2] in _TRANSIENT_CLASSES
    return isinstance(error, Problem) and error.slug == "dependency-unavailable"


def violated(error: IntegrityError | asyncpg.IntegrityConstraintViolationError) -> str | None:
    """The name of the constraint that refused, so that a store can say which fact is wrong."""
    cause = error
    if isinstance(error, IntegrityError):
        cause = error.orig.__cause__ if error.orig is not None else None
    return getattr(cause, "constraint_name", None)


@cache
def _engine(url: str) -> AsyncEngine:
    """What SQLAlchemy makes connections with; it keeps none, `Lines` do. It keeps what it has compiled."""
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        poolclass=NullPool,
        json_serializer=json_text,
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS + 2,
            "server_settings": {
                "statement_timeout": str(STATEMENT_SECONDS * 1000),
                "lock_timeout": str(LOCK_SECONDS * 1000),
                "idle_in_transaction_session_timeout": "15000",
                "jit": "off",
                "timezone": "UTC",
            },
            "statement_cache_size": 300,  # new rows come in more combinations than queries do
        },
    )
    event.listen(engine.sync_engine, "handle_error", _invalidate_on_disconnect)
    return engine


def _invalidate_on_disconnect(context: Any) -> None:
    cause = getattr(context.original_exception, "__cause__", None)
    if isinstance(cause, asyncpg.PostgresConnectionError | asyncpg.InterfaceError | OSError):
        context.is_disconnect = True
