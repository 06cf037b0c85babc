"""A slow, sliced, cut or silent network between the gateway and a service: a bounded wait, a clear answer, and what was
asked for again under its key is done once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from stage import Client, Starter
from weather import Proxy, Weather, between

from gateway.app import Gateway
from gateway.door import Door
from gateway.limits import Limits
from gateway.proxy import Proxy as Forwarding
from gateway.proxy import TimeLimits
from gateway.upstream import HttpUpstream
from kit.ids import new_id
from kit.testing.poll import eventually
from kit.tokens import JwksSource, Verifier
from tests.gateway.gateway_rig import BODY, GENEROUS, nobody, serving

pytestmark = pytest.mark.chaos

ASKED = {"subject": "转办", "channel": "phone"}
ANSWER_SECONDS = 2.0
BOUND = 10.0


@dataclass
class Way:
    """From a client through the gateway and the weather to the ticket service."""

    http: httpx.AsyncClient
    service: Client
    proxy: Proxy

    async def open_ticket(self, key: str) -> httpx.Response:
        headers = self.service.as_("agent") | {"Idempotency-Key": key}
        return await self.http.post("/v1/tickets", json=ASKED, headers=headers)

    async def until_opened(self, key: str) -> str:
        """The id of the ticket, asked for again with the same key until there is an answer that settles it."""

        async def opened() -> str | None:
            answer = await self.open_ticket(key)
            assert answer.status_code in (201, 409, 503, 504), answer.text
            return str(answer.json()["ticket_id"]) if answer.status_code == 201 else None

        return await eventually(opened, within=30)

    async def listed(self) -> set[str]:
        """The ids of all tickets there are, asked for past the weather."""
        page = (await self.service.call("GET", "/v1/tickets?limit=100", "supervisor")).json()
        return {one["ticket_id"] for one in page["items"]}


@pytest.fixture
async def way(start_service: Starter, jwks_file: Path) -> AsyncIterator[Way]:
    async with (
        start_service("ticket") as service,
        serving(service.app) as address,
        between(address) as proxy,
        gateway_before(proxy.url(address), jwks_file) as http,
    ):
        yield Way(http, service, proxy)


@asynccontextmanager
async def gateway_before(address: str, jwks_file: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that knows the ticket service by that address."""
    upstream = HttpUpstream(dict.fromkeys(("customer", "ticket", "appraisal", "notify"), address))
    forwarding = Forwarding(upstream, body=BODY, time=TimeLimits(ANSWER_SECONDS, 2 * ANSWER_SECONDS))
    door = Door(Verifier(JwksSource(str(jwks_file)), "kefu"), Limits(GENEROUS))
    gateway = Gateway(nobody, forwarding, door, own_body=BODY)
    async with (
        upstream.running(),
        serving(gateway) as outer,
        httpx.AsyncClient(base_url=outer, timeout=BOUND) as http,
    ):
        yield http


@pytest.mark.parametrize("weather", [Weather.SLOW, Weather.SLICED])
async def test_a_slow_way_is_slower_and_nothing_else(way: Way, weather: Weather) -> None:
    await way.proxy.turn(weather)
    opened = await asyncio.gather(*(way.open_ticket(str(new_id())) for _ in range(8)))
    assert [answer.status_code for answer in opened] == [201] * 8
    assert {answer.json()["ticket_id"] for answer in opened} == await way.listed()


@pytest.mark.parametrize("weather", [pytest.param(Weather.BLACK_HOLE, marks=pytest.mark.chaos), Weather.CUT])
async def test_a_service_behind_bad_weather_is_a_bounded_wait_and_a_clear_answer(way: Way, weather: Weather) -> None:
    """Cut off in the middle or never answered: whether it was done is unknown, and asked again it is done once."""
    first = await way.until_opened(str(new_id()))
    keys = [str(new_id()) for _ in range(6)]
    asking = [asyncio.create_task(way.open_ticket(key)) for key in keys]
    await way.proxy.turn(weather)
    began = time.monotonic()
    answers = await asyncio.gather(*asking)
    refused = await way.open_ticket(str(new_id()))
    assert time.monotonic() - began < BOUND
    assert {answer.status_code for answer in answers} <= {201, 503, 504}
    told = {"black_hole": (504, "/problems/upstream-timeout"), "cut": (503, "/problems/dependency-unavailable")}
    assert (refused.status_code, refused.json()["type"]) == told[weather]
    await way.proxy.turn(Weather.FAIR)
    ids = {first} | {await way.until_opened(key) for key in keys}
    assert len(ids) == 1 + len(keys)
    # The one that was told 504 may have been done; its client never asked again.
    assert ids <= (found := await way.listed())
    assert len(found) <= len(ids) + (weather is Weather.BLACK_HOLE)


async def test_what_the_service_had_begun_to_answer_is_broken_off_and_not_made_up(way: Way) -> None:
    """A reset while answers are under way: what comes whole is true, everything else is an error to the client."""
    await asyncio.gather(*(way.until_opened(str(new_id())) for _ in range(20)))
    await way.proxy.turn(Weather.SLICED)
    headers, before = way.service.as_("supervisor"), way.proxy.carried
    reading = [asyncio.create_task(way.http.get("/v1/tickets?limit=20", headers=headers)) for _ in range(6)]
    await eventually(lambda: way.proxy.carried > before + 2000)
    await way.proxy.turn(Weather.CUT)
    for answer in await asyncio.gather(*reading, return_exceptions=True):
        if isinstance(answer, httpx.Response):
            assert answer.status_code in (200, 503)
            assert answer.status_code == 503 or len(answer.json()["items"]) == 20
        else:
            assert isinstance(answer, httpx.RemoteProtocolError | httpx.ReadError)
