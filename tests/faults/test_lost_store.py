"""The broker's disk dies while everything is at work: `kefu migrate` makes the streams anew and lets the services publish
again all that they held, `kefu replay` finds nothing lost, and the effects of all readers equal the outboxes (I7)."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from typing import Any

import pytest
from chaos import Done, Plan, Prove, seeds
from checks import kept_in, lacking
from kills import killed, until_done
from local_stack import ROOT, Running
from tables import SERVICES, value

from kit.testing.poll import eventually


async def kefu(running: Running, *words: str) -> str:
    """What a command of the operator prints."""
    databases = {f"{name.upper()}_DATABASE_URL": url for name, url in running.note["databases"].items()}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ops", *words,
        env={**os.environ, **databases, "NATS_URL": running.note["nats"], "PYTHONPATH": str(ROOT)},
        cwd=ROOT, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    written, errors = await child.communicate()
    assert child.returncode == 0, errors.decode()
    return written.decode()


async def migrated(running: Running) -> bool:
    """Whether the broker is back, and has its streams."""
    try:
        return bool(await kefu(running, "migrate"))
    except AssertionError:
        return False


async def untold(running: Running) -> int:
    """How many events wait for the broker."""
    return sum(
        [await value(running, one, "SELECT count(*) FROM outbox WHERE published_at IS NULL") for one in SERVICES]
    )


async def lose_the_store(running: Running, load: "asyncio.Task[Any]", done: Done) -> Counter[str]:
    """Half-way the broker dies with all it held. It is rebuilt; at the end, replaying again changes nothing."""
    await until_done(done, 0.5, load)
    await eventually(lambda: killed(running, "nats"), within=60)
    store = running.home / "nats" / "store"
    store.rename(store.with_name("lost"))
    assert not store.exists(), "the broker came back before its disk was gone"
    await eventually(lambda: migrated(running), within=120)
    await kefu(running, "replay", "--home", str(running.home))
    await load
    await eventually(lambda: rebuilt(running), within=120)
    kept = {service: await kept_in(running, service.upper()) for service in SERVICES}
    said = await kefu(running, "replay", "--home", str(running.home))
    assert said.count("events are there, 0 will be published again") == len(SERVICES), said
    assert await untold(running) == 0
    assert {service: await kept_in(running, service.upper()) for service in SERVICES} == kept
    return Counter(store=1)


async def rebuilt(running: Running) -> bool:
    """Whether everything is told and taken."""
    return await untold(running) == await lacking(running) == 0


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.nightly
async def test_a_broker_whose_store_is_gone_is_rebuilt_from_the_outboxes(prove: Prove) -> None:
    await prove(Plan(400, 1, seeds()[0], listened=False), lose_the_store)
