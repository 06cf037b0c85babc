"""What the gateway costs: one GET through it, beside the same GET without it and through other gateways.

The gateway has a core for itself; load and upstream share the other, so that the gateway is what saturates.
"""

import json
import os
from collections.abc import Mapping
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median

from bench.load import Outcome, closed_loop, request
from bench.processes import cores, pinned, quiet
from bench.report import Measure, Rounds, Sample, cpu, interleaved, measured, middle, rate, table
from bench.rivals import nginx_program, rivals, stub
from bench.stack import Running

CONNECTIONS = 32
_STUB = "stub alone, no gateway"
_DIRECT, _THROUGH = "ticket service alone", "through the Kefu gateway"


async def run(running: Running, rounds: int, seconds: float, folder: Path) -> None:
    """Measure and print both tables."""
    token = await running.token("agent")
    await before_stub(running, token, rounds, seconds, folder)
    await before_service(running, token, rounds, seconds)


async def before_stub(running: Running, token: str, rounds: int, seconds: float, folder: Path) -> None:
    """GET of 1 KB from an upstream that costs next to nothing."""
    asked = request("GET", "/v1/tickets/019ab000-0000-7000-8000-000000000000", token=token)
    measure, others = cores()
    async with stub(folder) as upstream, rivals(running, upstream.url, folder) as gateways:
        everyone = {_STUB: upstream, **gateways}
        places = {one.pid: measure for one in gateways.values()} | {upstream.pid: others, os.getpid(): others}
        with pinned(places):
            variants = {name: _variant(one.url, asked, seconds, {"own": one.pid}) for name, one in everyone.items()}
            await _warm(variants)
            await quiet(running.pids.values())
            results = await interleaved(variants, rounds)
            alone = await _one_at_a_time({name: one.url for name, one in everyone.items()}, asked)
    columns = ["GET, 1 KB stub upstream, c=32", "CPU µs/request", "requests/s per core", "÷ FastAPI + httpx",
               "÷ nginx", "requests/s (min–max)", "p50 ms, c=1"]  # fmt: skip
    rows = [
        [name, f"{cpu(results[name], 'own'):.0f}", f"{1e6 / cpu(results[name], 'own'):,.0f}",
         _per_core(results, name, "FastAPI + httpx"), _per_core(results, name, "nginx"), rate(results[name]),
         f"{alone[name]:.2f}"]
        for name in everyone
    ]  # fmt: skip
    if nginx_program() is None:
        rows.append(["nginx", *["NOT MEASURED"] * 3, "–", "NOT MEASURED", "NOT MEASURED"])
    table("Gateway, before a stub", columns, rows)


async def before_service(running: Running, token: str, rounds: int, seconds: float) -> None:
    """GET of one ticket from the real ticket service and its database."""
    async with running.caller("agent") as agent:
        ticket = await agent.expect(201, "POST", "/v1/tickets", {"subject": "咨询物流", "description": "查" * 120})
    asked = request("GET", f"/v1/tickets/{ticket['ticket_id']}", token=token)
    pids = running.pids
    watched = {"gateway": pids["gateway"], "service": pids["ticket"], "PostgreSQL": pids["postgresql"]}
    measure, others = cores()
    places = {pids["gateway"]: measure, os.getpid(): others} | {watched[n]: others for n in ("service", "PostgreSQL")}
    urls = {_DIRECT: running.service("ticket"), _THROUGH: running.gateway}
    with pinned(places):
        variants = {name: _variant(url, asked, seconds, watched) for name, url in urls.items()}
        await _warm(variants)
        await quiet(pids.values())
        results = await interleaved(variants, rounds)
        alone = await _one_at_a_time(urls, asked)
    columns = ["GET /v1/tickets/{id}, c=32", "gateway µs", "service µs", "PostgreSQL µs", "all µs",
               "÷ direct, per core", "requests/s (min–max)", "p50 ms", "p50 ms, c=1"]  # fmt: skip
    rows = [
        [name, *(f"{cpu(results[name], one):.0f}" for one in watched), f"{median(map(_all, results[name])):.0f}",
         _to_direct(results, name), rate(results[name]), middle([sample.p50 for sample in results[name]]),
         f"{alone[name]:.2f}"]
        for name in urls
    ]  # fmt: skip
    size = len(json.dumps(ticket))
    table("Gateway, before the ticket service", columns, rows, f"The answer is a ticket of {size} bytes.")


def _variant(url: str, asked: bytes, seconds: float, watched: Mapping[str, int]) -> Measure:
    return partial(measured, partial(_load, url, asked, CONNECTIONS, seconds), watched)


async def _load(url: str, asked: bytes, connections: int, seconds: float) -> Outcome:
    return await closed_loop(url, repeat(asked), connections=connections, seconds=seconds)


async def _warm(variants: Mapping[str, Measure]) -> None:
    """One round that isn't counted: connections, caches, prepared statements."""
    await interleaved(variants, 1)


async def _one_at_a_time(urls: Mapping[str, str], asked: bytes) -> dict[str, float]:
    """The median latency (ms) of a single connection: what the way costs when nothing queues."""
    return {name: (await _load(url, asked, 1, 0.5)).percentile(0.5) for name, url in urls.items()}


def _per_core(results: Rounds, name: str, other: str) -> str:
    """How many times as many requests a core does, round by round."""
    if other not in results or name == _STUB:
        return "–" if other in results else "NOT MEASURED"

    def cost(sample: Sample) -> float:
        return sample.cpu["own"]

    return f"{median(cost(b) / cost(a) for a, b in zip(results[name], results[other], strict=True)):.2f}"


def _to_direct(results: Rounds, name: str) -> str:
    pairs = zip(results[name], results[_DIRECT], strict=True)
    return f"{median(_all(direct) / _all(through) for through, direct in pairs):.2f}"


def _all(sample: Sample) -> float:
    return sum(sample.cpu.values())
