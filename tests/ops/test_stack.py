"""The supervisor: everything comes up, falls and ends together, in order, and nothing stays behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kit.testing.poll import until

DRIVER = Path(__file__).with_name("little_stack.py")
ROOT = Path(__file__).parents[2]
PROGRAMS = ("customer", "ticket", "appraisal", "notify", "gateway")
Gone = Callable[[int], bool]


@contextmanager
def stack(folder: Path, *words: str) -> "Iterator[subprocess.Popen[str]]":
    child = subprocess.Popen(
        [sys.executable, str(DRIVER), str(folder), *words],
        env={**os.environ, "KEFU_GATEWAY_PORT": "0", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


def when_ready(child: "subprocess.Popen[str]") -> dict[str, Any]:
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, child.communicate()[1]
    told: dict[str, Any] = json.loads(line)
    return told


def in_run_file(folder: Path, name: str) -> int:
    pid: int = json.loads((folder / "home" / "run.json").read_text())["pids"][name]
    return pid


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_ready_line_tells_everything_and_the_end_is_in_order(tmp_path: Path, gone: Gone) -> None:
    with stack(tmp_path) as child:
        told = when_ready(child)
        assert is_ready(told["gateway"])
        assert set(told["services"]) == {"customer", "ticket", "appraisal", "notify"}
        assert all(is_ready(url) for url in told["services"].values())
        assert set(told["databases"]) == set(PROGRAMS)
        assert set(told["pids"]) == {"postgresql", "nats", "supervisor", *PROGRAMS}
        assert set(told["credentials"]["accounts"]) >= {"admin", "agent", "supervisor", "manager", "finance"}
        assert (tmp_path / "prepared").exists()
        assert json.loads((tmp_path / "home" / "run.json").read_text()) == told
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
        assert child.communicate() == ("", "")
    endings = (tmp_path / "endings").read_text().split()
    assert endings[0] == "gateway"
    assert sorted(endings) == sorted(PROGRAMS)
    assert "database system is shut down" in (tmp_path / "home/postgres/postgresql.log").read_text()
    assert "Server Exiting" in (tmp_path / "home/nats/nats.log").read_text()
    assert all(gone(pid) for pid in told["pids"].values())
    assert not (tmp_path / "home" / "run.json").exists()


def test_the_second_run_has_the_same_addresses_and_secrets(tmp_path: Path) -> None:
    tellings = []
    for _ in range(2):
        with stack(tmp_path) as child:
            tellings.append(when_ready(child))
            child.send_signal(signal.SIGINT)
            assert child.wait(20) == 0
    first, second = tellings
    assert all(first[what] == second[what] for what in ("gateway", "services", "databases", "nats", "credentials"))


def test_a_crash_ends_everything_with_one_sentence(tmp_path: Path, gone: Gone) -> None:
    with stack(tmp_path) as child:
        told = when_ready(child)
        os.kill(told["pids"]["ticket"], signal.SIGKILL)
        assert child.wait(20) == 1
        complaint = child.communicate()[1]
    assert complaint.startswith("kefu: ticket ended unexpectedly (killed by SIGKILL")
    assert complaint.count("\n") == 1
    assert all(gone(pid) for pid in told["pids"].values())


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        ("crash", "kefu: notify ended before it was ready (exit code 1; its log"),
        ("deaf", "kefu: notify was not ready within 5 s (/readyz answered 503)."),
    ],
)
def test_a_program_that_does_not_come_up_ends_everything(tmp_path: Path, manner: str, sentence: str) -> None:
    with stack(tmp_path, f"notify={manner}") as child:
        out, complaint = child.communicate(timeout=30)
        assert child.returncode == 1
    assert out == ""
    assert complaint.startswith(sentence)
    assert complaint.count("\n") == 1
    assert "database system is shut down" in (tmp_path / "home/postgres/postgresql.log").read_text()


def test_who_ignores_the_end_is_ended(tmp_path: Path, gone: Gone) -> None:
    with stack(tmp_path, "customer=stubborn") as child:
        told = when_ready(child)
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    assert gone(told["pids"]["customer"])
    assert "customer" not in (tmp_path / "endings").read_text().split()


def test_nothing_outlives_a_killed_supervisor_and_the_home_can_be_used_again(tmp_path: Path, gone: Gone) -> None:
    with stack(tmp_path) as child:
        told = when_ready(child)
        child.kill()
        child.wait(5)
    until(lambda: all(gone(pid) for pid in told["pids"].values()))
    with stack(tmp_path) as heir:
        assert when_ready(heir)["databases"] == told["databases"]
        heir.send_signal(signal.SIGTERM)
        assert heir.wait(20) == 0


def test_an_end_asked_for_while_coming_up_leaves_nothing(tmp_path: Path) -> None:
    with stack(tmp_path, "notify=deaf") as child:
        until((tmp_path / "prepared").exists)
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
        assert child.communicate() == ("", "")
    assert "database system is shut down" in (tmp_path / "home/postgres/postgresql.log").read_text()


def test_restart_revives_programs_and_servers_on_their_addresses(tmp_path: Path) -> None:
    with stack(tmp_path, "--restart") as child:
        told = when_ready(child)
        for name in ("ticket", "gateway", "nats", "postgresql"):
            old = told["pids"][name]
            os.kill(old, signal.SIGKILL)
            until(lambda name=name, old=old: in_run_file(tmp_path, name) != old)  # type: ignore[misc]
        until(lambda: is_ready(told["services"]["ticket"]) and is_ready(told["gateway"]))
        for address in (told["nats"], told["databases"]["ticket"]):
            host, port = address.rpartition("@")[2].partition("/")[0].split(":")
            socket.create_connection((host, int(port)), timeout=5).close()
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    assert sorted((tmp_path / "endings").read_text().split()) == sorted(PROGRAMS)


def test_a_second_stack_in_the_same_home_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with stack(tmp_path) as first:
        told = when_ready(first)
        with stack(tmp_path) as second:
            assert second.wait(20) == 1
            complaint = second.communicate()[1]
        assert complaint == f"kefu: A stack already runs in {tmp_path}/home, its gateway is {told['gateway']}.\n"
        assert is_ready(told["gateway"])
        assert (tmp_path / "home" / "run.json").exists()
