"""What all tests share: one PostgreSQL and one NATS per worker, a fresh database per test, tokens of every role."""

import contextlib
import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from getpass import getuser
from importlib import import_module
from pathlib import Path

import httpx
import nats as nats_client
import orjson
import psutil
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from nats.js.errors import NotFoundError
from pydantic import SecretStr
from stage import KEY, NOON, Client, Starter, Tokens

from contracts.catalogue import STREAMS
from kit import bus, lines
from kit.clock import Clock, FrozenClock
from kit.db import Database
from kit.ids import new_id
from kit.refusals import Refusals
from kit.runtime import Runtime
from kit.settings import Profile, ServiceSettings
from kit.testing.lending import Lending
from kit.testing.servers import NatsServer
from kit.testing.stage import Databases

MEMORY, PLENTY = Path("/dev/shm"), 4 * 2**30


def pytest_configure() -> None:
    """What tests write stays in memory where there is plenty: a database is copied in a third of the time. What a run
    that was killed left there goes. Garbage is looked for less often: there are millions of objects to look through."""
    gc.set_threshold(50_000)
    for lock in MEMORY.glob(f"pytest-of-{getuser()}/*/.lock"):
        with contextlib.suppress(OSError, ValueError):  # a run that begins or ends just now
            if not psutil.pid_exists(int(lock.read_text())):
                shutil.rmtree(lock.parent, ignore_errors=True)
    if MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > PLENTY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """All modules, models and tests are there, and stay."""
    gc.freeze()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty at once on the four lines of a process wait as long as a slow machine takes; how long they wait elsewhere
    is what tests of the kit are about."""
    monkeypatch.setattr(lines, "WAIT_SECONDS", 60.0)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes a migrated database of any service in a moment, on the embedded server or the one in the environment."""
    folder = tmp_path_factory.mktemp("postgres")
    with Databases.open(folder) as made:
        yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def lending(databases: Databases) -> AsyncIterator[Lending]:
    """Lends databases to one test after another."""
    lending = Lending(databases)
    yield lending
    await lending.close()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A broker of the test's own, empty but for the streams and durables of the catalogue."""
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
async def nats_url(request: pytest.FixtureRequest) -> str:
    """A broker with empty streams: the one NATS_URL names (its streams are made anew, so run one worker: -n 0), else
    an embedded one of the test's own. A test that stops its broker always has its own."""
    given = os.environ.get("NATS_URL")
    if given and "nats" not in request.fixturenames:
        await emptied(given)
        await bus.provision(given)
        return given
    server: NatsServer = request.getfixturevalue("nats")
    await bus.provision(server.url)
    return server.url


async def emptied(url: str) -> None:
    """Delete the catalogue's streams."""
    client = await nats_client.connect(url)
    try:
        for name in STREAMS:
            with contextlib.suppress(NotFoundError):
                await client.jetstream().delete_stream(name)
    finally:
        await client.close()


@pytest.fixture(scope="session")
def signing_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig"})


@pytest.fixture(scope="session")
def jwks_file(signing_key: OKPKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("keys")) / "jwks.json"
    path.write_bytes(orjson.dumps({"keys": [signing_key.as_dict(private=False)]}))
    return path


@pytest.fixture(scope="session")
def token(signing_key: OKPKey) -> Tokens:
    """`token("agent", staff_id=…)`: a good access token with that role and those claims."""

    def make(*roles: str, sub: str | None = None, shops: list[str] | None = None, **claims: object) -> str:
        now = datetime.now(UTC)
        names = {name: str(value) for name, value in claims.items() if value is not None}
        body = {
            "iss": "kefu",
            "aud": "kefu",
            "sub": sub or f"{roles[0]}:{claims.get('staff_id', 'test')}",
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=10)).timestamp()),
            "jti": str(new_id()),
            "roles": list(roles),
            "shops": shops or ["*"],
            **names,
        }
        header = {"alg": "EdDSA", "kid": "test", "typ": "at+jwt"}
        return jwt.encode(header, body, signing_key, algorithms=["EdDSA"])

    return make


@pytest.fixture
def start_service(
    request: pytest.FixtureRequest,
    databases: Databases,
    lending: Lending,
    jwks_file: Path,
    token: Tokens,
    clock: FrozenClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Starter:
    """`async with start_service("ticket") as client`: the service on a database as new, or on a new one for tests that
    are marked `plans`.

    Without `nats_url` its broker is away: requests work, events wait in the outbox.
    """
    plans = request.node.get_closest_marker("plans") is not None

    @asynccontextmanager
    async def start(
        service: str, *, nats_url: str = "nats://127.0.0.1:1", database_url: str | None = None, clock: Clock = clock
    ) -> AsyncIterator[Client]:
        async with contextlib.AsyncExitStack() as used:
            if database_url or plans:
                url, lent = database_url or databases.fresh(service), None
            else:
                lent = await used.enter_async_context(lending.database(service))
                url = lent.url
            settings = ServiceSettings(
                service=service,
                database_url=SecretStr(url),
                profile=Profile.TEST,
                nats_url=SecretStr(nats_url),
                installation_key=SecretStr(KEY),
                jwks_url=str(jwks_file),
                relay_poll_seconds=0.2,
                audit_dir=tmp_path_factory.mktemp("audit"),
            )
            app = used.enter_context(_application(service, settings, lent))
            app.state.runtime.clock = clock
            object.__setattr__(app.state.runtime.transactions, "clock", clock)
            await used.enter_async_context(LifespanManager(app, startup_timeout=20, shutdown_timeout=20))
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            http = await used.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://service"))
            yield Client(http, token, app)

    return start


_idle: dict[str, list[FastAPI]] = {"ticket": [], "customer": [], "appraisal": []}  # notify is wired by its settings


@contextmanager
def _application(service: str, settings: ServiceSettings, database: Database | None) -> Iterator[FastAPI]:
    """The service. The ticket service's 160 routes take longer to build than its database to copy: one that is not in
    use gets a new runtime instead, which is all that an application remembers, unless it is watched."""
    module, is_plain = import_module(f"services.{service}.app"), not (settings.traces or settings.metrics_port)
    idle = _idle.get(service, []) if is_plain else []
    app: FastAPI = idle.pop() if idle else module.application(settings)
    if app.state.runtime.settings is not settings:
        app.state.runtime = Runtime(module.WIRING, settings, database=database)
        app.state.refusals = Refusals()
        if service == "ticket":
            module.open_files(app.state.runtime)
    yield app
    idle.append(app)
