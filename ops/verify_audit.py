"""`kefu verify-audit`: whether anybody has touched the audit trails."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import asyncpg
import orjson
import typer
from rich.console import Console
from rich.table import Table

from kit.audit_check import Verdict, verify
from kit.db import is_transient
from kit.testing.databases import SERVICES
from ops.environment import StackError, database_url, home_at


def command(
    service: Annotated[str | None, typer.Argument(help=f"{', '.join(SERVICES)}; all when none is named.")] = None,
    home: Annotated[Path | None, typer.Option("--home", help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Compute the audit chains again and compare them with the checkpoints; exit code 1 when anything is wrong.

    Reads the checkpoints below KEFU_AUDIT_DIR, else below the home's folder `audit`.
    """
    place = home_at(home)
    if service is not None and service not in SERVICES:
        raise StackError(f"There is no service {service!r}; there are {', '.join(SERVICES)}.")
    addresses = {name: database_url(name, place) for name in ([service] if service else SERVICES)}
    given = os.environ.get("KEFU_AUDIT_DIR")
    verdicts = asyncio.run(_verify(addresses, Path(given) if given else place.path / "audit"))
    if as_json:
        print(orjson.dumps([_shown(verdict) for verdict in verdicts]).decode())
    else:
        Console().print(_table(verdicts))
    if any(verdict.finding for verdict in verdicts):
        raise typer.Exit(1)


async def _verify(addresses: dict[str, str], folder: Path) -> list[Verdict]:
    try:
        return [await verify(url, service, folder) for service, url in addresses.items()]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as trouble:
        if not is_transient(trouble):
            raise
        raise StackError(f"A database can't be reached: {trouble}.") from trouble


def _table(verdicts: list[Verdict]) -> Table:
    table = Table("service", "rows", "last seal", "waiting", "last checkpoint", "verdict")
    for one in verdicts:
        anchored = f"{one.anchored} at {one.anchored_at:%Y-%m-%d %H:%M:%S}" if one.anchored_at else "none"
        told = f"[red]{one.finding.wrong}[/red]: {one.finding.words}" if one.finding else "[green]OK[/green]"
        table.add_row(one.service, str(one.rows), str(one.sealed), str(one.waiting), anchored, told)
    return table


def _shown(verdict: Verdict) -> dict[str, object]:
    finding = verdict.finding
    return {
        "service": verdict.service,
        "ok": finding is None,
        "rows": verdict.rows,
        "last_seal": verdict.sealed,
        "waiting": verdict.waiting,
        "checkpoints": verdict.checkpoints,
        "last_checkpoint": verdict.anchored,
        "last_checkpoint_at": verdict.anchored_at,
        "finding": {"wrong": finding.wrong, "place": finding.place, "words": finding.words} if finding else None,
    }
