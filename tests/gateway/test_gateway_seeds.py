"""Development credentials, and staff events over the real broker."""

from datetime import date
from pathlib import Path

import orjson
import pytest
from gateway_desk import ACCOUNTS, CLIENT, Desk, desk

from contracts.appraisal.staff import StaffLeft, StaffRole, StaffState, StaffStatus
from gateway.identity import seeds
from kit.bus import Bus
from kit.clock import SystemClock
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.testing.poll import eventually
from kit.testing.stage import Databases


async def counts(built: Desk) -> tuple[int, int, int]:
    query = "SELECT (SELECT count(*) FROM client) c, (SELECT count(*) FROM account) a, (SELECT count(*) FROM audit) t"
    (row,) = await built.rows(query)
    return row["c"], row["a"], row["t"]


async def test_seeds_are_planted_once(standing_desk: Desk, credentials: Path) -> None:
    before = await counts(standing_desk)
    planted = await seeds.plant(
        standing_desk.runtime.transactions, standing_desk.app.state.parts.passwords, seeds.read(credentials)
    )
    assert planted == 0
    assert await counts(standing_desk) == before


def changed_file(credentials: Path, folder: Path) -> Path:
    found = orjson.loads(credentials.read_bytes())
    found["clients"]["storefront"]["client_secret"] = "another-long-secret-0123456789"
    found["accounts"]["agent"]["password"] = "another-password-1"
    changed = folder / "changed.json"
    changed.write_bytes(orjson.dumps(found))
    return changed


async def test_changed_seeds_replace_the_old_ones(databases: Databases, credentials: Path, tmp_path: Path) -> None:
    url = databases.fresh("gateway")
    async with desk(url, tmp_path / "keys", credentials) as built:
        assert await counts(built) == (1, len(ACCOUNTS), 1 + len(ACCOUNTS))
    async with desk(url, tmp_path / "keys", changed_file(credentials, tmp_path)) as built:

        async def renewed() -> bool:
            return (await counts(built))[2] > 1 + len(ACCOUNTS)

        await eventually(renewed, within=30)
        asked = {"grant_type": "password", "username": "agent", "password": "another-password-1"}
        assert (await built.ask_token(**asked)).status_code == 200
        assert (await built.ask_token(grant_type="client_credentials", **CLIENT)).status_code == 401
        assert (await counts(built))[:2] == (1, len(ACCOUNTS))


async def test_without_credentials_nobody_can_log_in(databases: Databases, tmp_path: Path) -> None:
    async with desk(databases.fresh("gateway"), tmp_path / "keys") as built:
        assert await counts(built) == (0, 0, 0)


async def test_a_leaver_s_login_ends_through_the_broker(
    databases: Databases, credentials: Path, tmp_path: Path, nats_url: str
) -> None:
    from pydantic import SecretStr

    url = databases.fresh("gateway")
    async with desk(url, tmp_path / "keys", credentials, nats_url=SecretStr(nats_url)) as built:
        staff_id = new_id()
        body = {"username": "leaver", "password": "sunny-river-4711", "roles": ["agent"], "staff_id": str(staff_id)}
        made = await built.http.post("/v1/accounts", json=body, headers=await built.as_("admin"))
        assert made.status_code == 201
        state = StaffState(
            staff_id=staff_id, number="S-1", role=StaffRole.AGENT, status=StaffStatus.LEFT, hired_on=date(2026, 1, 1)
        )
        event = StaffLeft(staff=state, recorded_by="x", recorded_at=SystemClock().now())
        meta = Meta(new_id(), "staff.left", staff_id, 1, SystemClock().now())
        appraisal = Bus(nats_url, "appraisal")
        await appraisal.open()
        await appraisal.publish("staff.left", event.model_dump_json().encode(), headers(meta, owner="appraisal"))

        async def refused() -> bool:
            asked = {"grant_type": "password", "username": "leaver", "password": "sunny-river-4711"}
            return (await built.ask_token(**asked)).status_code == 400

        await eventually(refused, within=30)
        assert (await built.http.get("/readyz")).status_code == 200
        await appraisal.close()


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_the_tables_are_what_the_models_say(standing_desk: Desk) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import Connection

    from gateway.identity.models import IdentityTable
    from kit import tables

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, [IdentityTable.metadata, tables.metadata]))  # type: ignore[arg-type]

    async with standing_desk.runtime.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
