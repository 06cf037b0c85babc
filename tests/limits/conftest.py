"""What the tests of limits share: a stack, and somebody who calls it."""

from collections.abc import AsyncIterator

import pytest
from limits_rig import House, opened
from local_stack import stack
from sizes import size


def _scope(fixture_name: str, config: pytest.Config) -> str:
    """By night each module has its own; before a change lands one has to do for all, since it takes long to start."""
    return ("session", "module")[size(1, 0)]


@pytest.fixture(scope=_scope)
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The whole system as processes, a token, and a ticket to read."""
    async with stack(tmp_path_factory.mktemp("limits")) as running:
        yield await opened(running)
