"""Fixtures of the tests of policies and trail."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from stage import Client, Starter
from trail_desk import Trail

from kit.clock import FrozenClock
from kit.db import Database
from kit.testing.stage import Databases
from kit.work import Transactions


@pytest.fixture
async def ticket(start_service: Starter) -> AsyncIterator[Client]:
    """The ticket service; its broker is away."""
    async with start_service("ticket") as client:
        yield client


@pytest.fixture
async def trail(databases: Databases, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Trail]:
    """A service's database without the service: rows are written and sealed when the test says so."""
    url = databases.fresh("customer")
    database = Database(url)
    connection: asyncpg.Connection[asyncpg.Record] = await database.connect()
    trail = Trail(url, Transactions(database, clock, bytes(32), lambda: None), clock, tmp_path / "audit", connection)
    yield trail
    await connection.close()
    await database.close()
