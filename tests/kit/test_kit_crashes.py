"""A process that dies on either side of every step, and what is there after it came back (I1, I4, I5, I6, I7)."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kit_rig import CRASH_EVENTS, CRASH_THINGS, ORDERED, Broker, Peek, paid

from contracts.storefront import order_key
from kit.failpoints import CRASHED, POINTS
from kit.ids import derived_id
from kit.testing.children import last_lines, spawn
from kit.testing.poll import eventually

pytestmark = pytest.mark.chaos

SERVICE = Path(__file__).with_name("kit_crash_service.py")
NAMES = [f"A-{number}" for number in range(CRASH_THINGS)]
OFTEN = {"after-commit", "after-publish"}
ELSEWHERE = {"before-send", "after-send"}  # around calls to the outside, which the kit itself never makes
OURS = [point for point in POINTS if point not in ELSEWHERE]
PLANS = [f"{point}=crash@{nth}" for point in OURS for nth in (1, 3) if nth == 1 or point in OFTEN]


class Process:
    """The little service, started again and again on the same database and broker."""

    def __init__(self, database_url: str, nats_url: str, folder: Path) -> None:
        self.journal = folder / "journal"
        self.log = folder / "log"
        self._argv = [sys.executable, "-W", "error", SERVICE, database_url, self.journal]
        paths = os.pathsep.join([str(SERVICE.parents[2]), str(SERVICE.parent)])
        self._env = {**os.environ, "PYTHONPATH": paths, "NATS_URL": nats_url, "KEFU_AUDIT_DIR": str(folder / "audit")}

    @contextmanager
    def started(self, failpoints: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """Running while the block lasts, or until it crashes; its last lines are told when the block fails."""
        child = spawn(self._argv, self.log, {**self._env, "KEFU_FAILPOINTS": failpoints})
        try:
            yield child
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{last_lines(self.log, 20)}") from error
        finally:
            child.kill()
            child.wait()

    def acknowledged(self) -> set[str]:
        """The things whose making was answered."""
        return set(self.journal.read_text().split()) if self.journal.exists() else set()


@pytest.fixture
def process(kit_url: str, brisk_nats_url: str, tmp_path: Path) -> Process:
    return Process(kit_url, brisk_nats_url, tmp_path)


@pytest.mark.parametrize("plan", PLANS)
async def test_after_a_crash_anywhere_everything_acknowledged_is_there_and_has_its_effect_once(
    process: Process, broker: Broker, peek: Peek, plan: str
) -> None:
    """I1, I4, I5, I6, I7"""
    unreadable = await broker.send(paid("unreadable"), 1, body=b"{")
    with process.started(plan) as child:
        await eventually(lambda: child.poll() is not None, 60)
    assert child.returncode == CRASHED, last_lines(process.log, 60)
    assert process.acknowledged() <= set(await peek.all("SELECT name FROM thing"))

    with process.started():
        await eventually(lambda: is_done(broker, peek), 60)
    assert sorted(await peek.all("SELECT name FROM thing")) == sorted(NAMES)
    assert await peek.all("SELECT event_id, body, attempts FROM dead_letter") == [(str(unreadable), b"{", 1)]
    await assert_each_event_had_its_effect_once_and_in_order(broker, peek)
    rung = await peek.all("SELECT aggregate_id FROM effect WHERE consumer = 'ring'")
    assert sorted(rung) == sorted(derived_id(name) for name in NAMES)


async def is_done(broker: Broker, peek: Peek) -> bool:
    """Whether nothing is left to make, publish, apply, bury or ring."""
    assert await peek.one("SELECT count(*) FROM thing") == CRASH_THINGS
    assert await peek.one("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0
    assert await peek.one("SELECT count(*) FROM timer WHERE fired_at IS NULL") == 0
    assert await broker.is_settled("STOREFRONT", ORDERED)
    return True


async def assert_each_event_had_its_effect_once_and_in_order(broker: Broker, peek: Peek) -> None:
    published = await peek.all("SELECT event_id FROM outbox")
    assert len(published) == CRASH_THINGS * CRASH_EVENTS
    assert sorted(await peek.effects(ORDERED)) == sorted(published)
    for name in NAMES:
        assert await peek.sequences(order_key("flagship", name)) == list(range(1, CRASH_EVENTS + 1))
    in_stream: dict[str, list[str]] = defaultdict(list)
    for message in await broker.stored("STOREFRONT"):
        in_stream[message.headers["ce-subject"]].append(message.headers["ce-sequence"])
    in_stream.pop(str(order_key("flagship", "unreadable")))
    assert sorted(in_stream) == sorted(str(order_key("flagship", name)) for name in NAMES)
    assert {tuple(sequences) for sequences in in_stream.values()} == {("1", "2", "3")}
