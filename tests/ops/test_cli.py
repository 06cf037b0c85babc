"""The command line: one sentence when something is in the way, and secrets that stay private."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kit.testing.children import LOOPBACK
from kit.testing.servers import free_port
from ops import credentials
from ops.environment import Home, StackError, gateway_address, home_at, inner_ports, shared_environment
from ops.loglines import readable


def kefu(*words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "ops", *words], env={**kept, **env}, capture_output=True, text=True, check=False
    )


def test_help_names_the_commands() -> None:
    shown = kefu("--help")
    assert shown.returncode == 0
    assert all(command in shown.stdout for command in ("up", "migrate", "token"))


def test_a_gateway_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        ended = kefu("up", "--home", str(tmp_path / "home"), KEFU_GATEWAY_PORT=str(port))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        f"kefu: Port {port} on {LOOPBACK} is already in use: stop what listens there, "
        "or choose another port with KEFU_GATEWAY_PORT.\n"
    )
    assert not (tmp_path / "home" / "postgres").exists()


def test_migrate_names_what_is_missing() -> None:
    ended = kefu("migrate", TICKET_DATABASE_URL="postgresql://set")
    assert ended.returncode == 1
    assert ended.stderr.startswith("kefu: Nothing can be migrated while CUSTOMER_DATABASE_URL, APPRAISAL_")
    assert "TICKET_DATABASE_URL" not in ended.stderr


def test_migrate_refuses_a_number_of_replicas_that_is_none() -> None:
    names = ("CUSTOMER", "TICKET", "APPRAISAL", "NOTIFY", "GATEWAY")
    given = {f"{name}_DATABASE_URL": "postgresql://127.0.0.1:1/none" for name in names}
    ended = kefu("migrate", NATS_URL="nats://127.0.0.1:1", KEFU_NATS_REPLICAS="2", **given)
    assert (ended.returncode, ended.stderr) == (1, "kefu: KEFU_NATS_REPLICAS is '2': it is 1, 3 or 5.\n")


def test_a_token_needs_a_running_stack(tmp_path: Path) -> None:
    ended = kefu("token", "--home", str(tmp_path))
    assert (ended.returncode, ended.stderr) == (1, f"kefu: No stack runs in {tmp_path}: start one with `kefu up`.\n")


@pytest.mark.parametrize("command", [["token"], ["dead-letters", "list", "ticket"], ["replay", "ticket"]])
def test_what_a_killed_stack_has_noted_is_not_believed(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "run.json").write_text('{"gateway": "http://127.0.0.1:9", "databases": {"ticket": "postgresql://x"}}')
    ended = kefu(*command, "--home", str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"kefu: The stack in {tmp_path} was killed: start it again with `kefu up`")
    assert ended.stderr.count("\n") == 1


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = credentials.of_home(path)
    assert credentials.of_home(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    kept = json.loads(path.read_text())
    assert len(bytes.fromhex(kept["installation_key"])) == 32
    assert kept["clients"]["storefront"]["client_id"] == "storefront"
    assert set(kept["accounts"]) == {"admin", "agent", "supervisor", "manager", "finance", "auditor"}
    assert all(len(account["password"]) >= 12 for account in kept["accounts"].values())


def test_ports_stay_the_same_while_they_are_free(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = inner_ports(home)
    assert inner_ports(home) == first
    assert len(set(first.values())) == len(first)
    with socket.create_server((LOOPBACK, first["ticket"])):
        second = inner_ports(home)
    assert second["ticket"] != first["ticket"]
    assert {**second, "ticket": 0} == {**first, "ticket": 0}


@pytest.mark.parametrize("nonsense", ["http", "-1", "65536"])
def test_a_gateway_port_that_is_none_is_refused(nonsense: str) -> None:
    with pytest.raises(StackError, match="is not a port"):
        gateway_address({"KEFU_GATEWAY_PORT": nonsense}, {})


def test_what_is_set_is_used_instead(tmp_path: Path) -> None:
    home, ports = Home(tmp_path), inner_ports(Home(tmp_path))
    secrets = credentials.of_home(home.secrets)
    given = {"NATS_URL": "nats://broker:4222", "TICKET_DATABASE_URL": "postgresql://elsewhere/t", "KEFU_PROFILE": ""}
    told = shared_environment(given, home, secrets, ports, (LOOPBACK, free_port()))
    assert told["NATS_URL"] == "nats://broker:4222"
    assert told["TICKET_DATABASE_URL"] == "postgresql://elsewhere/t"
    assert told["CUSTOMER_DATABASE_URL"].endswith(f"@{LOOPBACK}:{ports['postgres']}/customer")
    assert told["NOTIFY_URL"] == f"http://{LOOPBACK}:{ports['notify']}"
    assert told["KEFU_PROFILE"] == "development"


def test_a_home_is_chosen_by_word_then_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_HOME", str(tmp_path / "variable"))
    assert home_at(None).path == tmp_path / "variable"
    assert home_at(tmp_path / "word").path == tmp_path / "word"


def test_json_log_lines_become_readable_and_others_stay() -> None:
    line = (
        '{"level":"info","time":"2026-11-21T12:03:04Z","service":"ticket","event":"request","status":200,"of":"单"}'
    )
    shown = readable("ticket", line).plain
    assert shown.startswith("ticket ")
    assert shown.endswith("info    request status=200 of=单")
    assert readable("ticket", "Traceback [bold]").plain == "ticket     Traceback [bold]"
    assert readable("ticket", '{"half').plain.endswith('{"half')
