"""What each part of trust costs a service: an Idempotency-Key, an audit row, a policy, a sealed field.

The key is measured at the running ticket service. The others are done in this process, with the kit's own code, in
transactions on the appraisal service's database: a variant with a `+` does what its base above does, and one thing
more.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path

from sqlalchemy import text

from bench.create import BODY, keyed
from bench.inplace import microseconds
from bench.load import Outcome, closed_loop, request
from bench.processes import cpu_seconds, quiet
from bench.report import Measure, Rounds, Sample, cpu, expect_calm, interleaved, measured, more_than, table
from bench.stack import Running
from kit import audit
from kit.clock import SystemClock
from kit.db import Database
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.principals import Principal
from kit.vault import Place, Vault, VaultKey
from kit.work import Transactions, Work
from services.appraisal.commission.policy import COMMISSION_TIERS

CONNECTIONS = 16
_PLAIN, _KEYED = "POST /v1/tickets", "+ Idempotency-Key"
_EMPTY, _AUDIT, _POLICY = "transaction with one SELECT", "+ audit row", "+ policy in force"
_OPEN, _SEALED = "transaction with one INSERT, field as it is", "+ field sealed, with its keyed hash"
_TABLES = (
    "CREATE TABLE bench_open (id uuid PRIMARY KEY, value text NOT NULL UNIQUE)",
    "CREATE TABLE bench_sealed (id uuid PRIMARY KEY, value bytea NOT NULL, search_key bytea NOT NULL UNIQUE)",
)
_SELECT = text("SELECT 1")
_INSERT_OPEN = text("INSERT INTO bench_open VALUES (:id, :value)")
_INSERT_SEALED = text("INSERT INTO bench_sealed VALUES (:id, :value, :key)")
_SOMEBODY = Principal("staff:bench", frozenset({"agent"}))

Step = Callable[[Work], Awaitable[None]]


async def run(running: Running, rounds: int, seconds: float, folder: Path) -> None:  # noqa: ARG001 - as all parts
    """Measure and print both tables."""
    await _key(running, rounds, seconds)
    await _rows(running, rounds, seconds)


async def _key(running: Running, rounds: int, seconds: float) -> None:
    token = await running.token("agent")
    plain = repeat(request("POST", "/v1/tickets", token=token, body=BODY))
    variants: dict[str, Measure] = {
        _PLAIN: partial(_created, running, plain, seconds),
        _KEYED: partial(_created, running, keyed(token), seconds),
    }
    await interleaved(variants, 1)
    results = await interleaved(variants, rounds)
    expect_calm(results, "ticket")
    columns = ["ticket service, c=16", "service CPU µs", "PostgreSQL CPU µs", "more, µs", "part of it"]
    _show("Trust in a service: the key", columns, results, ("ticket", "PostgreSQL"), {_KEYED: _PLAIN})


async def _created(running: Running, requests: Iterator[bytes], seconds: float) -> Sample:
    await quiet(running.pids.values())
    watched = {"ticket": running.pids["ticket"], "PostgreSQL": running.pids["postgresql"]}
    return _summed(await measured(partial(_load, running.service("ticket"), requests, seconds), watched))


async def _load(url: str, requests: Iterator[bytes], seconds: float) -> Outcome:
    return await closed_loop(url, requests, connections=CONNECTIONS, seconds=seconds, expect=201)


async def _rows(running: Running, rounds: int, seconds: float) -> None:
    database = Database(running.database("appraisal"), pool=1)
    transactions = Transactions(database, SystemClock(), bytes(32), lambda: None)
    try:
        async with transactions.begin(_SOMEBODY) as work:
            for table_ in _TABLES:
                await work.session.execute(text(table_))
        server = running.pids["postgresql"]
        variants: dict[str, Measure] = {
            name: partial(_repeated, transactions, step, server, seconds) for name, step in _steps().items()
        }
        await interleaved(variants, 1)
        await quiet(running.pids.values())
        results = await interleaved(variants, rounds)
    finally:
        await database.close()
    expect_calm(results, "own")
    columns = ["one after the other, in this process", "Python CPU µs", "PostgreSQL CPU µs", "more, µs", "part of it"]
    above = {_AUDIT: _EMPTY, _POLICY: _EMPTY, _SEALED: _OPEN}
    sealing, hashing = _cryptography()
    notes = (
        "PostgreSQL's figure holds the sealer's work on the audit rows as far as it fell into the round.",
        f"Of a sealed field, the seal itself is {sealing:.1f} µs and the keyed hash {hashing:.1f} µs (in a loop).",
    )
    _show("Trust in a service: rows", columns, results, ("own", "PostgreSQL"), above, *notes)


def _cryptography() -> tuple[float, float]:
    vault, place = _vault(), Place("bench_sealed", "value", new_id())
    calls = {"seal": lambda: vault.seal("+8613800138000", place), "hash": lambda: vault.keyed_hash("phone", "+86138")}
    costs = microseconds(calls)
    return costs["seal"], costs["hash"]


def _vault() -> Vault:
    return Vault([VaultKey("bench", bytes(32))], search_key=bytes(32))


def _steps() -> dict[str, Step]:
    vault = _vault()

    async def select(work: Work) -> None:
        await work.session.execute(_SELECT)

    async def audited(work: Work) -> None:
        await select(work)
        await audit.record(work, "open", "ticket", new_id(), after={"status": "open", "priority": "high"})

    async def decided(work: Work) -> None:
        await select(work)
        await in_force(work.session, COMMISSION_TIERS, EVERYWHERE, work.now)

    async def written(work: Work) -> None:
        row_id = new_id()
        await work.session.execute(_INSERT_OPEN, {"id": row_id, "value": f"+8613{row_id.int % 10**9:09}{row_id}"})

    async def sealed(work: Work) -> None:
        row_id = new_id()
        value = f"+8613{row_id.int % 10**9:09}{row_id}"
        kept = vault.seal(value, Place("bench_sealed", "value", row_id))
        row = {"id": row_id, "value": kept, "key": vault.keyed_hash("phone", value)}
        await work.session.execute(_INSERT_SEALED, row)

    return {_EMPTY: select, _AUDIT: audited, _POLICY: decided, _OPEN: written, _SEALED: sealed}


async def _repeated(transactions: Transactions, step: Step, server: int, seconds: float) -> Sample:
    began, own, theirs = time.perf_counter(), time.process_time(), cpu_seconds(server)
    done = 0
    while time.perf_counter() - began < seconds:
        async with transactions.begin(_SOMEBODY) as work:
            await step(work)
        done += 1
    spent = {"own": time.process_time() - own, "PostgreSQL": cpu_seconds(server) - theirs}
    rate = done / (time.perf_counter() - began)
    return _summed(Sample(rate, {name: used * 1e6 / done for name, used in spent.items()}))


def _summed(sample: Sample) -> Sample:
    return Sample(sample.rate, {**sample.cpu, "all": sum(sample.cpu.values())}, sample.p50, sample.p99)


def _show(
    title: str, columns: list[str], results: Rounds, parts: tuple[str, str], above: dict[str, str], *notes: str
) -> None:
    rows = []
    for name, samples in results.items():
        more = ("–", "–")
        if name in above:
            extra, share = more_than(results, "all", name, above[name])
            more = (f"{extra:+.0f}", f"{share:+.0%}")
        rows.append([name, *(f"{cpu(samples, part):.0f}" for part in parts), *more])
    table(title, columns, rows, *notes)
