"""`python -m tests.outside`: every operation of the API called as its document promises, and as it doesn't.

schemathesis explores what the gateway's document says, in four ways: its examples, every boundary of every field,
random requests good and bad, and walks from one operation to the next. Each service and the gateway itself must stand
at least a thousand cases without a 5xx, an undocumented answer or an accepted body that the document forbids.
"""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from kit.testing.poll import eventually
from ops.callers import Callers, callers
from ops.credentials import Secrets
from tests.local_stack import ROOT, stack
from tests.outside import report
from tests.outside.cast import PARTS, arrive
from tests.outside.jobs import Amount, Job, Result, jobs_of

AT_LEAST = 1000
AT_ONCE = 2
SEED = 1
"""The run of `make fuzz` and `.ci/run` is the same each time; `SEED=random make fuzz` looks elsewhere."""


def main() -> None:
    """Explore all parts, or those that are named; exit code 1 when something was found or too little was tried."""
    asked = argparse.ArgumentParser(prog="python -m tests.outside", description="Explore the API with schemathesis.")
    asked.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all without any")
    asked.add_argument("--seed", type=_seed, default=SEED, help=f"a number, or `random` for another run ({SEED})")
    asked.add_argument(
        "--examples", type=int, default=500, help="random requests, shared by a part's operations (500)"
    )
    asked.add_argument("--walks", type=int, default=40, help="walks from operation to operation (40)")
    asked.add_argument("--at-least", type=int, default=AT_LEAST, help=f"cases that each part must see ({AT_LEAST})")
    asked.add_argument("--home", type=Path, help="explore the stack that runs in this home instead of one of its own")
    chosen = asked.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        asked.error(f"no such part: {', '.join(sorted(unknown))}")
    chosen.parts = [part for part in PARTS if part in (chosen.parts or PARTS)]
    with tempfile.TemporaryDirectory(prefix="kefu-outside-") as folder:
        sys.exit(asyncio.run(_run(chosen, Path(folder))))


def _seed(text: str) -> int:
    return secrets.randbits(32) if text == "random" else int(text)


async def _run(chosen: argparse.Namespace, folder: Path) -> int:
    began = time.monotonic()
    print(f"Exploring {', '.join(chosen.parts)} with seed {chosen.seed}.", flush=True)
    async with AsyncExitStack() as ends:
        home = chosen.home or (await ends.enter_async_context(stack(folder))).home
        gateway = json.loads((home / "run.json").read_bytes())["gateway"]
        login = Secrets.model_validate_json((home / "secrets.json").read_bytes())
        people = await ends.enter_async_context(callers(gateway, login))
        document = await eventually(lambda: _document(people), within=30)
        cast = await arrive(people, document)
        print(f"The stage is set after {time.monotonic() - began:.0f} s.", flush=True)
        amount = Amount(seed=chosen.seed, examples=chosen.examples, walks=chosen.walks)
        jobs = [job for part in chosen.parts for job in jobs_of(part, document, cast, gateway, amount)]
        results = await _all_of(jobs, folder)
    print(report.shown(results), f"\n{time.monotonic() - began:.0f} s in all, seed {chosen.seed}.", flush=True)
    return report.verdict(results, at_least=chosen.at_least)


async def _document(people: Callers) -> dict[str, Any]:
    """The gateway's document, once all services have shown theirs."""
    async with people.http.get(f"{people.gateway}/openapi.json") as answer:
        document: dict[str, Any] = await answer.json()
    assert not document["x-missing"], "a service's document is missing"
    return document


async def _all_of(jobs: Sequence[Job], folder: Path) -> list[Result]:
    """Every job in a process of its own, a few at a time; results in the order of the jobs."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def explored(number: int, job: Job) -> Result:
        asked, told = folder / f"{number}.job", folder / f"{number}.result"
        asked.write_text(job.model_dump_json())
        async with gate:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.outside.explorer", str(asked), str(told), cwd=ROOT
            )
            try:
                code = await child.wait()
            finally:
                if child.returncode is None:
                    child.terminate()
        if code:
            raise SystemExit(f"The explorer of {job.name} as {job.caller} ended with {code}.")
        result = Result.model_validate_json(told.read_bytes())
        print(report.line(result), flush=True)
        return result

    return list(await asyncio.gather(*(explored(number, job) for number, job in enumerate(jobs))))


if __name__ == "__main__":
    main()
