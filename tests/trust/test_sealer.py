"""The sealer: every finished row once, in an order that nothing can come before any more (X7)."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from stage import Starter
from trail_desk import SERVICE, SOMEBODY, Trail

from kit import audit, migrate, sealer
from kit.clock import FrozenClock
from kit.db import Database
from kit.ids import new_id
from kit.sealer import Sealer
from kit.testing.databases import create_database
from kit.testing.poll import eventually
from kit.testing.stage import Databases
from kit.work import Transactions

NUMBERED = "SELECT number, audit_id FROM audit_seal ORDER BY number"


async def test_rows_are_sealed_once_and_without_gap(trail: Trail) -> None:
    await trail.write(5)
    assert await trail.seal() == 5
    assert await trail.seal() == 0
    await trail.write(2)
    assert await trail.seal() == 2
    assert await trail.rows(NUMBERED) == [(number, number) for number in range(1, 8)]


async def test_a_slow_transaction_holds_back_what_began_after_it(trail: Trail) -> None:
    """It has the lower id and commits last; neither is it skipped nor does anybody wait for it to write."""
    await trail.write()
    async with trail.transactions.begin(SOMEBODY) as slow:
        await audit.record(slow, "slow", "thing", new_id())
        await slow.session.write()
        await trail.write(2)
        await trail.seal()
        assert await trail.rows("SELECT audit_id FROM audit_seal ORDER BY number") == [1]
    await trail.seal()
    assert await trail.rows(NUMBERED) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert await trail.found() is None


async def test_a_rolled_back_row_leaves_no_gap(trail: Trail) -> None:
    await trail.write()
    with pytest.raises(RuntimeError, match="undo"):
        async with trail.transactions.begin(SOMEBODY) as work:
            await audit.record(work, "never", "thing", new_id())
            await work.session.write()
            raise RuntimeError("undo")
    await trail.write()
    await trail.seal()
    assert await trail.rows(NUMBERED) == [(1, 1), (2, 3)]


async def test_two_sealers_at_once_make_one_chain(trail: Trail) -> None:
    """Leadership can be lost without noticing: whoever comes second is refused and finds nothing left to do."""
    other = Sealer(trail.transactions, SERVICE, trail.folder)
    connection = await trail.transactions.database.connect()
    for _ in range(10):
        await trail.write(20)
        await asyncio.gather(trail.seal(), other.seal(connection), return_exceptions=True)
    await trail.seal()
    await connection.close()
    verdict = await trail.verify()
    assert (verdict.finding, verdict.sealed, verdict.waiting) == (None, 200, 0)


async def test_more_than_a_round_is_sealed_round_by_round(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "_PER_ROUND", 10)
    monkeypatch.setattr(sealer, "_AT_ONCE", 4)
    await trail.write(25)
    assert [await trail.seal() for _ in range(4)] == [10, 10, 5, 0]
    assert await trail.found() is None


async def test_checkpoints_come_every_minute_in_which_something_was_sealed(trail: Trail) -> None:
    await trail.seal()
    assert trail.file.last() is None
    await trail.write()
    await trail.seal()
    await trail.write()
    trail.clock.advance(timedelta(seconds=50))
    await trail.seal()
    assert [one.number for one in trail.file.read()] == [1]
    trail.clock.advance(timedelta(seconds=10))
    await trail.seal()
    trail.clock.advance(timedelta(minutes=5))
    await trail.seal()
    assert [one.number for one in trail.file.read()] == [1, 2]


async def test_checkpoints_come_sooner_when_much_is_sealed(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "EVERY_SEALS", 10)
    await trail.write()
    await trail.seal()
    await trail.write(10)
    await trail.seal()
    assert [one.number for one in trail.file.read()] == [1, 11]


async def test_another_process_goes_on_from_the_last_checkpoint(trail: Trail) -> None:
    await trail.history(5)
    await trail.write(3)
    await trail.restart()
    assert await trail.seal() == 3
    trail.clock.advance(timedelta(minutes=1))
    await trail.seal()
    assert [one.number for one in trail.file.read()] == [5, 8]
    assert await trail.found() is None


async def test_rows_restored_from_another_server_are_sealed_too(trail: Trail) -> None:
    """Their transaction ids lie in this server's future."""
    await trail.history(2)
    await trail.write(2)
    async with trail.tampering() as root:
        await root.execute("UPDATE audit SET xact = '9000000000' WHERE id = 3")
    await trail.restart()
    await trail.write()
    assert await trail.seal() == 3
    await trail.write()
    assert await trail.seal() == 1
    assert (await trail.verify()).sealed == 6


async def test_after_a_move_to_a_younger_server_everything_is_looked_at_again(trail: Trail) -> None:
    """The last checkpoint's horizon is of another server's transactions."""
    await trail.history(2)
    last = trail.file.last()
    assert last is not None
    trail.file.append(last.model_copy(update={"horizon": 9_000_000_000}))
    await trail.write()
    await trail.restart()
    assert await trail.seal() == 1


async def test_seals_are_never_changed_or_deleted(trail: Trail) -> None:
    await trail.history(1)
    for statement in ("UPDATE audit_seal SET hash = ''", "DELETE FROM audit_seal", "TRUNCATE audit_seal"):
        with pytest.raises(asyncpg.RaiseError, match="never changed"):
            await trail.connection.execute(statement)


async def test_the_leading_process_seals_by_itself(start_service: Starter) -> None:
    async with start_service("appraisal") as client:
        hired = await client.call("POST", "/v1/staff", "manager", json={"name": "林菲", "role": "agent"})
        assert hired.status_code == 201

        async def sealed() -> bool:
            shown = await client.call("GET", "/v1/audit/appraisal", "auditor")
            return all(row["seal"] for row in shown.json()["items"])

        await eventually(sealed)
        await eventually(client.runtime.settings.audit_folder.joinpath("appraisal.checkpoints.jsonl").exists)


async def test_the_service_s_own_role_can_add_and_nothing_else(
    databases: Databases, clock: FrozenClock, tmp_path: Path
) -> None:
    """In production a service owns its database, but is no superuser."""
    name = f"{databases._prefix}_own_role"
    url = await asyncio.to_thread(create_database, databases._admin_url, name, name, "a-word")
    await asyncio.to_thread(migrate.upgrade, SERVICE, url)
    database = Database(url)
    connection = await database.connect()
    trail = Trail(url, Transactions(database, clock, bytes(32), lambda: None), clock, tmp_path, connection)
    await trail.history(3)
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit_seal", "TRUNCATE audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    assert await trail.found() is None
    await connection.close()
    await database.close()
    databases._admin(f'DROP DATABASE "{name}" WITH (FORCE)')
    databases._admin(f'DROP ROLE "{name}"')
