"""Lines of the log: one JSON object each, in the order of their coming, whoever writes them."""

import asyncio
import io
import subprocess
import sys
from collections.abc import Iterator

import orjson
import pytest
import structlog

from kit import logs
from kit.testing.poll import eventually


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BytesIO]:
    """What the process writes, with the log as a service configures it; nobody remembers it when the test is over."""
    stream = io.BytesIO()
    before, configure = structlog.get_config(), structlog.configure
    uncached = {"cache_logger_on_first_use": False}
    monkeypatch.setattr(structlog, "configure", lambda **told: configure(**told | uncached))
    monkeypatch.setattr(logs, "_output", logs.Output(stream))
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    logs.configure("ticket")
    yield stream
    configure(**before)


def lines(stream: io.BytesIO) -> list[dict[str, object]]:
    """What these tests have said: services of other tests may be standing by, and say that their broker is away."""
    said = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in said if line["event"] in ("request", "upstream.away")]


async def test_notes_of_one_turn_are_written_together_and_in_their_order(written: io.BytesIO) -> None:
    """A line that is written at once takes those before it along."""
    logs.note("request", status=200)
    logs.note("request", status=201)
    assert lines(written) == []
    structlog.get_logger().warning("upstream.away", service="notify")
    logs.note("request", status=202)
    await eventually(lambda: len(lines(written)) == 4)
    said = lines(written)
    assert [(line["event"], line.get("status")) for line in said] == [
        ("request", 200), ("request", 201), ("upstream.away", None), ("request", 202),
    ]  # fmt: skip
    assert {line["service"] for line in said} == {"ticket"}
    assert [line["level"] for line in said] == ["info", "info", "warning", "info"]
    assert [line["time"] for line in said] == sorted(str(line["time"]) for line in said)
    assert all(str(line["time"]).endswith("Z") for line in said)


async def test_a_level_above_info_takes_no_notes(written: io.BytesIO) -> None:
    logs.configure("ticket", "warning")
    logs.note("request", status=200)
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turn.set_result, None)
    await turn
    assert lines(written) == []


def test_no_note_is_lost_at_the_end() -> None:
    """A process that ends in the very turn in which the last line was noted."""
    program = (
        "import asyncio; from kit import logs; logs.configure('ticket')\n"
        "async def last() -> None: [logs.note('request', number=number) for number in range(1000)]\n"
        "asyncio.run(last())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert [orjson.loads(line)["number"] for line in ended.stdout.splitlines()] == list(range(1000))
