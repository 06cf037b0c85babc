"""Two who listen from outside while everything is killed: one in Python by sequence, one in Node by its durables."""

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_stack import ROOT, Running

from contracts.broker import SUBSCRIBER
from ops.credentials import Secrets
from tests.outside.listener import Heard, listen
from tests.outside.node import what_is_lacking

FOLDER = ROOT / "tests" / "outside" / "listeners"
END_SECONDS = 90
Counts = Mapping[str, int]


@dataclass
class Listeners:
    """Both at work. Without Node there is one, and the report says so."""

    python: asyncio.Task[Heard] | None
    done: asyncio.Event
    node: Process | None
    lacking: str | None

    async def report(self, published: Counts, written: Callable[[], Awaitable[Counts]]) -> dict[str, Any]:
        """What each has heard and missed, once nothing more comes, beside what there was to hear: `wanted` at least,
        and `at_most` what the outboxes hold by then, for a clock may have told something meanwhile.

        Without Node there is nothing under its name, and a sentence is printed.
        """
        self.done.set()
        if self.python is None:
            return {}
        heard = await asyncio.wait_for(self.python, END_SECONDS)
        python = {"events": heard.events, "wanted": published["ticket"], "gaps": heard.gaps}
        if self.node is None:
            print(f"NOT HEARD IN NODE: it needs {self.lacking}.")
            return {"python": {**python, "at_most": (await written())["ticket"]}, "node": None}
        said, errors = await asyncio.wait_for(self.node.communicate(b""), END_SECONDS)
        assert said, errors.decode()
        at_most = await written()
        return {
            "python": {**python, "at_most": at_most["ticket"]},
            "node": {**json.loads(said), "wanted": sum(published.values()), "at_most": sum(at_most.values())},
        }


@asynccontextmanager
async def listening(running: Running, wanted: bool) -> AsyncIterator[Listeners]:
    """Both listen with the read-only login while the block lasts, if they are wanted."""
    if not wanted:
        yield Listeners(None, asyncio.Event(), None, None)
        return
    url = url_of(running.home, running.note["nats"])
    lacking, done = await asyncio.to_thread(what_is_lacking, FOLDER), asyncio.Event()
    python, node = asyncio.create_task(listen(url, done)), None
    try:
        if lacking is None:
            command = ("node", str(FOLDER / "listen.mjs"))
            node = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=FOLDER, env=environment(url)
            )
        yield Listeners(python, done, node, lacking)
    finally:
        python.cancel()
        await asyncio.gather(python, return_exceptions=True)
        if node is not None and node.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                node.kill()
            await node.wait()


def url_of(home: Path, operators: str) -> str:
    """Where the broker lets the read-only login in."""
    passwords = Secrets.model_validate_json((home / "secrets.json").read_bytes()).broker
    return f"nats://{SUBSCRIBER}:{passwords[SUBSCRIBER]}@{operators.rpartition('@')[2]}"


def environment(url: str) -> dict[str, str]:
    """What the Node program is told: nothing but where to listen."""
    return {"PATH": os.environ["PATH"], "NATS_URL": url}
