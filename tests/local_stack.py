"""The whole system in a folder of its own, as `kefu up --restart` runs it, for stories and faults."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.environment import StackError

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Running:
    """A local stack of its own for the run."""

    home: Path
    note: dict[str, Any]

    def pid(self, name: str) -> int:
        """The process that has this part at the moment; the supervisor notes every revival."""
        note = json.loads((self.home / "run.json").read_text())
        return int(note["pids"][name])


@asynccontextmanager
async def stack(home: Path, **told: str) -> AsyncIterator[Running]:
    """`kefu up --restart` in a home of its own, on free ports; `told` is more of its environment."""
    unset = {"PYTHONDONTWRITEBYTECODE"}
    environment = {name: value for name, value in os.environ.items() if name not in unset and "PYTEST" not in name}
    environment |= {"KEFU_GATEWAY_PORT": "0", "PYTHONPATH": str(ROOT), **told}
    with (home / "up.err").open("w") as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ops", "up", "--json", "--restart", "--home", str(home / "stack"),
            stdout=asyncio.subprocess.PIPE, stderr=errors, env=environment, cwd=ROOT,
        )  # fmt: skip
        try:
            assert child.stdout
            line = await asyncio.wait_for(child.stdout.readline(), 90)
            if not line:
                raise StackError((home / "up.err").read_text() or "the stack did not start")
            yield Running(home / "stack", json.loads(line))
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
            await asyncio.wait_for(child.wait(), 40)
