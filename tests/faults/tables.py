"""What a service's database says, asked again while PostgreSQL is coming back."""

import asyncpg
from local_stack import Running

from kit.testing.poll import eventually

SERVICES = ("customer", "ticket", "appraisal", "notify")
BACK_SECONDS = 120.0


async def rows(running: Running, service: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    """Rows."""

    async def found() -> tuple[list[asyncpg.Record]] | None:
        try:
            connection = await asyncpg.connect(running.note["databases"][service], timeout=5)
            try:
                return (list(await connection.fetch(query, *arguments)),)
            finally:
                connection.terminate()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            return None

    (answer,) = await eventually(found, within=BACK_SECONDS)
    return answer


async def value(running: Running, service: str, query: str) -> int:
    """One number."""
    (row,) = await rows(running, service, query)
    return int(row[0])
