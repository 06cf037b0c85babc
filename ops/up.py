"""`kefu up`: everything on this machine with one command, and nothing left of it afterwards."""

import asyncio
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kit.testing.children import LOOPBACK
from kit.testing.databases import SERVICES, create_databases
from kit.testing.servers import NatsServer, PostgresServer, ServerError
from ops import credentials
from ops.announce import Announcement, Quiet, Terminal
from ops.credentials import Secrets, write_private
from ops.environment import (
    INNER_SERVICES,
    Home,
    StackError,
    broker_url,
    database_variable,
    gateway_address,
    home_at,
    inner_ports,
    metrics_ports,
    occupied,
    own_address,
    shared_environment,
)
from ops.migrate import migrate_all, warm_up
from ops.processes import Part, RunningProgram, RunningServer, Show, python_program
from ops.supervisor import Stack, run


def command(
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON when ready; logs go to the home's logs folder.")
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Start what crashes again.")] = False,
    home: Annotated[Path | None, typer.Option(help="Folder for data and secrets (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Run the gateway, the four services, PostgreSQL and NATS here until Ctrl-C.

    A server named by NATS_URL or one of the *_DATABASE_URL variables is used instead of an embedded one.
    """
    place = home_at(home)
    with occupied(place):
        plan = plan_for(place, os.environ, restart=restart)
        listener = Noted(plan, Quiet() if as_json else Terminal())
        stack = build(plan, place.logs if as_json else listener.show)
        listener.stack = stack
        threading.Thread(target=warm_up, daemon=True).start()
        asyncio.run(run(stack, listener))


@dataclass(frozen=True)
class Plan:
    """What will run: the environment all processes share, and which servers are ours to run."""

    home: Home
    secrets: Secrets
    env: dict[str, str]
    ports: dict[str, int]
    gateway: tuple[str, int]
    own_databases: tuple[str, ...]
    own_broker: bool
    restart: bool
    metrics: dict[str, int]

    def env_of(self, service: str) -> dict[str, str]:
        """What one process is told: at the broker it is nobody but itself."""
        if not self.own_broker:
            return self.env
        return {**self.env, "NATS_URL": broker_url(service, self.secrets, self.ports)}

    def announcement(self) -> Announcement:
        """Where everything is, for people and scripts."""
        host, port = self.gateway
        metrics_host = own_address(self.env.get("KEFU_METRICS_HOST") or LOOPBACK)
        return Announcement(
            gateway=f"http://{own_address(host)}:{port}",
            services={name: self.env[f"{name.upper()}_URL"] for name in INNER_SERVICES},
            databases={name: self.env[database_variable(name)] for name in SERVICES},
            nats=self.env["NATS_URL"],
            metrics={name: f"http://{metrics_host}:{at}/metrics" for name, at in self.metrics.items() if at},
            credentials=self.secrets,
        )


def plan_for(home: Home, environ: Mapping[str, str], *, restart: bool = False) -> Plan:
    """Choose ports and secrets. Raises `StackError` when the gateway's port is taken."""
    secrets = credentials.of_home(home.secrets)
    ports = inner_ports(home)
    gateway = gateway_address(environ, ports)
    return Plan(
        home=home,
        secrets=secrets,
        env=shared_environment(environ, home, secrets, ports, gateway),
        ports=ports,
        gateway=gateway,
        own_databases=tuple(name for name in SERVICES if not environ.get(database_variable(name))),
        own_broker=not environ.get("NATS_URL"),
        restart=restart,
        metrics=metrics_ports(environ, ports),
    )


def build(plan: Plan, output: Show | Path) -> Stack:
    """Turn the plan into parts; they write to `output`, a function or a folder of logs."""
    servers: list[Part] = []
    postgres = PostgresServer(plan.home.path / "postgres", port=plan.ports["postgres"])
    if plan.own_databases:
        servers.append(RunningServer(postgres))
    if plan.own_broker:
        nats = NatsServer(plan.home.path / "nats", port=plan.ports["nats"], passwords=plan.secrets.broker)
        servers.append(RunningServer(nats))

    async def prepare() -> None:
        await asyncio.to_thread(_prepare, plan, postgres)

    host, port = plan.gateway

    def program(name: str, module: str, heavy: str, port: int, host: str = LOOPBACK) -> RunningProgram:
        told = python_program(name, module, heavy, plan.env_of(name), port, host, plan.metrics[name])
        return RunningProgram(told, _of(output, name))

    return Stack(
        servers=servers,
        prepare=prepare,
        services=[
            program(name, f"services.{name}", f"services.{name}.app", plan.ports[name]) for name in INNER_SERVICES
        ],
        gateway=[program("gateway", "gateway", "gateway.own", port, host)],
        restart=plan.restart,
    )


def _prepare(plan: Plan, postgres: PostgresServer) -> None:
    try:
        if plan.own_databases:
            create_databases(postgres.url, {name: plan.secrets.databases[name] for name in plan.own_databases})
        migrate_all(plan.env)
    except OSError as trouble:
        raise StackError(f"A database or the broker cannot be reached: {trouble}.") from trouble


def _of(output: Show | Path, name: str) -> Show | Path:
    """A log file of its own for each process, begun anew with each run; the run before stays as `.old`."""
    if not isinstance(output, Path):
        return output
    output.mkdir(mode=0o700, exist_ok=True)
    log = output / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.old"))
    return log


class Noted:
    """Passes the news on to whoever shows it, and keeps `run.json` in step for other commands."""

    stack: Stack

    def __init__(self, plan: Plan, listener: Terminal | Quiet) -> None:
        self.plan = plan
        self.listener = listener
        self.seconds = 0.0

    def ready(self, seconds: float) -> None:
        self.seconds = seconds
        self.listener.ready(self._note())

    def revived(self, part: Part) -> None:
        self._note()
        self.listener.say(part.name, f"runs again as process {part.pid}")

    def say(self, part: Part, line: str) -> None:
        self.listener.say(part.name, line)

    def show(self, name: str, line: str) -> None:
        self.listener.show(name, line)

    def _note(self) -> Announcement:
        announcement = self.plan.announcement()
        announcement.pids = {"supervisor": os.getpid()}
        for part in self.stack.parts:
            with suppress(ServerError, StackError):  # one that is down at the moment has no process
                announcement.pids[part.name.lower()] = part.pid
        announcement.seconds_to_ready = round(self.seconds, 2)
        write_private(self.plan.home.run, json.dumps(announcement.as_json()))
        return announcement
