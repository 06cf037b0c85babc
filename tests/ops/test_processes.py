"""Programs as parts of the stack: what they write is passed on, how they end is told, what is slow is done early."""

import subprocess
import sys
from pathlib import Path

import pytest

from kit.testing.poll import eventually
from kit.testing.servers import free_port
from ops.environment import StackError
from ops.processes import Program, RunningProgram, Show, status_of


def python(source: str, *, early: str = "", output: "Show | Path") -> RunningProgram:
    command = (sys.executable, "-c", source)
    return RunningProgram(
        Program("ticket", command, {}, free_port(), early=(sys.executable, "-c", early) if early else ()), output
    )


async def test_every_line_is_passed_on_however_long() -> None:
    lines: list[tuple[str, str]] = []
    part = python("print('x' * 300_000); print('单'); print('end', end='')", output=lambda *line: lines.append(line))
    await part.start()
    assert await part.ended() == "exit code 0; its last words: end"
    assert lines == [("ticket", "x" * 300_000), ("ticket", "单"), ("ticket", "end")]


async def test_into_a_file_and_told_where(tmp_path: Path) -> None:
    log = tmp_path / "ticket.log"
    part = python("import sys; sys.exit('no address')", output=log)
    await part.start()
    assert await part.ended() == f"exit code 1; its log {log} ends: no address"


async def test_a_warmed_up_program_begins_when_started_and_the_next_time_anew() -> None:
    heard: list[str] = []
    part = python(
        "print('anew')",
        early="import sys; print('warm', flush=True); sys.stdin.read(); print('began')",
        output=lambda _, line: heard.append(line),
    )
    await part.warm_up()
    await eventually(lambda: heard == ["warm"])
    warmed = part.pid
    await part.start()
    assert part.pid == warmed
    await part.ended()
    await part.start()
    assert part.pid != warmed
    await part.ended()
    assert heard == ["warm", "began", "anew"]


async def test_a_program_that_died_warming_up_is_started_all_the_same(tmp_path: Path) -> None:
    part = python("print('anew')", early="raise SystemExit(3)", output=tmp_path / "log")
    await part.warm_up()
    assert (await part.ended()).startswith("exit code 3")
    await part.start()
    assert (await part.ended()).endswith("ends: anew")


async def test_what_never_started_has_no_process_and_stops_at_once(tmp_path: Path) -> None:
    part = python("", output=tmp_path / "log")
    await part.stop()
    with pytest.raises(StackError, match="ticket is not started"):
        _ = part.pid


async def test_nobody_answers_on_a_free_port() -> None:
    assert await status_of("127.0.0.1", free_port(), "/readyz") is None


@pytest.mark.parametrize("heavy", ["decimal", "no.such.module"])
def test_early_waits_for_the_end_of_its_input(heavy: str) -> None:
    command = [sys.executable, "-m", "ops.early", "this", heavy]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
        assert "Beautiful is better" in child.communicate()[0]
