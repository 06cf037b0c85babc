"""Fixtures of the ticket service's tests."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from clock_bench import Bench, without_loops
from handover_desk import Change
from roster_desk import Roster
from stage import Starter
from storefront_desk import Storefront
from ticket_desk import Desk

from kit import bus
from kit.bus import Bus
from kit.clock import FrozenClock
from kit.testing.servers import NatsServer


@pytest.fixture(autouse=True)
def patient(patience: None) -> None:
    """Every test here has patience."""


@pytest.fixture(scope="session")
async def standing_broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """One broker for all tests of a worker: what they publish, nobody here reads."""
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    await bus.provision(server.url)
    yield server.url
    server.stop()


@pytest.fixture
async def desk(start_service: Starter, standing_broker: str, clock: FrozenClock) -> AsyncIterator[Desk]:
    """The service on a fresh database."""
    async with start_service("ticket", nats_url=standing_broker) as client:
        yield Desk(client, clock)


@pytest.fixture
async def cleared_freely(desk: Desk) -> None:
    """Orders are cleared without a checklist: of the tests that are about flags, not about confirmation (T34)."""
    await desk.without_checklist()


@pytest.fixture
async def storefront(start_service: Starter, nats_url: str, clock: FrozenClock) -> AsyncIterator[Storefront]:
    """A storefront on a broker of its own, and the service that listens to it."""
    bus = Bus(nats_url, "storefront")
    await asyncio.wait_for(bus.open(), 10)
    async with start_service("ticket", nats_url=nats_url) as client:
        yield Storefront(Desk(client, clock), bus)
    await bus.close()


@pytest.fixture
async def roster(desk: Desk, clock: FrozenClock) -> Roster:
    """The service as those who plan and work shifts use it."""
    return Roster(desk, clock)


@pytest.fixture
async def change(roster: Roster) -> Change:
    """Ming's shift ends in ten minutes, Hua is on."""
    ming, hua = await roster.hire(2)
    (mings,) = await roster.on_shift(ming)
    huas = await roster.plan(hua, "b-late")
    roster.at("13:00")
    assert (await roster.verb(huas, "start")).status_code == 200
    roster.at("19:50")
    return Change(roster, ming, hua, mings, huas)


@pytest.fixture
async def bench(start_service: Starter, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """The clocks of a service on a fresh database; nothing but the test looks at what is due."""
    without_loops(monkeypatch)
    async with start_service("ticket") as client:
        yield Bench(client)
