"""What is acknowledged is on disk: under strace, the broker syncs at least once for every publish that it acknowledges,
and PostgreSQL at least once for every commit. (A killed process proves less: the machine keeps what it wrote.)"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from local_stack import ROOT

from contracts.customer.customer import CustomerChanged
from contracts.examples import example
from kit.bus import Bus, provision
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.testing.poll import eventually
from kit.testing.servers import NatsServer, PostgresServer

TIMES = 200
SYNCS = re.compile(r"\b(?:fsync|fdatasync)\(")
pytestmark = [pytest.mark.chaos, pytest.mark.nightly]


class Counted:
    """The file that strace writes into."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def syncs(self) -> int:
        """How often the process, or one of its children, has asked the disk to be done."""
        return len(SYNCS.findall(self.path.read_text()))


@asynccontextmanager
async def counted(pid: int, path: Path) -> AsyncIterator[Counted]:
    """Count what that process and its children sync while the block lasts."""
    assert shutil.which("strace"), "nothing can be counted: strace is missing"
    words = ("-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(path), "-p", str(pid))
    child = await asyncio.create_subprocess_exec("strace", *words, stderr=asyncio.subprocess.PIPE)
    try:
        await eventually(lambda: child.returncode is not None or is_traced(pid))
        assert child.stderr
        assert child.returncode is None, f"strace may not look here: {(await child.stderr.read()).decode().strip()}"
        yield Counted(path)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


def is_traced(pid: int) -> bool:
    """Whether every thread of the process is under strace's eyes."""
    threads = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/status")]
    return all("TracerPid:\t0\n" not in status for status in threads)


async def test_the_broker_syncs_each_publish_that_it_acknowledges(
    nats: NatsServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "sync_interval: always" in (ROOT / "deploy" / "nats.conf").read_text()
    await provision(nats.url)
    bus = Bus(nats.url, "customer")
    await bus.open()
    try:
        async with counted(nats.pid, tmp_path / "calls") as count:
            before = count.syncs
            for number in range(TIMES):
                event = example(CustomerChanged.SUBJECT)
                meta = Meta(new_id(), event.SUBJECT, event.aggregate_id, number + 1, datetime.now(UTC))
                body, told = event.model_dump_json().encode(), headers(meta, owner="customer")
                assert not (await bus.publish(event.SUBJECT, body, told)).duplicate
            syncs = count.syncs - before
    finally:
        await bus.close()
    with capsys.disabled():
        print(f"\n{TIMES} publishes acknowledged, {syncs} syncs of the broker")
    assert syncs >= TIMES


async def test_postgresql_syncs_each_commit_that_it_acknowledges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = PostgresServer(tmp_path / "postgres")
    server.start()
    try:
        async with counted(server.pid, tmp_path / "calls") as count:
            connection = await asyncpg.connect(server.url)
            await connection.execute("CREATE TABLE kept (number int)")
            before = count.syncs
            for number in range(TIMES):
                await connection.execute("INSERT INTO kept VALUES ($1)", number)
            syncs = count.syncs - before
            await connection.close()
    finally:
        server.stop()
    with capsys.disabled():
        print(f"\n{TIMES} commits acknowledged one after the other, {syncs} syncs of PostgreSQL")
    assert syncs >= TIMES
