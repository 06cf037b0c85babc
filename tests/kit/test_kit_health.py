"""Liveness and readiness: what keeps a service from serving, and what only degrades it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from kit_probe import Probe, probe_settings, probing
from kit_rig import Peek, build_database_at

from kit.testing.poll import eventually
from kit.testing.servers import NatsServer, PostgresServer

OK = {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok"}


@pytest.fixture(scope="module")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path_factory.mktemp("frail"), fast=True)
    server.start()
    build_database_at(server.url)
    yield server
    server.stop()


@pytest.fixture
async def whole(
    kit_url: str, jwks_file: Path, token: Callable[..., str], brisk_nats_url: str
) -> AsyncIterator[Probe]:
    """The probe service with its broker."""
    async with probing(probe_settings(kit_url, str(jwks_file), brisk_nats_url), token) as probe:
        yield probe


async def ready(probe: Probe) -> tuple[int, dict[str, str]]:
    answer = await probe.http.get("/readyz")
    return answer.status_code, answer.json()


async def becomes(probe: Probe, status: int, told: dict[str, str]) -> None:
    async def is_so() -> bool:
        assert await ready(probe) == (status, told)
        return True

    await eventually(is_so, 30)


async def test_a_process_that_answers_is_alive_whatever_is_away(probe: Probe) -> None:
    answer = await probe.http.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_broker_that_was_never_there_makes_the_service_unready(probe: Probe) -> None:
    assert await ready(probe) == (503, {**OK, "status": "unavailable", "broker": "away"})


async def test_a_broker_that_went_away_only_degrades(whole: Probe, nats: NatsServer, peek: Peek) -> None:
    """Writes are safe in the outbox until it is back (I7)."""
    await becomes(whole, 200, OK)
    await asyncio.to_thread(nats.stop)
    await becomes(whole, 200, {**OK, "status": "degraded", "broker": "away"})
    assert (await whole.make()).status_code == 201
    await asyncio.to_thread(nats.start)
    await becomes(whole, 200, OK)
    await eventually(lambda: peek.one("SELECT published_at FROM outbox"))


async def test_migrations_that_are_behind_make_the_service_unready(whole: Probe, peek: Peek) -> None:
    await becomes(whole, 200, OK)
    behind = {**OK, "status": "unavailable", "migrations": "behind"}
    for statement in (
        "UPDATE alembic_version SET version_num = '2020_01_01_0001_old'", "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
    ):  # fmt: skip
        await peek.connection.execute(statement)
        assert await ready(whole) == (503, behind)


async def test_migrations_that_are_ahead_leave_the_service_ready(whole: Probe, peek: Peek) -> None:
    """An upgrade migrates first: the processes from before go on until they are replaced."""
    await becomes(whole, 200, OK)
    await peek.connection.execute("UPDATE alembic_version SET version_num = '2999_01_01_0001_newer'")
    assert await ready(whole) == (200, OK)


async def test_without_its_database_the_service_is_unready_and_requests_are_503(
    frail: PostgresServer, jwks_file: Path, token: Callable[..., str]
) -> None:
    async with probing(probe_settings(frail.url, str(jwks_file), "nats://127.0.0.1:1"), token) as probe:
        assert (await probe.make()).status_code == 201
        await asyncio.to_thread(frail.stop)
        async with asyncio.timeout(20):
            status, told = await ready(probe)
            assert (status, told["database"]) == (503, "away")
            answers = await asyncio.gather(*(probe.make() for _ in range(12)))
        for answer in answers:
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/dependency-unavailable")
            assert answer.headers["Retry-After"] == "2"
            assert "postgres" not in answer.text.lower()
        assert (await probe.http.get("/livez")).status_code == 200
        await asyncio.to_thread(frail.start)
        assert (await probe.make()).status_code == 201
        assert (await ready(probe))[1]["database"] == "ok"


async def test_health_is_no_part_of_the_published_api(probe: Probe) -> None:
    assert not {"/livez", "/readyz"} & set(probe.app.openapi()["paths"])
