"""Databases of tests that are lent again and again: each is as a fresh copy would be."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from kit.db import Database
from kit.testing.lending import MOST_ROWS, MOST_TURNS, Lending
from kit.testing.stage import Databases

TABLES = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
SEQUENCES = "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
TIMERS = """
INSERT INTO timer (kind, subject_id, due_at) SELECT 'x', gen_random_uuid(), now() FROM generate_series(1, $1::int)
"""


@pytest.fixture
async def lending(databases: Databases) -> AsyncIterator[Lending]:
    lending = Lending(databases)
    yield lending
    await lending.close()


async def contents(url: str) -> dict[str, Any]:
    """All rows of all tables, and where the sequences are."""
    connection = await asyncpg.connect(url)
    try:
        rows = {
            table: [row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")]
            for (table,) in await connection.fetch(TABLES)
        }
        return rows | {"sequences": [tuple(row) for row in await connection.fetch(SEQUENCES)]}
    finally:
        await connection.close()


async def do(database: Database, statement: str, *values: object) -> None:
    """On one of the database's lines, as a service would."""
    line = await database.home.lines.take()
    await line.driver.execute(statement, *values)
    database.home.lines.give(line)


async def lent_again(lending: Lending, *, after: str, values: tuple[object, ...] = ()) -> bool:
    """Whether who comes next gets the same database when that was done to it."""
    async with lending.database("customer") as first:
        await do(first, after, *values)
    async with lending.database("customer") as second:
        return first.home.lines is second.home.lines


@pytest.mark.parametrize("service", ["customer", "ticket", "appraisal", "notify"])
async def test_the_next_one_finds_what_a_fresh_copy_holds(
    lending: Lending, databases: Databases, service: str
) -> None:
    fresh = await contents(databases.fresh(service))
    async with lending.database(service) as first:
        assert await contents(first.url) == fresh
        await do(first, TIMERS, 7)
        await do(first, "UPDATE alembic_version SET version_num = 'another'")
        left = await contents(first.url)
        assert {name for name in fresh if left[name] != fresh[name]} == {"timer", "alembic_version", "sequences"}
    async with lending.database(service) as second:
        assert (second.url, second.home.lines) == (first.url, first.home.lines), "the same one"
        assert await contents(second.url) == fresh


async def test_its_connections_are_kept(lending: Lending) -> None:
    async with lending.database("customer") as first:
        await do(first, TIMERS, 1)
        await first.close()
        kept = first.home.lines.backends()
    async with lending.database("customer") as second:
        assert second.home.lines.backends() == kept
        assert len(kept) == 1


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE stray (id int)",
        "ALTER TABLE timer ADD COLUMN mood text",
        "ALTER TABLE audit DISABLE TRIGGER USER",
        "DROP INDEX ix_timer_due",
        "GRANT SELECT ON timer TO PUBLIC",
        "CREATE SEQUENCE slip",
        "ALTER TABLE timer DROP CONSTRAINT uq_timer_kind_subject_id_due_at",
    ],
)
async def test_one_that_was_rebuilt_is_lent_no_more(lending: Lending, change: str) -> None:
    assert await lent_again(lending, after="SELECT 1")
    assert not await lent_again(lending, after=change)


async def test_one_that_has_grown_large_is_lent_no_more(lending: Lending) -> None:
    assert await lent_again(lending, after=TIMERS, values=(MOST_ROWS - 1,))  # and one version of the schema
    assert not await lent_again(lending, after=TIMERS, values=(MOST_ROWS,))


async def test_one_whose_guests_were_ended_is_lent_no_more(lending: Lending) -> None:
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    assert not await lent_again(lending, after=f"{ended} current_database()")


async def test_one_that_somebody_works_on_is_lent_no_more(lending: Lending) -> None:
    async with lending.database("customer") as first:
        await do(first, "SELECT 1")
    guest = await asyncpg.connect(first.url)
    async with lending.database("customer") as second:
        assert second.url != first.url
    await guest.close()


async def test_a_line_that_was_not_given_back_is_nobodys_any_more(lending: Lending) -> None:
    async with lending.database("customer") as first:
        line = await first.home.lines.take()
    async with lending.database("customer") as second:
        assert second.url != first.url
    first.home.lines.give(line)
    await first.home.lines.close()


async def test_it_goes_after_many_turns(lending: Lending) -> None:
    seen = set()
    for _ in range(MOST_TURNS + 2):
        async with lending.database("customer") as database:
            seen.add(database.url)
    assert len(seen) == 2


async def test_without_a_superuser_each_is_lent_once(databases: Databases) -> None:
    """A server that somebody named, with a role that may create databases and no more."""
    admin = urlsplit(databases.fresh("customer"))
    connection = await asyncpg.connect(admin.geturl())
    await connection.execute("CREATE ROLE lender LOGIN CREATEDB PASSWORD 'lender'")
    try:
        place = f"lender:lender@{admin.hostname}:{admin.port}"
        plain = Databases(admin._replace(netloc=place).geturl(), name="lender")
        lending = Lending(plain)
        assert not await lent_again(lending, after="SELECT 1")
        await lending.close()
        plain.drop_all()
        plain.close()
    finally:
        await connection.execute("DROP ROLE lender")
        await connection.close()


async def test_another_loop_is_told_so(lending: Lending) -> None:
    async def elsewhere() -> None:
        async with lending.database("customer"):
            raise AssertionError("lent")

    with pytest.raises(RuntimeError, match=r"Databases\.fresh"):
        await asyncio.to_thread(asyncio.run, elsewhere())
