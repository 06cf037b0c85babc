"""What the stories of a module share: one stack, which takes long to start, and everybody who speaks to it. None of
them minds what the others have told before; it ends with its module, since seven idle processes cost the rest time."""

from collections.abc import AsyncIterator

import pytest
from local_stack import Running, stack

from ops.callers import Callers, callers
from ops.credentials import Secrets


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with stack(tmp_path_factory.mktemp("story")) as up:
        yield up


@pytest.fixture
def known(running: Running) -> Secrets:
    return Secrets.model_validate_json((running.home / "secrets.json").read_bytes())


@pytest.fixture
async def people(running: Running, known: Secrets) -> AsyncIterator[Callers]:
    async with callers(running.note["gateway"], known) as everybody:
        yield everybody
