"""The running system that is measured: `kefu up` in a home of its own on free ports, thrown away afterwards."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load import LoadError
from kit.testing.children import tied_to_parent
from kit.testing.databases import SERVICES
from kit.testing.servers import PostgresServer
from ops.callers import Caller, callers
from ops.credentials import Secrets
from ops.environment import INNER_SERVICES, database_variable

PROCESSES = ("gateway", *INNER_SERVICES)
"""The five of ours, without the servers."""

UP_WITHIN = 60.0
DOWN_WITHIN = 40.0
_NOT_INHERITED = {"PYTHONDONTWRITEBYTECODE", "NATS_URL", "KEFU_FAILPOINTS", *map(database_variable, SERVICES)}


@dataclass(frozen=True)
class Running:
    """A stack that is up; `note` is the line that `kefu up --json` prints, `seconds` from its own start to that."""

    home: Path
    note: Mapping[str, Any]
    seconds: float

    @property
    def gateway(self) -> str:
        """The gateway's URL."""
        return str(self.note["gateway"])

    @property
    def pids(self) -> dict[str, int]:
        """The processes by name; `postgresql` stands for its whole tree."""
        return {name: int(pid) for name, pid in self.note["pids"].items() if name != "supervisor"}

    def service(self, name: str) -> str:
        """An inner service's URL."""
        return str(self.note["services"][name])

    def database(self, name: str) -> str:
        """A service's database URL."""
        return str(self.note["databases"][name])

    @property
    def superuser(self) -> str:
        """The URL of the database server's own user."""
        port = int(self.database("ticket").rpartition(":")[2].partition("/")[0])
        return PostgresServer(self.home / "postgres", port=port).url

    @property
    def secrets(self) -> Secrets:
        """The home's secrets."""
        return Secrets.model_validate_json((self.home / "secrets.json").read_bytes())

    @asynccontextmanager
    async def caller(self, role: str) -> AsyncIterator[Caller]:
        """Somebody signed in: `storefront` or a role of the staff."""
        async with callers(self.gateway, self.secrets) as people:
            caller = people.storefront if role == "storefront" else people.staff(role)
            await caller.expect(200, "GET", "/v1/me")
            yield caller

    async def token(self, role: str) -> str:
        """An access token of that role; it lives ten minutes, which no part outlasts."""
        async with self.caller(role) as caller:
            if caller.token is None:
                raise LoadError("the gateway gave no token")
            return caller.token


@asynccontextmanager
async def stack(home: Path, **settings: str) -> AsyncIterator[Running]:
    """`kefu up` with its data in `home` and these settings, for the block. Raises `LoadError` when it does not come
    up."""
    began = time.monotonic()
    complaints = home.parent / f"{home.name}.err"
    with complaints.open("w") as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ops", "up", "--json", "--home", str(home),
            stdout=asyncio.subprocess.PIPE, stderr=errors, env=environment(KEFU_GATEWAY_PORT="0", **settings),
            preexec_fn=tied_to_parent(),
        )  # fmt: skip
    try:
        line = await _first_line(child)
        if not line:
            raise LoadError(complaints.read_text().strip() or f"kefu up said nothing within {UP_WITHIN:g} s")
        yield Running(home, json.loads(line), time.monotonic() - began)
    finally:
        await _end(child)


async def _first_line(child: Process) -> bytes:
    """What it says when it is up; nothing when it ends before, or takes too long."""
    assert child.stdout is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UP_WITHIN):
            return await child.stdout.readline()
    return b""


async def _end(child: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.wait(), DOWN_WITHIN)
    except TimeoutError:
        child.kill()  # its own children die with it
        await child.wait()


def environment(**more: str) -> dict[str, str]:
    """This process's environment for children: the embedded servers, cached bytecode, no failpoints."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {**kept, **more}
