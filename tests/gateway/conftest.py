"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
from gateway_desk import ACCOUNTS, CLIENT, Desk, desk
from gateway_rig import Rig, rig

from gateway.identity.keys import Keyring
from gateway.identity.policy import IdentityPolicy
from kit.clock import SystemClock
from kit.testing.stage import Databases


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(Path(tmp_path_factory.mktemp("keys")), SystemClock())


@pytest.fixture(scope="session")
async def standing_rig(keyring: Keyring) -> AsyncIterator[Rig]:
    async with rig(keyring) as built:
        yield built


@pytest.fixture
async def through(standing_rig: Rig) -> Rig:
    """A gateway in front of a service that has seen nothing yet and echoes."""
    standing_rig.service.seen = []
    standing_rig.service.behaviour = None
    return standing_rig


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture(scope="session")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The development credentials as the local stack writes them."""
    path = Path(tmp_path_factory.mktemp("home")) / "secrets.json"
    people = {role: {"username": role, "password": password} for role, password in ACCOUNTS.items()}
    path.write_bytes(orjson.dumps({"clients": {"storefront": CLIENT}, "accounts": people, "other": {"ignored": 1}}))
    return path


@pytest.fixture(scope="session")
async def standing_desk(
    databases: Databases, credentials: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """A gateway with seeds on its own database, for tests that leave each other alone.

    Wrong passwords lock nobody out here: several tests try them on the same few people.
    """
    keys = Path(tmp_path_factory.mktemp("desk")) / "keys"
    patient = IdentityPolicy(lock_after=10_000)
    async with desk(databases.fresh("gateway"), keys, credentials, identity=patient) as built:
        yield built
