"""`python -m bench [part…]`: measure on this machine and print tables. Nothing is judged here; see the document."""

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop

from bench import create, door, gateway, latency, machine, orders, refunds, rows, startup, tickets
from bench.load import LoadError
from bench.stack import Running, stack
from kit.testing.children import ServerError
from ops.environment import StackError

PARTS = ("gateway", "create", "latency", "import", "startup", "door", "rows", "refunds", "tickets")
ALONE = {"startup", "refunds", "tickets"}
"""Parts that don't share the running stack."""

PART_SECONDS = 120.0
KNOWN = (LoadError, ServerError, StackError, OSError, asyncpg.PostgresError)


def main() -> None:
    """Run the parts that are asked for, all by default; exit code 1 when one of them could not be measured."""
    asked = argparse.ArgumentParser(prog="python -m bench", description="Measure Kefu side by side with its limits.")
    asked.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all without any")
    asked.add_argument("--rounds", type=int, default=4, choices=range(1, 21), metavar="1-20", help="rounds (4)")
    asked.add_argument("--seconds", type=float, default=2.0, help="seconds per variant and round (2)")
    chosen = asked.parse_args()
    unknown = set(chosen.parts) - set(PARTS)
    if unknown or not 0.2 <= chosen.seconds <= 30:
        asked.error(f"no such part: {', '.join(sorted(unknown))}" if unknown else "seconds are between 0.2 and 30")
    parts = [part for part in PARTS if part in (chosen.parts or PARTS)]
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        sys.exit(uvloop.run(_run(parts, chosen.rounds, chosen.seconds, Path(folder))))


async def _run(parts: list[str], rounds: int, seconds: float, folder: Path) -> int:
    began = time.monotonic()
    print(f"## Kefu measured, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {' '.join(parts)}, ", end="")
    print(f"{rounds} rounds of {seconds:g} s\n\n{await asyncio.to_thread(machine.described, folder)}", flush=True)
    failed = 0
    if "startup" in parts:
        failed += await _guarded("startup", startup.run(folder))
    if set(parts) - ALONE:
        failed += await _with_stack(parts, rounds, seconds, folder)
    if "refunds" in parts:
        failed += await _guarded("refunds", refunds.run(rounds, seconds, folder), PART_SECONDS * 2)
    if "tickets" in parts:
        failed += await _guarded("tickets", tickets.run(folder), tickets.WITHIN_SECONDS)
    print(f"\n{machine.load_now()} at the end, {time.monotonic() - began:.0f} s in all.")
    return 1 if failed else 0


async def _with_stack(parts: list[str], rounds: int, seconds: float, folder: Path) -> int:
    """The parts that share one running stack; how many of them could not be measured."""
    runs: dict[str, Callable[[Running], Awaitable[None]]] = {
        "gateway": lambda running: gateway.run(running, rounds, seconds, folder),
        "create": lambda running: create.run(running, rounds, seconds, folder),
        "latency": lambda running: latency.run(running, rounds * seconds),
        "import": lambda running: orders.run(running, min(rounds, 2)),
        "door": lambda running: door.run(running, rounds, seconds, folder),
        "rows": lambda running: rows.run(running, rounds, seconds, folder),
    }
    wanted = {part: run for part, run in runs.items() if part in parts}
    failed = 0

    async def all_in_turn() -> None:
        nonlocal failed
        async with stack(folder / "home") as running:
            for part, run in wanted.items():
                failed += await _guarded(part, run(running))

    return await _guarded("kefu up", all_in_turn(), PART_SECONDS * len(wanted)) + failed


async def _guarded(part: str, work: Awaitable[None], within: float = PART_SECONDS) -> int:
    """Do one part within its time; 1, and its reason printed, when it could not be measured."""
    try:
        async with asyncio.timeout(within):
            await work
    except TimeoutError:
        why = f"It took longer than {within:g} s."
    except KNOWN as trouble:
        why = str(trouble)
    except Exception:  # noqa: BLE001 - a fault of the bench itself is shown, and the other parts still have their turn
        why = traceback.format_exc()
    else:
        return 0
    print(f"\n### {part}: NOT MEASURED\n\n{why}", flush=True)
    return 1


if __name__ == "__main__":
    main()
