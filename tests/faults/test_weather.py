"""A slow, sliced, cut or silent network between a service and its database, the broker, the gateway: a bounded wait, a
clear answer, and nothing lost or done twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import nats as nats_client
import pytest
from stage import Client, Starter
from weather import Proxy, Weather, between

from kit.ids import new_id
from kit.testing.poll import eventually
from kit.testing.stage import Databases

pytestmark = pytest.mark.chaos

BOUND = 20.0
ASKED = {"subject": "转办", "channel": "phone"}


@asynccontextmanager
async def ticket_service(
    start: Starter, databases: Databases, nats_url: str
) -> AsyncIterator[tuple[Client, Proxy, Proxy]]:
    """The ticket service, the way to its database and the way to the broker."""
    database_url = databases.fresh("ticket")
    async with between(database_url) as to_database, between(nats_url) as to_broker:
        told = {"database_url": to_database.url(database_url), "nats_url": to_broker.url(nats_url)}
        async with start("ticket", **told) as client:
            yield client, to_database, to_broker


async def open_ticket(client: Client, key: str) -> httpx.Response:
    return await client.call("POST", "/v1/tickets", json=ASKED, headers={"Idempotency-Key": key})


async def until_opened(client: Client, key: str) -> dict[str, Any]:
    """Asked again with the same key until there is an answer that settles it."""

    async def opened() -> dict[str, Any] | None:
        answer = await open_ticket(client, key)
        assert answer.status_code in (201, 409, 503), answer.text
        return dict(answer.json()) if answer.status_code == 201 else None

    return await eventually(opened, within=30)


async def told(nats_url: str) -> list[tuple[str, int]]:
    """Tickets and the sequences of their events, in the order of the stream."""
    broker = await nats_client.connect(nats_url)
    try:
        js = broker.jetstream()
        state = (await js.stream_info("TICKET")).state
        kept = [await js.get_msg("TICKET", at) for at in range(1, state.last_seq + 1)]
        return [
            (one.headers["ce-subject"], int(one.headers["ce-sequence"]))
            for one in kept
            if one.headers and str(one.subject).startswith("ticket.")
        ]
    finally:
        await broker.close()


@pytest.mark.parametrize("weather", [Weather.SLOW, Weather.SLICED])
async def test_a_slow_way_is_slower_and_nothing_else(
    start_service: Starter, databases: Databases, nats_url: str, weather: Weather
) -> None:
    async with ticket_service(start_service, databases, nats_url) as (client, to_database, to_broker):
        await to_database.turn(weather)
        await to_broker.turn(weather)
        opened = [await open_ticket(client, str(new_id())) for _ in range(5)]
        assert [answer.status_code for answer in opened] == [201] * 5
        ids = [answer.json()["ticket_id"] for answer in opened]

        async def published() -> bool:
            return {ticket for ticket, _ in await told(nats_url)} == set(ids)

        await eventually(published)


@pytest.mark.parametrize("weather", [Weather.BLACK_HOLE, Weather.CUT])
async def test_a_database_that_cannot_be_reached_is_a_bounded_wait_and_a_503(
    start_service: Starter, databases: Databases, nats_url: str, weather: Weather
) -> None:
    """Cut off in the middle or never answered: the same request, asked again with its key, is done once."""
    async with ticket_service(start_service, databases, nats_url) as (client, to_database, _):
        await until_opened(client, str(new_id()))
        keys = [str(new_id()) for _ in range(4)]
        asking = [asyncio.create_task(open_ticket(client, key)) for key in keys]
        await to_database.turn(weather)
        began = time.monotonic()
        answers = await asyncio.gather(*asking)
        assert time.monotonic() - began < BOUND
        assert {answer.status_code for answer in answers} <= {201, 503}
        refused = await open_ticket(client, str(new_id()))
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/dependency-unavailable")
        assert refused.headers["Retry-After"]
        await to_database.turn(Weather.FAIR)
        ids = {(await until_opened(client, key))["ticket_id"] for key in keys}
        assert len(ids) == len(keys)
        listed = (await client.call("GET", "/v1/tickets", "supervisor")).json()["items"]
        assert len(listed) == 1 + len(keys)


@pytest.mark.parametrize("weather", [Weather.BLACK_HOLE, Weather.CUT])
async def test_without_the_broker_requests_go_on_and_events_wait_in_their_order(
    start_service: Starter, databases: Databases, nats_url: str, weather: Weather
) -> None:
    async with ticket_service(start_service, databases, nats_url) as (client, _, to_broker):
        before = await until_opened(client, str(new_id()))
        await to_broker.turn(weather)
        opened = [(await open_ticket(client, str(new_id()))).json() for _ in range(3)]
        for ticket in (before, *opened):
            started = await client.call("POST", f"/v1/tickets/{ticket['ticket_id']}/start")
            assert started.status_code == 200, started.text
            solved = await client.call("POST", f"/v1/tickets/{ticket['ticket_id']}/solve", json={"solution": "好"})
            assert solved.status_code == 200, solved.text
        await to_broker.turn(Weather.FAIR)

        async def all_told() -> bool:
            came: dict[str, list[int]] = {}
            for ticket, sequence in await told(nats_url):
                came.setdefault(ticket, []).append(sequence)
            assert all(list(dict.fromkeys(given)) == list(range(1, max(given) + 1)) for given in came.values())
            return len(came) == 4 and sum(max(given) for given in came.values()) >= 8

        await eventually(all_told, within=60)
