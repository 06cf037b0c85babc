"""The migrations make the tables that the models say, and the tables refuse what must never be (I10, I12, I13)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from stage import NOON
from ticket_desk import Desk

from contracts.ticket.order import FlagMeaning
from contracts.ticket.ticket import TicketStatus, WaitingOn
from kit import migrate
from kit.ids import new_id
from kit.policies import in_force
from kit.tables import metadata as kits_own
from kit.testing.stage import Databases
from services.ticket.app import POLICIES
from services.ticket.models import TicketServiceTable


@pytest.fixture
async def connection(databases: Databases) -> AsyncIterator[AsyncConnection]:
    """A connection to a migrated database."""
    engine = create_async_engine(databases.fresh("ticket").replace("postgresql", "postgresql+asyncpg", 1))
    async with engine.connect() as opened:
        yield opened
    await engine.dispose()


def differences(connection: Connection) -> list[str]:
    """How the database differs from the models in tables, columns, types and nullability; indexes are the
    migrations' own affair."""
    options = {"compare_type": True, "include_name": lambda name, kind, _: not (kind == "table" and name in OTHERS)}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), TicketServiceTable.metadata)
    changes = [one for each in found for one in (each if isinstance(each, list) else [each])]
    return [str(change) for change in changes if not change[0].endswith(("_index", "_constraint", "_fk"))]


OTHERS = {*kits_own.tables, "alembic_version"}


async def test_migrations_and_models_say_the_same(connection: AsyncConnection) -> None:
    """Tables, columns, their types, and which may be empty."""
    assert {"ticket", "ticket_message", "ticket_link", "shop_order"} <= set(TicketServiceTable.metadata.tables)
    assert await connection.run_sync(differences) == []


async def test_a_difference_would_be_noticed(connection: AsyncConnection) -> None:
    """The comparison above is not blind."""
    for planted, told in (
        ("ALTER TABLE ticket ADD COLUMN mood text", "remove_column"),
        ("ALTER TABLE ticket DROP COLUMN channel", "add_column"),
        ("ALTER TABLE ticket ALTER COLUMN subject DROP NOT NULL", "modify_nullable"),
        ("ALTER TABLE ticket ALTER COLUMN times_reopened TYPE text", "modify_type"),
        ("CREATE TABLE stray (id int)", "remove_table"),
    ):
        await connection.execute(text(planted))
        found = await connection.run_sync(differences)
        assert [told] == [one.split("'")[1] for one in found], planted
        await connection.rollback()


async def test_the_order_of_columns_is_nobodys_business(desk: Desk) -> None:
    """Orders are written by column name: a column that a later migration adds in another place moves no value."""
    await desk.change("ALTER TABLE shop_order RENAME COLUMN region TO region_before")
    await desk.change("ALTER TABLE shop_order ADD COLUMN region text")
    order = await desk.put(region="江苏", courier="SF", channel="app")
    assert (order["region"], order["courier"], order["channel"]) == ("江苏", "SF", "app")


async def test_the_shipped_policies_are_the_codes_defaults(desk: Desk) -> None:
    """X3, I13: version 1, in force for ever back."""
    async with desk.client.runtime.database.reading() as session:
        for kind in POLICIES:
            found: Any = await in_force(session, kind, "anywhere", NOON.replace(year=1990))
            assert (found.shop, found.version, found.document) == ("main", 1, kind.default)


async def test_statuses_that_do_not_exist_are_refused_by_the_tables(desk: Desk) -> None:
    """I10: the vocabulary of the tables is that of the contracts."""
    ticket = await desk.open()
    await desk.put()
    of_ticket = f"UPDATE ticket SET %s WHERE ticket_id = '{ticket['ticket_id']}'"
    for status in (*TicketStatus, "ended"):
        for waiting_on in (*WaitingOn, None):
            value = f"'{waiting_on}'" if waiting_on else "NULL"
            allowed = status != "ended" and (status == "waiting") == (waiting_on is not None)
            assert (
                await _takes(desk, of_ticket % f"status = '{status}', waiting_on = {value}, due_at = NULL") is allowed
            )
    assert not await _takes(desk, of_ticket % "status = 'waiting', waiting_on = 'godot'")
    for meaning in (*FlagMeaning, "urgent"):
        for fake in (True, False):
            allowed = meaning != "urgent" and (meaning == "fake") == fake
            change = f"UPDATE shop_order SET flag_meaning = '{meaning}', fake = {fake}"
            assert await _takes(desk, change) is allowed


async def test_amounts_that_can_not_be_are_refused_by_the_tables(desk: Desk) -> None:
    """I12, X4: nothing below zero, and what was paid is what was due."""
    await desk.put(paid="20.00")
    for change in (
        "goods_minor = -1", "discount_minor = -1", "freight_minor = -1", "cost_minor = -1", "paid_minor = 1999",
        "revision = 0", "currency = 'cny'",
    ):  # fmt: skip
        assert not await _takes(desk, f"UPDATE shop_order SET {change}"), change
    copy = "INSERT INTO shop_order SELECT (o).* FROM (SELECT jsonb_populate_record(o, CAST(:id AS jsonb)) o FROM shop_order o)"
    assert not await _takes(desk, copy, id=f'{{"order_id": "{new_id()}"}}')


async def test_migrating_again_changes_nothing(databases: Databases) -> None:
    """Migrations are applied once; a second start finds them done, and so does an older release that comes back."""
    url = databases.fresh("ticket")
    await migrate.upgrade_database("ticket", url)
    engine = create_async_engine(url.replace("postgresql", "postgresql+asyncpg", 1))
    version = text("SELECT version_num FROM alembic_version")
    async with engine.begin() as opened:
        assert (await opened.execute(version)).scalars().all() == [migrate.head("ticket")]
        await opened.execute(text("UPDATE alembic_version SET version_num = '2999_01_01_0001_newer'"))
    await migrate.upgrade_database("ticket", url)
    async with engine.connect() as opened:
        assert (await opened.execute(version)).scalars().all() == ["2999_01_01_0001_newer"]
    await engine.dispose()


async def _takes(desk: Desk, statement: str, **values: Any) -> bool:
    """Whether the tables take this; nothing of it is kept."""
    async with desk.client.runtime.database.reading() as session:
        try:
            await session.execute(text(statement), values)
        except IntegrityError:
            return False
        return True
