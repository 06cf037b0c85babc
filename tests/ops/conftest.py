"""What the tests of the local stack share: servers below a folder only its owner may enter, and clean endings."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kit.testing.servers import NatsServer, PostgresServer


@pytest.fixture(scope="session")
def private_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def postgres(private_folder: Path, request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    server = PostgresServer(private_folder / request.module.__name__ / "postgres", fast=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def nats(private_folder: Path, request: pytest.FixtureRequest) -> Iterator[NatsServer]:
    server = NatsServer(private_folder / request.module.__name__ / "nats")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Whether a process no longer works; one that only waits to be reaped is gone."""

    def is_gone(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    return is_gone
