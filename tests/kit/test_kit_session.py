"""What a unit of work has of its database: lines, gathered rows, numbers, and what is remembered between units."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from kit_rig import Peek, record_things
from sqlalchemy import text
from stage import NOON

from kit import audit, lines
from kit.db import Database
from kit.ids import new_id
from kit.memory import SECONDS, Memory
from kit.principals import Principal
from kit.problems import Problem
from kit.rows import Rows
from kit.tables import audit as trail
from kit.tables import outbox, policy
from kit.testing.poll import eventually
from kit.work import Transactions

SLEEP = text("SELECT pg_sleep(10)")
ASLEEP = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'PgSleep'"""


@pytest.fixture
def told(database: Database) -> Iterator[list[str]]:
    """The statements that went straight to the driver."""
    heard: list[str] = []
    database.home.listeners.append(lambda statement, *_: heard.append(statement))
    yield heard
    database.home.listeners.clear()


def a_policy(shop: str, at: datetime = NOON) -> dict[str, Any]:
    return {
        "name": "limits", "shop": shop, "version": 1, "effective_from": at, "document": {"most": [1, None]},
        "saved_by": "test", "saved_at": at,
    }  # fmt: skip


async def test_what_is_gathered_alone_is_one_statement(
    database: Database, transactions: Transactions, actor: Principal, peek: Peek, told: list[str]
) -> None:
    """No BEGIN and no COMMIT around it: it is a transaction of its own."""
    begun: list[str] = []
    async with transactions.begin(actor) as work:
        for number in range(3):
            await audit.record(work, f"step-{number}", "thing", new_id(), after={"n": number}, reason="查")
        work.session.gather(policy, a_policy("main"))
        assert database.home.lines.in_use == 0
        begun.extend(told)
    assert begun == []
    (statement,) = told
    assert statement.startswith('WITH gathered_0 AS (INSERT INTO "audit"')
    rows = await peek.all("SELECT action, reason, after ->> 'n' FROM audit ORDER BY id")
    assert [tuple(row) for row in rows] == [(f"step-{n}", "查", str(n)) for n in range(3)]
    assert await peek.one("SELECT document ->> 'most' FROM policy") == "[1, null]"


async def test_what_is_asked_next_sees_what_was_gathered(transactions: Transactions, actor: Principal) -> None:
    """By SQLAlchemy's way and by the driver's."""
    async with transactions.begin(actor) as work:
        await audit.record(work, "one", "thing", new_id())
        assert (await work.session.execute(text("SELECT count(*) FROM audit"))).scalar_one() == 1
        await audit.record(work, "two", "thing", new_id())
        assert (await work.session.fetch("SELECT count(*) FROM audit"))[0][0] == 2


@pytest.mark.parametrize("count", [1, 16, 17, 300])
async def test_many_rows_of_several_tables_keep_their_order(
    transactions: Transactions, actor: Principal, peek: Peek, count: int
) -> None:
    """I4: ids rise in the order of recording, however many rows there are and however they are written."""
    async with transactions.begin(actor) as work:
        for number in range(count):
            await audit.record(work, f"{number:03}", "thing", new_id())
            if number % 7 == 0:
                await record_things(work, f"A-{number}", times=2)
    assert await peek.all("SELECT action FROM audit ORDER BY id") == [f"{number:03}" for number in range(count)]
    assert await peek.all("SELECT sequence FROM outbox ORDER BY id") == [1, 2] * -(-count // 7)


async def test_nothing_gathered_survives_a_failure(transactions: Transactions, actor: Principal, peek: Peek) -> None:
    """I1, I3: neither what was written on the way nor what was still gathered."""
    for written in (False, True):
        with pytest.raises(Problem, match="conflict"):
            async with transactions.begin(actor) as work:
                await audit.record(work, "lost", "thing", new_id())
                if written:
                    await work.session.execute(text("SELECT 1"))
                await audit.record(work, "lost, too", "thing", new_id())
                raise Problem("conflict")
    assert await peek.all("SELECT id FROM audit") == []


async def test_rows_that_contradict_each_other_are_a_conflict(
    transactions: Transactions, actor: Principal, peek: Peek
) -> None:
    """I3: what the constraints refuse when it is written at last is told as a problem, and nothing of it is there."""
    with pytest.raises(Problem) as told:
        async with transactions.begin(actor) as work:
            await audit.record(work, "made", "thing", new_id())
            work.session.gather(policy, a_policy("main"))
            work.session.gather(policy, a_policy("main"))
    assert told.value.slug == "conflict"
    assert await peek.all("SELECT id FROM audit") == []


async def test_who_only_reads_gathers_nothing(database: Database) -> None:
    """I1"""
    async with database.reading() as session:
        with pytest.raises(RuntimeError, match="only reads"):
            session.gather(policy, a_policy("main"))


def test_rows_that_others_refer_to_go_first() -> None:
    rows = Rows()
    rows.add(trail, {"action": "made"})
    rows.add(outbox, {"noun": "thing"}, first=True)
    rows.add(outbox, {"noun": "thing"}, first=True)
    (insert,) = rows.take()
    assert insert.statement == (
        'WITH gathered_0 AS (INSERT INTO "outbox" ("noun") VALUES ($1), ($2)) '
        'INSERT INTO "audit" ("action") VALUES ($3)'
    )
    assert insert.values == [["thing", "thing", "made"]]
    assert not rows


async def test_numbers_are_drawn_by_the_dozen(
    database: Database, transactions: Transactions, actor: Principal, peek: Peek
) -> None:
    """They rise, none is given twice, and a unit of work that is undone gives none back."""
    await peek.connection.execute("CREATE SEQUENCE slip")

    async def one(*, undone: bool = False) -> int:
        try:
            async with transactions.begin(actor) as work:
                number = await work.session.next_of("slip")
                if undone:
                    raise Problem("conflict")
        except Problem:
            pass
        return number

    assert [await one(undone=number % 2 == 1) for number in range(25)] == list(range(1, 26))
    assert len(set(await asyncio.gather(*(one() for _ in range(50))))) == 50
    assert await peek.one("SELECT last_value FROM slip") % 20 == 0
    assert database.home.lines.in_use == 0


async def test_a_line_is_used_again_after_an_error(database: Database) -> None:
    """Of PostgreSQL's and of ours; and the one that was used last comes first."""
    seen = set()
    for statement in ("SELECT pg_backend_pid()", "SELECT 1 / 0", "SELECT pg_backend_pid()", "NONSENSE"):
        try:
            async with database.transaction() as session:
                seen.add((await session.fetch("SELECT pg_backend_pid()"))[0][0])
                await session.fetch(statement)
        except asyncpg.PostgresError:
            pass
    assert len(seen) == 1
    async with database.reading() as session:
        assert (await session.fetch("SELECT txid_current_if_assigned()"))[0][0] is None


async def test_who_is_cut_off_leaves_no_line_behind(database: Database, peek: Peek) -> None:
    """A task that is cancelled in the middle of a query, writing or reading: the next has another line."""
    for begin in (database.transaction, database.reading):

        async def long(begin: Any = begin) -> None:
            async with begin() as session:
                await session.execute(SLEEP)

        task = asyncio.create_task(long())
        await eventually(lambda: peek.one(ASLEEP))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert database.home.lines.in_use == 0
        async with begin() as session:
            assert (await session.fetch("SELECT 1"))[0][0] == 1


async def test_who_waits_too_long_for_a_line_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool is bounded, and so is the wait."""
    monkeypatch.setattr(lines, "WAIT_SECONDS", 0.05)
    held = [database.reading() for _ in range(database.home.lines.size)]
    for one in held:
        await (await one.__aenter__()).fetch("SELECT 1")
    with pytest.raises(Problem) as told:
        async with database.reading() as session:
            await session.fetch("SELECT 1")
    assert told.value.slug == "dependency-unavailable"
    for one in held:
        await one.__aexit__(None, None, None)
    async with database.reading() as session:
        assert (await session.fetch("SELECT 1"))[0][0] == 1
    assert database.home.lines.in_use == 0


async def test_what_is_known_is_looked_up_again_after_a_second() -> None:
    """The bound on what another process changed."""
    now, looks = [0.0], []

    async def look() -> int:
        looks.append(now[0])
        return len(looks)

    memory = Memory(lambda: now[0])
    assert [await memory.recall("it", look) for _ in range(3)] == [1, 1, 1]
    now[0] = SECONDS
    assert await memory.recall("it", look) == 2
    memory.forget()
    assert [await memory.recall("it", look), await memory.recall("other", look)] == [3, 4]


async def test_what_was_looked_up_before_a_change_is_not_kept() -> None:
    """A look that was under way when the change was committed may have seen what was before it."""
    memory, looks, go_on = Memory(), asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        looks.set()
        await go_on.wait()
        return "before"

    async def quick() -> str:
        return "after"

    asking = asyncio.create_task(memory.recall("it", slow))
    await asyncio.wait_for(looks.wait(), 5)
    memory.forget()
    go_on.set()
    assert await asking == "before"
    assert await memory.recall("it", quick) == "after"


async def test_a_change_is_known_at_once_to_who_makes_it_and_to_all_at_the_commit(
    database: Database, transactions: Transactions, actor: Principal
) -> None:
    state = ["old"]

    async def look() -> str:
        return state[0]

    async def known() -> str:
        async with database.reading() as session:
            return await session.memory.recall("it", look)

    assert await known() == "old"
    async with transactions.begin(actor) as work:
        state[0] = "new"
        work.outdate()
        assert await work.session.memory.recall("it", look) == "new"
        assert await known() == "old"
    assert await known() == "new"
    with pytest.raises(Problem, match="conflict"):
        async with transactions.begin(actor) as work:
            work.outdate()
            state[0] = "never"
            raise Problem("conflict")
    assert await known() == "new"


async def test_who_changes_tables_past_the_units_of_work_outdates_everything(database: Database) -> None:
    looks: list[int] = []

    async def look() -> int:
        looks.append(1)
        return len(looks)

    for expected in (1, 2, 3):
        async with database.reading() as session:
            assert [await session.memory.recall("it", look) for _ in range(2)] == [expected, expected]
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
