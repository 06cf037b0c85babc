"""What the tests of limits share: one stack a module, who calls it, and how its processes are doing."""

from collections.abc import AsyncIterator

import pytest
from limits_rig import House, opened
from local_stack import stack


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The whole system as processes, a token, and a ticket to read."""
    async with stack(tmp_path_factory.mktemp("limits")) as running:
        yield await opened(running)
