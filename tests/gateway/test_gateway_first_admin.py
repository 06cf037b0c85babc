"""`kefu first-admin`: how an installation without development logins is taken into use."""

import asyncio
from pathlib import Path

import pytest
from gateway_desk import KEY, desk
from typer.testing import CliRunner, Result

from kit.testing.stage import Databases
from ops import cli
from ops.environment import StackError


async def first_admin(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path, name: str, password: str) -> Result:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", url)
    monkeypatch.setenv("KEFU_INSTALLATION_KEY", KEY)
    monkeypatch.setenv("KEFU_HOME", str(folder))
    monkeypatch.setenv("KEFU_ADMIN_PASSWORD", password)
    ended = await asyncio.to_thread(CliRunner().invoke, cli.app, ["first-admin", name])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended


async def test_the_first_administrator_makes_all_others_and_there_is_no_second_first(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.fresh("gateway")
    told = await first_admin(monkeypatch, url, tmp_path, "li.na", "correct-horse-battery")
    assert told.exit_code == 0
    assert "correct-horse" not in told.output
    with pytest.raises(StackError, match="There is an administrator already"):
        await first_admin(monkeypatch, url, tmp_path, "wang.wu", "correct-horse-battery")
    async with desk(url, tmp_path / "keys") as built:
        form = {"grant_type": "password", "username": "li.na", "password": "correct-horse-battery"}
        token = (await built.ask_token(**form)).json()["access_token"]
        body = {"username": "agent.1", "password": "another-long-battery", "roles": ["agent"]}
        made = await built.http.post("/v1/accounts", json=body, headers={"Authorization": f"Bearer {token}"})
        assert made.status_code == 201, made.text
        trail = await built.rows("SELECT actor, action FROM audit ORDER BY id LIMIT 1")
        assert trail == [{"actor": "system:first-admin", "action": "create"}]


@pytest.mark.parametrize(("name", "password"), [("li.na", "short"), ("li.na", "li.na-li.na-li.na"), ("", "x" * 20)])
async def test_a_login_that_is_none_is_one_sentence(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    with pytest.raises(StackError, match="That can't be a login"):
        await first_admin(monkeypatch, databases.fresh("gateway"), tmp_path, name, password)
