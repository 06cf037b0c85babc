"""What each part of trust costs at the gateway: a GET through it to the stub, with and without the part.

Whole gateways, each a process of its own, differ by one setting and take turns inside a round. What is too cheap to
show between processes is called in a loop (`bench.inplace`), in every round as well.
"""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median

from bench.inplace import Call, GatewayParts, microseconds
from bench.load import Outcome, closed_loop, request
from bench.processes import address, answering, cores, pinned, quiet, server
from bench.report import Measure, Sample, cpu, expect_calm, interleaved, measured, more_than, table
from bench.rivals import Rival, gateway_environment, stub
from bench.stack import Running, environment
from kit.spans import exporter_to

CONNECTIONS = 32
_MOST_PER_SECOND = 12_000
_PATH = "/v1/tickets/019ab000-0000-7000-8000-000000000000"
_BARE, _FRESH = "bare: token from cache, quota", "+ every token verified afresh"
_FULL = "+ access log and metrics (as `kefu up` runs)"
_SWITCHES = {
    _BARE: {},
    "+ access log": {"KEFU_LOG_LEVEL": "info"},
    "+ metrics": {"KEFU_METRICS_PORT": "port"},
    "+ traces on, 10% sampled": {"KEFU_TRACES": "sink"},
    _FULL: {"KEFU_LOG_LEVEL": "info", "KEFU_METRICS_PORT": "port"},
}


async def run(running: Running, rounds: int, seconds: float, folder: Path) -> None:
    """Measure and print both tables."""
    asked = request("GET", _PATH, token=await running.token("agent"))
    measure, others = cores()
    in_place: list[dict[str, float]] = []
    async with (
        stub(folder) as upstream,
        _sink(folder) as sink,
        _gateways(running, upstream.url, sink.url, folder) as all_,
    ):
        parts = GatewayParts(running.home / "keys", exporter_to(f"{sink.url}/v1/traces", "bench"))
        calls = await parts.calls()
        places = {one.pid: measure for one in all_.values()} | {one.pid: others for one in (upstream, sink)}
        with pinned({**places, os.getpid(): others}):
            variants: dict[str, Measure] = {
                name: partial(measured, partial(_load, one.url, repeat(asked), seconds), {"own": one.pid})
                for name, one in all_.items()
            }
            bare = all_[_BARE]
            variants[_FRESH] = partial(_fresh, parts, bare, seconds)
            variants["in place"] = partial(_in_place, calls, in_place)
            await interleaved(variants, 1)
            in_place.clear()
            await quiet(running.pids.values())
            results = dict(await interleaved(variants, rounds))
        await parts.close()
    del results["in place"]
    expect_calm(results, "own")
    rows = [
        [name, f"{cpu(results[name], 'own'):.1f}", *_told(*more_than(results, "own", name, _BARE))]
        for name in (*_SWITCHES, _FRESH)
    ]
    columns = ["GET, 1 KB stub upstream, c=32", "gateway CPU µs/request", "more than bare, µs", "part of bare"]
    table("Trust at the gateway, whole processes", columns, rows)
    whole = cpu(results[_FULL], "own")
    costs = {name: median(one[name] for one in in_place) for name in in_place[0]}
    columns = ["in a loop, calls of one request", "CPU µs", f"part of the request's {whole:.0f} µs"]
    cheap = [[name, f"{cost:.2f}", f"{cost / whole:.1%}"] for name, cost in costs.items()]
    table("Trust at the gateway, part by part", columns, cheap)


def _told(more: float, part: float) -> tuple[str, str]:
    return (f"{more:+.1f}", f"{part:+.1%}") if more else ("–", "–")


async def _load(url: str, requests: Iterator[bytes], seconds: float) -> Outcome:
    return await closed_loop(url, requests, connections=CONNECTIONS, seconds=seconds)


async def _fresh(parts: GatewayParts, bare: Rival, seconds: float) -> Sample:
    """Each request with a token nobody has seen; they are signed before the clock starts."""
    made = [request("GET", _PATH, token=parts.token()) for _ in range(round(_MOST_PER_SECOND * seconds / 2))]
    return await measured(partial(_load, bare.url, iter(made), seconds), {"own": bare.pid})


async def _in_place(calls: dict[str, Call], found: list[dict[str, float]]) -> Sample:
    found.append(microseconds(calls))
    return Sample(rate=1.0, cpu={"own": 1.0})


@asynccontextmanager
async def _sink(folder: Path) -> AsyncIterator[Rival]:
    port, url = address()
    with server("sink", [sys.executable, "-m", "bench.sink", str(port)], environment(), folder) as pid:
        yield Rival(url, pid)


@asynccontextmanager
async def _gateways(running: Running, upstream: str, sink: str, folder: Path) -> AsyncIterator[dict[str, Rival]]:
    """One gateway per switch; what isn't switched on is off."""
    async with AsyncExitStack() as ends:
        found: dict[str, Rival] = {}
        for number, (name, switched) in enumerate(_SWITCHES.items()):
            port, url = address()
            values = {"port": str(address()[0]), "sink": f"{sink}/v1/traces"}
            told = {setting: values.get(value, value) for setting, value in switched.items()}
            told = {"KEFU_LOG_LEVEL": "warning", "KEFU_METRICS_PORT": "0", "KEFU_TRACES": "", **told}
            env = gateway_environment(running, upstream, port, **told)
            pid = ends.enter_context(server(f"door-{number}", [sys.executable, "-m", "gateway"], env, folder))
            found[name] = Rival(url, pid)
        for number, one in enumerate(found.values()):
            await answering(one.url, "/livez", folder / f"door-{number}.log")
        yield found
