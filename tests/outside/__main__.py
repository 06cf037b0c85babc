"""`python -m tests.outside`: every operation of the API called as its document promises, and as it doesn't.

schemathesis explores what the gateway's document says, in four ways: its examples, every boundary of every field,
random requests good and bad, and walks from one operation to the next. Each service and the gateway itself must stand
at least a thousand cases without a 5xx, an undocumented answer or an accepted body that the document forbids.
"""

import argparse
import asyncio
import copy
import json
import secrets
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from contracts.permissions import STOREFRONT, roles_with
from ops.callers import callers
from ops.credentials import Secrets
from tests.local_stack import ROOT, stack
from tests.outside import report
from tests.outside.cast import PARTS, Cast, arrive, part_of

AT_LEAST = 1000
AT_ONCE = 2
FEWEST = 6
"""Random requests that every operation sees, good and bad ones together."""
SEED = 1
"""The run of `make fuzz` and `.ci/run` is the same each time; `SEED=random make fuzz` looks elsewhere."""
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth", "use_after_free", "ensure_resource_availability", "problem_is_told",
    "valid_request_passes",
)  # fmt: skip
ALL_ROLES, BUYER = CALLERS = ("all roles", "buyer")


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
        async with people.http.get(f"{gateway}/openapi.json") as answer:
            document = await answer.json()
        assert not document["x-missing"], "a service's document is missing"
        cast = await arrive(people, document)
        print(f"The stage is set after {time.monotonic() - began:.0f} s.", flush=True)
        jobs = [_job(chosen, gateway, document, cast, part, caller) for part in chosen.parts for caller in CALLERS]
        results = await _all_of([job for job in jobs if job["document"]["paths"]], folder)
    print(report.shown(results), f"\n{time.monotonic() - began:.0f} s in all, seed {chosen.seed}.", flush=True)
    return report.verdict(results, at_least=chosen.at_least)


def _job(
    chosen: argparse.Namespace, gateway: str, document: dict[str, Any], cast: Cast, part: str, caller: str
) -> dict[str, Any]:
    """What one explorer is told. A buyer is asked only for what a buyer may ask, and less of it."""
    share = 1 if caller == ALL_ROLES else 3
    paths = _paths(document, part, STOREFRONT if caller == BUYER else None)
    operations = sum(len(item) for item in paths.values())
    return {
        "part": part,
        "caller": caller,
        "gateway": gateway,
        "document": {**document, "paths": paths},
        "known": cast.known[part],
        "untouchable": cast.untouchable,
        "forms": {"staff": cast.staff, "program": cast.program, "buyer": cast.buyer},
        "checks": CHECKS,
        "seed": chosen.seed,
        "examples": max(FEWEST, chosen.examples // share // max(operations, 1)),
        "walks": max(1, chosen.walks // share),
    }


def _paths(document: dict[str, Any], part: str, role: str | None) -> dict[str, Any]:
    """The paths of one part; with a role, those with something on them that the role may do. Links end where the
    part does."""
    paths = {
        path: copy.deepcopy(item)
        for path, item in document["paths"].items()
        if part_of(path) == part and (role is None or any(_may(role, operation) for operation in item.values()))
    }
    operations = [operation for item in paths.values() for operation in item.values()]
    known = {operation["operationId"] for operation in operations}
    for operation in operations:
        for response in operation["responses"].values():
            links = response.get("links", {})
            response["links"] = {name: link for name, link in links.items() if link["operationId"] in known}
    return paths


def _may(role: str, operation: dict[str, Any]) -> bool:
    permission = operation.get("x-permission")
    return permission is not None and role in roles_with(permission)


async def _all_of(jobs: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Every job in a process of its own, a few at a time; results in the order of the jobs."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def explored(number: int, job: dict[str, Any]) -> dict[str, Any]:
        asked, told = folder / f"{number}.job", folder / f"{number}.result"
        asked.write_text(json.dumps(job))
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
            raise SystemExit(f"The explorer of {job['part']} as {job['caller']} ended with {code}.")
        result: dict[str, Any] = json.loads(told.read_text())
        print(report.line(result), flush=True)
        return result

    return list(await asyncio.gather(*(explored(number, job) for number, job in enumerate(jobs))))


if __name__ == "__main__":
    main()
