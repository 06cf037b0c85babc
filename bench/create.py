"""What a create costs: a ticket with all its rows in one transaction, beside pgbench writing the same.

Nothing is pinned. Behind every create the relay publishes the event and three services take note of it, on the same
two cores; pgbench has them for itself.
"""

import secrets
from collections.abc import Iterator
from functools import partial
from itertools import repeat
from pathlib import Path

import orjson

from bench.load import Outcome, closed_loop, request
from bench.pgbench import Limit, limit
from bench.processes import quiet
from bench.report import Measure, Sample, cpu, interleaved, measured, middle, rate, rate_ratio, table
from bench.stack import Running

CONNECTIONS = 16
_PATH = "/v1/tickets"
_LIMIT, _DIRECT, _THROUGH = "pgbench -M prepared, same rows", "ticket service direct", "through the gateway"
_KEYED = "through the gateway, Idempotency-Key"
_OTHERS = ("customer", "appraisal", "notify", "nats")
BODY = orjson.dumps({
    "subject": "包裹显示已签收但客户没有收到",
    "description": "客户来电：物流显示昨天已签收，本人未收到，也没有放在驿站。请联系快递核实签收人。" * 3,
    "priority": "high",
    "channel": "phone",
})  # fmt: skip


async def run(running: Running, rounds: int, seconds: float, folder: Path) -> None:
    """Measure and print the table."""
    token = await running.token("agent")
    async with running.caller("agent") as agent:
        ticket = await agent.expect(201, "POST", _PATH, orjson.loads(BODY))
    bound = await limit(running, ticket["ticket_id"], folder)
    plain = repeat(request("POST", _PATH, token=token, body=BODY))
    variants: dict[str, Measure] = {
        _LIMIT: partial(_limited, running, bound, max(round(seconds), 1)),
        _DIRECT: partial(_created, running, running.service("ticket"), plain, seconds),
        _THROUGH: partial(_created, running, running.gateway, plain, seconds),
        _KEYED: partial(_created, running, running.gateway, keyed(token), seconds),
    }
    await interleaved({name: variants[name] for name in (_DIRECT, _THROUGH)}, 1)
    results = await interleaved(variants, rounds)
    columns = ["POST /v1/tickets, c=16", "creates/s (min–max)", "÷ pgbench", "gateway µs", "service µs",
               "PostgreSQL µs", "all others µs", "p50 ms", "p99 ms"]  # fmt: skip
    rows = [
        [name, rate(results[name]), rate_ratio(results, name, _LIMIT),
         *(f"{cpu(results[name], part):.0f}" for part in ("gateway", "ticket", "PostgreSQL", "others")),
         middle([sample.p50 for sample in results[name]]), middle([sample.p99 for sample in results[name]])]
        for name in variants
    ]  # fmt: skip
    client = f"pgbench itself took {cpu(results[_LIMIT], 'client'):.0f} µs per transaction; its p50 is an average."
    parts = ", ".join(f"{name} {cpu(results[_THROUGH], name):.0f}" for name in _OTHERS)
    written = ", ".join(f"{count} {name}" for name, count in bound.rows.items())
    same = f"The same rows, in one transaction: {written}."
    table("Create a ticket", columns, rows, same, client, f"All others, through the gateway, µs: {parts}.")


async def _limited(running: Running, bound: Limit, seconds: int) -> Sample:
    await quiet(running.pids.values())
    return await bound.measure(CONNECTIONS, seconds)


async def _created(running: Running, url: str, requests: Iterator[bytes], seconds: float) -> Sample:
    """One round; the figures of "others" hold what the relay's events made the rest do meanwhile."""
    pids = running.pids
    await quiet(pids.values())
    watched = {name: pids[name] for name in ("gateway", "ticket", *_OTHERS)} | {"PostgreSQL": pids["postgresql"]}
    sample = await measured(partial(_load, url, requests, seconds), watched)
    others = sum(sample.cpu[name] for name in _OTHERS)
    return Sample(sample.rate, {**sample.cpu, "others": others}, sample.p50, sample.p99)


async def _load(url: str, requests: Iterator[bytes], seconds: float) -> Outcome:
    return await closed_loop(url, requests, connections=CONNECTIONS, seconds=seconds, expect=201)


def keyed(token: str) -> Iterator[bytes]:
    """The same request again and again, each with an Idempotency-Key of its own."""
    while True:
        key = f"Idempotency-Key: {secrets.token_hex(12)}\r\n"
        yield request("POST", _PATH, token=token, body=BODY, headers=key)
