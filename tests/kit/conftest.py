"""Fixtures of the kit's tests."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from kit_probe import Probe, probe_settings, probing
from kit_rig import Broker, Peek, build_database_at, peeking, watching

from kit import bus
from kit.bus import Bus
from kit.clock import FrozenClock
from kit.db import Database
from kit.principals import Principal
from kit.testing.servers import NatsServer
from kit.testing.stage import Databases
from kit.work import Transactions


@pytest.fixture(scope="session")
def kit_databases(databases: Databases) -> Databases:
    """Knows the service "kit" too: the kit's own tables and no service's."""
    name = f"{databases._prefix}_kit_template"
    databases._admin(f'CREATE DATABASE "{name}"')
    build_database_at(databases._url(name))
    databases._templates["kit"] = name
    return databases


@pytest.fixture
def kit_url(kit_databases: Databases) -> str:
    return kit_databases.fresh("kit")


@pytest.fixture
async def database(kit_url: str) -> AsyncIterator[Database]:
    database = Database(kit_url)
    yield database
    await database.close()


@pytest.fixture
async def peek(kit_url: str) -> AsyncIterator[Peek]:
    async with peeking(kit_url) as peek:
        yield peek


@pytest.fixture
def actor() -> Principal:
    return Principal(subject="agent:test", roles=frozenset({"agent"}))


@pytest.fixture
def transactions(database: Database, clock: FrozenClock) -> Transactions:
    return Transactions(database, clock, bytes(32), lambda: None)


@pytest.fixture
async def brisk_nats_url(nats: NatsServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A broker that delivers again after one second what nobody acknowledged."""
    monkeypatch.setattr(bus, "_ACK_WAIT_SECONDS", 1.0)
    await bus.provision(nats.url)
    return nats.url


@pytest.fixture
async def broker(brisk_nats_url: str) -> AsyncIterator[Broker]:
    async with watching(brisk_nats_url) as broker:
        yield broker


@pytest.fixture
async def kit_bus(brisk_nats_url: str) -> AsyncIterator[Bus]:
    bus = Bus(brisk_nats_url, "ticket")
    await bus.open()
    yield bus
    await bus.close()


@pytest.fixture
async def probe(kit_url: str, jwks_file: Path, token: Callable[..., str]) -> AsyncIterator[Probe]:
    """The probe service; its broker is away, so that events wait in the outbox."""
    async with probing(probe_settings(kit_url, str(jwks_file), "nats://127.0.0.1:1"), token) as probe:
        yield probe
