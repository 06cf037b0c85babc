"""How fast history comes in: the CDNOW sample (6,919 real purchases) as batches of 500 through the gateway."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import orjson

from bench.load import LoadError, closed_loop, request
from bench.processes import cpu_seconds, quiet
from bench.report import Sample, rate, table
from bench.stack import Running
from kit.testing.poll import eventually
from ops.callers import Caller
from ops.demo import cdnow

BATCH = 500
CONNECTIONS = 2
_PATH = "/v1/orders/batches"


@dataclass(frozen=True)
class Import:
    """Orders per second: recorded, sent again, and until the customer service has counted them all."""

    recorded: float
    unchanged: float
    counted: float
    service_us: float
    postgres_us: float


async def run(running: Running, rounds: int) -> None:
    """Measure and print the table; each round imports into a shop of its own."""
    token = await running.token("storefront")
    purchases = cdnow.sample()
    async with running.caller("manager") as manager:
        done = [await _import(running, token, manager, purchases, f"bench-{number}") for number in range(rounds)]
    columns = [f"{len(purchases):,} orders, {BATCH} a batch, c={CONNECTIONS}", "orders/s (min–max)"]
    rows = [
        ["first import: recorded", rate([Sample(one.recorded) for one in done])],
        ["first import: known to the customer service", rate([Sample(one.counted) for one in done])],
        ["second import: unchanged", rate([Sample(one.unchanged) for one in done])],
    ]
    spent = f"{median(one.service_us for one in done):.0f} µs ticket service, "
    spent += f"{median(one.postgres_us for one in done):.0f} µs PostgreSQL"
    table("Import", columns, rows, f"CPU per recorded order: {spent} (with the relay and the copies it feeds).")


async def _import(
    running: Running, token: str, manager: Caller, purchases: Sequence[cdnow.Purchase], shop: str
) -> Import:
    batches = [
        request("POST", _PATH, token=token, body=_batch(purchases[place : place + BATCH], shop))
        for place in range(0, len(purchases), BATCH)
    ]
    pids = running.pids
    await quiet(pids.values())
    service, postgres = cpu_seconds(pids["ticket"]), cpu_seconds(pids["postgresql"])
    began = time.monotonic()
    first = await closed_loop(running.gateway, iter(batches), connections=CONNECTIONS, seconds=30.0)
    spent = cpu_seconds(pids["ticket"]) - service, cpu_seconds(pids["postgresql"]) - postgres
    await _counted(manager, shop, len(purchases))
    counted = time.monotonic() - began
    await quiet(pids.values())
    again = await closed_loop(running.gateway, iter(batches), connections=CONNECTIONS, seconds=30.0)
    if not first.requests == again.requests == len(batches):
        raise LoadError(f"only {first.requests} and {again.requests} of {len(batches)} batches went in within 30 s")
    orders = len(purchases)
    return Import(
        recorded=orders / first.seconds,
        unchanged=orders / again.seconds,
        counted=orders / counted,
        service_us=spent[0] * 1e6 / orders,
        postgres_us=spent[1] * 1e6 / orders,
    )


async def _counted(manager: Caller, shop: str, wanted: int) -> None:
    """Wait until the customer service's report knows that many orders of the shop; none lost, none twice."""

    async def known() -> int:
        report = await manager.expect(200, "GET", f"/v1/customer-reports/purchases?shop={shop}")
        return sum(int(row["orders"]) for row in report["totals"])

    async def complete() -> bool:
        return await known() == wanted

    try:
        await eventually(complete, within=30.0)
    except TimeoutError:
        raise LoadError(f"the customer service knew {await known()} of {wanted} orders 30 s later") from None


def _batch(purchases: Sequence[cdnow.Purchase], shop: str) -> bytes:
    return orjson.dumps({"orders": [{**purchase.as_order(), "shop": shop} for purchase in purchases]})
