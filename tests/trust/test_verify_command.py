"""`kefu verify-audit` (X7)."""

import os
from pathlib import Path

import orjson
import pytest
from trail_desk import Trail
from typer.testing import CliRunner

from kit.testing.stage import Databases
from ops import cli
from ops.environment import StackError

SERVICES = ("customer", "ticket", "appraisal", "notify", "gateway")


@pytest.fixture
def told(trail: Trail, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Trail:
    """The environment of an operator."""
    for service in SERVICES:
        url = trail.url if service == "customer" else databases.fresh(service)
        monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", url)
    monkeypatch.setenv("KEFU_AUDIT_DIR", str(trail.folder))
    return trail


async def run(*arguments: str) -> tuple[int, str]:
    """In a thread: the command brings its own event loop."""
    import asyncio

    ended = await asyncio.to_thread(CliRunner(env={"COLUMNS": "200"}).invoke, cli.app, ["verify-audit", *arguments])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.stdout


async def test_all_services_are_verified_and_told(told: Trail) -> None:
    await told.history(3)
    code, out = await run()
    assert code == 0
    assert out.count("OK") == len(SERVICES)
    assert "3 at 2026-11-21 04:01:03" in out


async def test_one_service_for_a_script(told: Trail) -> None:
    await told.history(3)
    await told.write()
    code, out = await run("customer", "--json")
    assert code == 0
    assert orjson.loads(out.splitlines()[-1]) == [
        {
            "service": "customer", "ok": True, "rows": 4, "last_seal": 3, "waiting": 1, "checkpoints": 1,
            "last_checkpoint": 3, "last_checkpoint_at": "2026-11-21T04:01:03+00:00", "finding": None,
        }
    ]  # fmt: skip


async def test_the_first_wrong_place_is_told_and_the_exit_code_is_1(told: Trail) -> None:
    await told.history(3)
    async with told.tampering() as root:
        await root.execute("DELETE FROM audit WHERE id = 2")
    code, out = await run()
    assert (code, out.count("OK")) == (1, 4)
    assert "deleted: row 2, sealed as 2, is gone" in out
    code, out = await run("customer", "--json")
    assert code == 1
    assert orjson.loads(out.splitlines()[-1])[0]["finding"] == {
        "wrong": "deleted",
        "place": 2,
        "words": "row 2, sealed as 2, is gone",
    }


async def test_what_an_operator_can_act_on_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith("_DATABASE_URL")]:
        monkeypatch.delenv(name)
    with pytest.raises(StackError, match="no service 'kefu'"):
        await run("kefu")
    with pytest.raises(StackError, match="or set CUSTOMER_DATABASE_URL"):
        await run("--home", str(tmp_path))
    monkeypatch.setenv("CUSTOMER_DATABASE_URL", "postgresql://a@127.0.0.1:1/x")
    with pytest.raises(StackError, match="can't be reached"):
        await run("customer", "--home", str(tmp_path))
