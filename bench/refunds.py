"""What after-sales costs: a refund from its request to the money being with the customer, through the gateway.

The storefront asks, an agent takes it up, a supervisor approves what was read, the payment side (a process of its own
on loopback, which pays at once) is called, and its answer is written into the books: three requests and two
transactions in the background. The limit is pgbench with the rows that one such refund leaves behind, as inserts in
one transaction; what was updated on the way, and every row that was only read or locked, it leaves out.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from bench.load import LoadError, percentile
from bench.payments import TOKEN
from bench.pgbench import Limit, limit_of, rows_since, transaction_now
from bench.processes import address, answering, cpu_seconds, quiet, server
from bench.report import Measure, Sample, cpu, interleaved, middle, rate, rate_ratio, table
from bench.stack import Running, environment, stack
from kit.testing.poll import eventually
from ops.callers import Caller

AT_ONCE = 8
_LIMIT, _REFUNDS = "pgbench -M prepared, the rows of a refund", "request → review → approval → paid"
_OTHERS = ("customer", "appraisal", "notify", "nats")
_BATCH = 250
_NUMBERS = count(1)


async def run(rounds: int, seconds: float, folder: Path) -> None:
    """Measure in a stack of its own, whose payment side is the stand-in, and print the table."""
    port, url = address()
    with server("payments", [sys.executable, "-m", "bench.payments", str(port)], environment(), folder):
        await answering(url, "/payments", folder / "payments.log")
        async with stack(folder / "after-sales", KEFU_PAYMENTS_URL=url, KEFU_PAYMENTS_TOKEN=TOKEN) as running:
            await _measure(running, rounds, seconds, folder)


async def _measure(running: Running, rounds: int, seconds: float, folder: Path) -> None:
    async with AsyncExitStack() as ends:
        people = {
            role: await ends.enter_async_context(running.caller(role))
            for role in ("storefront", "agent", "supervisor")
        }
        bound = await _limit(running, people, folder)
        variants: dict[str, Measure] = {
            _LIMIT: partial(_limited, running, bound, max(round(seconds), 1)),
            _REFUNDS: partial(_refunded, running, people, seconds),
        }
        await interleaved({_REFUNDS: variants[_REFUNDS]}, 1)
        results = await interleaved(variants, rounds)
    columns = [f"one refund, {AT_ONCE} at once", "refunds/s (min–max)", "÷ pgbench", "gateway µs", "service µs",
               "PostgreSQL µs", "all others µs", "p50 ms", "p99 ms"]  # fmt: skip
    rows = [
        [name, rate(results[name]), rate_ratio(results, name, _LIMIT),
         *(f"{cpu(results[name], part):.0f}" for part in ("gateway", "ticket", "PostgreSQL", "others")),
         middle([sample.p50 for sample in results[name]]), middle([sample.p99 for sample in results[name]])]
        for name in variants
    ]  # fmt: skip
    written = ", ".join(f"{number} {name}" for name, number in bound.rows.items())
    told = "Latencies are from asking to approved; the rate counts what is paid, until the last one is."
    table("Refunds", columns, rows, told, f"The rows of a refund: {written}.")


async def _limit(running: Running, people: dict[str, Caller], folder: Path) -> Limit:
    """pgbench with the rows of one refund that was done before anything is measured."""
    (number,) = await _orders(people["storefront"], 1)
    before = await transaction_now(running)
    await _refund(people, number)
    await _all_paid(running, 1, 30)
    return await limit_of(running, "refunds", await rows_since(running, before), folder, whole=False)


async def _limited(running: Running, bound: Limit, seconds: int) -> Sample:
    await quiet(running.pids.values())
    return await bound.measure(AT_ONCE, seconds)


async def _refunded(running: Running, people: dict[str, Caller], seconds: float) -> Sample:
    """One round: refunds of new orders for so many seconds, then wait until the last one is paid."""
    numbers = iter(await _orders(people["storefront"], _BATCH))
    pids = running.pids
    await quiet(pids.values())
    watched = {name: pids[name] for name in ("gateway", "ticket", *_OTHERS)} | {"PostgreSQL": pids["postgresql"]}
    spent = {name: cpu_seconds(pid) for name, pid in watched.items()}
    before, began, latencies = await _paid(running), time.perf_counter(), list[float]()
    await asyncio.gather(*(_one_after_the_other(people, numbers, began + seconds, latencies) for _ in range(AT_ONCE)))
    await _all_paid(running, before + len(latencies), 30)
    took = time.perf_counter() - began
    each = 1e6 / len(latencies)
    used = {name: (cpu_seconds(pid) - spent[name]) * each for name, pid in watched.items()}
    used["others"] = sum(used[name] for name in _OTHERS)
    rising = sorted(latencies)
    return Sample(len(latencies) / took, used, percentile(rising, 0.5), percentile(rising, 0.99))


async def _one_after_the_other(
    people: dict[str, Caller], numbers: Iterator[str], until: float, latencies: list[float]
) -> None:
    while time.perf_counter() < until and (number := next(numbers, None)) is not None:
        began = time.perf_counter()
        await _refund(people, number)
        latencies.append((time.perf_counter() - began) * 1000)


async def _refund(people: dict[str, Caller], order_no: str) -> None:
    """Asked for, taken up, approved."""
    asked = {
        "order_no": order_no, "kind": "money_only", "reason": "late", "lines": [{"line_no": 1, "quantity": 1}],
        "text": "一直没有发货，不想要了。",
    }  # fmt: skip
    refund = await people["storefront"].expect(201, "POST", "/v1/refunds", asked, Idempotency_Key=_key())
    path = f"/v1/refunds/{refund['refund_id']}"
    taken_up = await people["agent"].expect(200, "POST", f"{path}/review", Idempotency_Key=_key())
    read = {"If_Match": f'"{taken_up["ticket"]["version"]}"', "Idempotency_Key": _key()}
    approved = await people["supervisor"].expect(200, "POST", f"{path}/approve", **read)
    if approved["status"] not in ("paying", "paid"):
        raise LoadError(f"a refund of the bench came to {approved['status']} where money was to go")


async def _orders(storefront: Caller, number: int) -> list[str]:
    """New orders, each of a buyer of its own, paid and not yet sent."""
    made = [f"bench-{next(_NUMBERS)}" for _ in range(number)]
    told = [_order(order_no) for order_no in made]
    await storefront.expect(200, "POST", "/v1/orders/batches", {"orders": told}, Idempotency_Key=_key())
    return made


def _order(order_no: str) -> dict[str, Any]:
    line = {"line_no": 1, "sku": "TEA-250", "product_name": "龙井 250g", "quantity": 1, "paid_total": "88.00"}
    return {
        "shop": "main", "order_no": order_no, "buyer_ref": f"buyer-{order_no}", "lines": [line], "discount": "0.00",
        "freight": "0.00", "paid": "88.00", "placed_at": "2026-11-20T10:00:00+08:00",
        "paid_at": "2026-11-20T10:01:00+08:00", "payer_token": f"payer-{order_no}",
    }  # fmt: skip


async def _paid(running: Running) -> int:
    """How many payments are paid, as the database has it."""
    connection = await asyncpg.connect(running.database("ticket"))
    try:
        found: int = await connection.fetchval("SELECT count(*) FROM payment WHERE status = 'paid'")
        return found
    finally:
        await connection.close()


async def _all_paid(running: Running, wanted: int, within: float) -> None:
    async def are_paid() -> bool:
        return await _paid(running) >= wanted

    try:
        await eventually(are_paid, within=within)
    except TimeoutError:
        raise LoadError(f"{await _paid(running)} of {wanted} refunds were paid {within:g} s later") from None


def _key() -> str:
    return secrets.token_hex(12)
