"""How long `kefu up` takes and how much memory the five processes hold, in a new home and in a known one."""

from pathlib import Path
from statistics import median

from bench.load import LoadError
from bench.processes import pss_mebibytes, quiet
from bench.report import table
from bench.stack import PROCESSES, Running, stack

WARM = 2


async def run(folder: Path) -> None:
    """Start cold once and warm twice, and print the table."""
    home = folder / "startup"
    cold = await _start(home)
    warm = [await _start(home) for _ in range(WARM)]
    rows = [
        ["cold home (initdb, migrations)", f"{cold[0]:.1f}", f"{cold[1]:.1f}", *_cells([cold[2]])],
        [f"warm home, mean of {WARM}", f"{median(one[0] for one in warm):.1f}",
         f"{median(one[1] for one in warm):.1f}", *_cells([one[2] for one in warm])],
    ]  # fmt: skip
    columns = ["kefu up", "first spawn → last ready, s", "whole command, s", "PSS MiB, five processes", *PROCESSES]
    table("Start-up and memory", columns, rows, "Memory is read when the processes are idle after the start.")


async def _start(home: Path) -> tuple[float, float, dict[str, float]]:
    """Seconds from the first spawn to the last ready, seconds of the whole command, and memory by process."""
    async with stack(home) as running:
        await quiet(running.pids.values())
        return float(running.note["seconds_to_ready"]), running.seconds, _memory(running)


def _memory(running: Running) -> dict[str, float]:
    try:
        return {name: pss_mebibytes(running.pids[name]) for name in PROCESSES}
    except OSError as trouble:
        raise LoadError(f"the memory of the processes cannot be read: {trouble}") from trouble


def _cells(memories: list[dict[str, float]]) -> list[str]:
    each = {name: median(memory[name] for memory in memories) for name in PROCESSES}
    return [f"{sum(each.values()):.0f}", *(f"{size:.0f}" for size in each.values())]
