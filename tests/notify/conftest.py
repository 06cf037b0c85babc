"""What tests of the post share."""

from collections.abc import AsyncIterator, Iterator

import pytest
from post_office import Post, Server
from stage import KEY

from kit import failpoints
from kit.clock import FrozenClock
from kit.db import Database
from kit.testing.stage import Databases
from kit.work import Transactions


@pytest.fixture
def smtp_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def notify_url(databases: Databases) -> str:
    return databases.fresh("notify")


@pytest.fixture
async def post(notify_url: str, clock: FrozenClock, smtp_server: Server) -> AsyncIterator[Post]:
    """The post without the service around it: no loop of anybody else meets a failpoint or a lease."""
    database = Database(notify_url, pool=6)
    yield Post(Transactions(database, clock, bytes.fromhex(KEY), lambda: None), clock, smtp_server)
    failpoints.disarm()
    await database.close()
