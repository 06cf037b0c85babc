"""Files on their way through the gateway: larger and slower than other bodies, and limited as well (G3, T1)."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from gateway_rig import LIMIT, Http, Rig, rig

from gateway.bodies import BodyLimits
from gateway.identity.keys import Keyring
from gateway.routes import takes_a_file
from gateway.watch import TimeLimits

FILES = "/v1/tickets/01a200b4-d8cb-74cb-a79f-53780dd4fa13/attachments"


@pytest.fixture
async def through(keyring: Keyring) -> AsyncIterator[Rig]:
    async with rig(keyring, files=BodyLimits(4 * LIMIT, 5), time=TimeLimits(answer=0.3, transfer=0.5)) as built:
        yield built


async def test_a_file_may_be_larger_than_another_body(through: Rig, http: Http) -> None:
    for path, size, status in (
        (FILES, 4 * LIMIT, 200),
        (FILES, 4 * LIMIT + 1, 413),
        ("/v1/tickets", LIMIT + 1, 413),
        (f"{FILES}/more", LIMIT + 1, 413),
    ):
        async with http.post(f"{through.address}{path}", data=b"x" * size, headers=through.bearer) as response:
            assert response.status == status, (path, size)


async def test_a_file_may_come_slowly(through: Rig, http: Http) -> None:
    """Its own time comes on top of the service's to answer: it outlasts two other bodies that are given up."""
    others_are_over = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield b"x" * 400
        await asyncio.wait_for(others_are_over.wait(), 10)
        yield b"x" * 400

    async def post(path: str) -> tuple[int, bytes]:
        async with http.post(f"{through.address}{path}", data=held(), headers=through.bearer) as response:
            return response.status, await response.read()

    file = asyncio.create_task(post(FILES))
    for _ in range(2):
        status, _ = await post("/v1/tickets")
        assert status in (408, 504)
    others_are_over.set()
    status, body = await file
    assert (status, orjson.loads(body)["bytes"]) == (200, 800)


def test_only_posts_to_attachments_are_files() -> None:
    assert takes_a_file("POST", FILES.encode())
    for method, path in (("GET", FILES), ("POST", "/v1/tickets/a/b/attachments"), ("POST", f"{FILES}/x")):
        assert not takes_a_file(method, path.encode())
