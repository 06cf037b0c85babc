"""The kit's tables: what the database itself refuses (I4, X7), and that code and migration agree."""

from datetime import UTC, datetime

import asyncpg
import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from kit_probe import Probe
from kit_rig import AT, OUTBOX_ROW, Peek, Thing, paid
from sqlalchemy import Connection, text

from contracts.storefront import order_key
from kit import audit, outbox, schema_v1
from kit.db import Database
from kit.ids import new_id
from kit.principals import Principal
from kit.problems import Problem
from kit.tables import metadata
from kit.work import Transactions


async def an_entry(transactions: Transactions, actor: Principal) -> None:
    async with transactions.begin(actor, request_id="r") as work:
        await audit.record(work, "close", "ticket", new_id(), before={"status": "open"}, after={"status": "closed"})


UPSERT = (
    "INSERT INTO audit (id, at, actor, action, noun, aggregate_id, before, after) OVERRIDING SYSTEM VALUE"
    " SELECT id, at, 'nobody', action, noun, aggregate_id, before, after FROM audit"
    " ON CONFLICT (id) DO UPDATE SET actor = excluded.actor"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET reason = reason",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id > 0",
        "TRUNCATE audit",
        "TRUNCATE audit, timer CASCADE",
        UPSERT,
        "MERGE INTO audit USING audit other ON audit.id = other.id WHEN MATCHED THEN DELETE",
    ],
)
async def test_the_audit_trail_only_grows(
    transactions: Transactions, actor: Principal, peek: Peek, statement: str
) -> None:
    """X7: even for the owner of the table."""
    await an_entry(transactions, actor)
    with pytest.raises(asyncpg.RaiseError, match="audit rows are never changed or deleted"):
        await peek.connection.execute(statement)
    assert await peek.all("SELECT actor, action FROM audit") == [("agent:test", "close")]


async def test_many_audit_rows_are_written_at_once_and_none_for_nothing(
    transactions: Transactions, actor: Principal, peek: Peek
) -> None:
    async with transactions.begin(actor) as work:
        await audit.record_many(work, [])
        await audit.record_many(work, [audit.entry(work, "make", "thing", new_id()) for _ in range(3)])
    assert await peek.all("SELECT at, before, after, reason FROM audit") == [(AT, "{}", "{}", None)] * 3


async def test_an_aggregate_s_events_are_numbered_without_gap(
    transactions: Transactions, actor: Principal, peek: Peek
) -> None:
    """I4"""
    thing = Thing("A", event_seq=4)
    async with transactions.begin(actor) as work:
        await outbox.record(work, thing, paid("A"), paid("A"))
        await outbox.record(work, thing)
        await outbox.record(work, thing, paid("A"))
        assert work.recorded_events == 3
    assert thing.event_seq == 7
    assert await peek.all("SELECT sequence FROM outbox ORDER BY id") == [5, 6, 7]
    ids = await peek.all("SELECT event_id FROM outbox ORDER BY id")
    assert ids == sorted(ids)


async def test_two_events_never_share_a_sequence(transactions: Transactions, actor: Principal, peek: Peek) -> None:
    """I4: who forgot to lock the aggregate's row is refused, with all of the transaction."""
    async with transactions.begin(actor) as work:
        await outbox.record(work, Thing("A"), paid("A"))
    with pytest.raises(Problem, match="conflict"):
        async with transactions.begin(actor) as work:
            await outbox.record(work, Thing("B"), paid("B"))
            await outbox.record(work, Thing("A"), paid("A"))
    assert await peek.all("SELECT aggregate_id FROM outbox") == [order_key("flagship", "A")]


async def test_an_event_id_stands_once_in_the_outbox(peek: Peek) -> None:
    """I5"""
    event_id = new_id()
    await peek.connection.execute(OUTBOX_ROW, event_id, new_id(), 1, b"{}", AT)
    with pytest.raises(asyncpg.UniqueViolationError):
        await peek.connection.execute(OUTBOX_ROW, event_id, new_id(), 1, b"{}", AT)


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_the_migration_makes_the_tables_that_the_code_describes(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        ours = {"include_object": lambda thing, name, kind, *_: kind != "table" or name in metadata.tables}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **ours})
        return compare_metadata(context, metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_shipped_policies_are_stored_letter_by_letter(database: Database, peek: Peek) -> None:
    document = {
        "quote": "it's",
        "colon": "12:30 :name",
        "percent": "5%s",
        "brace": "{x}",
        "backslash": "a\\:b",
        "说": "话",
    }
    statements: list[str] = []
    schema_v1.ship_policies(statements.append, {"tone": document})
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))
    ((shop, version, at, stored),) = await peek.all("SELECT shop, version, effective_from, document FROM policy")
    assert (shop, version, at) == ("main", 1, datetime(1970, 1, 1, tzinfo=UTC))
    assert orjson.loads(stored) == document


async def test_an_unhandled_constraint_is_a_conflict_without_names_of_tables(probe: Probe) -> None:
    answered = await probe.make(dangling=True)
    assert answered.json().keys() == {"type", "title", "status", "detail", "request_id"}
