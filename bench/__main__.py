"""`python -m bench [part…]`: measure on this machine and print tables. Nothing is judged here; see the document, into
which `--keep` writes them."""

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop

from bench import create, document, door, gateway, latency, machine, orders, refunds, rows, startup, tickets
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
    asked.add_argument("--keep", action="store_true", help="write what is measured into docs/performance.md, too")
    chosen = asked.parse_args()
    unknown = set(chosen.parts) - set(PARTS)
    if unknown or not 0.2 <= chosen.seconds <= 30:
        asked.error(f"no such part: {', '.join(sorted(unknown))}" if unknown else "seconds are between 0.2 and 30")
    parts = [part for part in PARTS if part in (chosen.parts or PARTS)]
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        bench = Bench(chosen.rounds, chosen.seconds, Path(folder), keeps=chosen.keep)
        sys.exit(uvloop.run(bench.run(parts)))


@dataclass
class Bench:
    """One run over some parts."""

    rounds: int
    seconds: float
    folder: Path
    keeps: bool
    failed: int = 0
    fsync: str = ""

    async def run(self, parts: list[str]) -> int:
        """Measure the parts one after the other; the exit code."""
        began = time.monotonic()
        self.fsync = await asyncio.to_thread(machine.fsync_microseconds, self.folder)
        described = machine.described(self.fsync)
        print(f"## Kefu measured, {_now()}: {' '.join(parts)}, {self.rounds} rounds of {self.seconds:g} s", end="")
        print(f"\n\n{described}", flush=True)
        if self.keeps:
            document.keep("machine", described)
        if "startup" in parts:
            await self._measure("startup", startup.run(self.folder))
        if set(parts) - ALONE:
            await self._with_stack(parts)
        if "refunds" in parts:
            await self._measure("refunds", refunds.run(self.rounds, self.seconds, self.folder), PART_SECONDS * 2)
        if "tickets" in parts:
            await self._measure("tickets", tickets.run(self.folder), tickets.WITHIN_SECONDS)
        print(f"\n{machine.load_now()} at the end, {time.monotonic() - began:.0f} s in all.")
        return 1 if self.failed else 0

    async def _with_stack(self, parts: list[str]) -> None:
        """The parts that share one running stack."""
        rounds, seconds = self.rounds, self.seconds
        runs: dict[str, Callable[[Running], Awaitable[None]]] = {
            "gateway": lambda running: gateway.run(running, rounds, seconds, self.folder),
            "create": lambda running: create.run(running, rounds, seconds, self.folder),
            "latency": lambda running: latency.run(running, rounds * seconds),
            "import": lambda running: orders.run(running, min(rounds, 2)),
            "door": lambda running: door.run(running, rounds, seconds, self.folder),
            "rows": lambda running: rows.run(running, rounds, seconds, self.folder),
        }
        wanted = {part: run for part, run in runs.items() if part in parts}

        async def all_in_turn() -> None:
            async with stack(self.folder / "home") as running:
                for part, run in wanted.items():
                    await self._measure(part, run(running))

        await self._guarded("kefu up", all_in_turn(), PART_SECONDS * len(wanted))

    async def _measure(self, part: str, work: Awaitable[None], within: float = PART_SECONDS) -> None:
        """Do one part within its time, say how it was done, and keep what it said when it came to its end."""
        began, before = time.monotonic(), machine.load_now()
        with document.copied() as said:
            done = await self._guarded(part, work, within)
            after = f"{machine.load_now()} after {time.monotonic() - began:.0f} s"
            how = f"`python -m bench {part} --rounds {self.rounds} --seconds {self.seconds:g}`"
            print(f"\n{how}, {_now()}; fsync {self.fsync} µs; {before}, {after}.", flush=True)
        if done and self.keeps:
            document.keep(part, said.text)

    async def _guarded(self, part: str, work: Awaitable[None], within: float) -> bool:
        """Do it; whether it could be measured, and its reason printed when it could not."""
        try:
            async with asyncio.timeout(within):
                await work
        except TimeoutError:
            why = f"It took longer than {within:g} s."
        except KNOWN as trouble:
            why = str(trouble)
        except Exception:  # noqa: BLE001 - a fault of the bench itself is shown, the other parts still have their turn
            why = traceback.format_exc()
        else:
            return True
        self.failed += 1
        print(f"\n### {part}: NOT MEASURED\n\n{why}", flush=True)
        return False


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


if __name__ == "__main__":
    main()
