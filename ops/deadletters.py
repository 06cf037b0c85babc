"""`kefu dead-letters`: see what could not be applied, and apply it once its cause is mended."""

import asyncio
from collections.abc import Sequence
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from kit.bus import Bus
from kit.clock import SystemClock
from kit.db import Database
from kit.deadletters import Letter, waiting
from kit.redrive import Outcome, redrive
from kit.subscriber import Subscriber
from kit.work import Transactions
from ops.environment import INNER_SERVICES, Home, StackError, database_url, home_at, installation_key

app = typer.Typer(help="Events that a subscriber could not apply.", no_args_is_help=True)
Service = Annotated[str, typer.Argument(help=f"{', '.join(INNER_SERVICES)}.")]
HomeFolder = Annotated[Path | None, typer.Option("--home", help="Folder of the stack (KEFU_HOME, .kefu).")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@app.command("list")
def list_letters(service: Service, home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Show the letters that wait, in the order in which they must be redriven."""
    letters = asyncio.run(_waiting(_database_url(service, home_at(home))))
    if as_json:
        print(orjson.dumps([_shown(letter) for letter in letters], default=str).decode())
        return
    table = Table("consumer", "subject", "aggregate", "sequence", "attempts", "reason", "buried at")
    for letter in letters:
        place = (str(letter.aggregate_id or "?"), str(letter.sequence or "?"), str(letter.attempts))
        table.add_row(letter.consumer, letter.subject, *place, letter.reason, str(letter.buried_at))
    Console().print(table if letters else "No dead letters.")


@app.command("redrive")
def redrive_letters(service: Service, home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Apply the waiting letters, each aggregate's in sequence; exit code 1 when some are left."""
    place = home_at(home)
    outcomes = asyncio.run(_redrive(service, _database_url(service, place), installation_key(place)))
    if as_json:
        print(orjson.dumps([{**_shown(one.letter), "error": one.error} for one in outcomes], default=str).decode())
    else:
        for one in outcomes:
            print(f"{one.letter.subject} {one.letter.event_id}: {one.error or 'applied'}")
        print(f"{sum(one.error is None for one in outcomes)} of {len(outcomes)} applied")
    if any(one.error for one in outcomes):
        raise typer.Exit(1)


async def _waiting(url: str) -> list[Letter]:
    database = Database(url, pool=1)
    try:
        return await waiting(database)
    finally:
        await database.close()


async def _redrive(service: str, url: str, key: bytes) -> list[Outcome]:
    subscriptions = {one.reader.name: one for one in import_module(f"services.{service}.app").WIRING.subscriptions}
    database = Database(url, pool=1)
    # What the handlers record is found by the running service's relay when it next looks.
    transactions = Transactions(database, SystemClock(), key, lambda: None)
    unopened = Bus("nats://nowhere", "redrive")  # redriving reads from the table, not from the broker
    outcomes: list[Outcome] = []
    try:
        for consumer, letters in groupby(await waiting(database), key=lambda letter: letter.consumer):
            outcomes += await redrive(Subscriber(subscriptions[consumer], transactions, unopened), list(letters))
        return outcomes
    finally:
        await database.close()


def _database_url(service: str, home: Home) -> str:
    if service not in INNER_SERVICES:
        raise StackError(f"There is no service {service!r}; there are {', '.join(INNER_SERVICES)}.")
    return database_url(service, home)


def _shown(letter: Letter) -> dict[str, object]:
    """A letter without its body: events carry no personal data, but what can't be decoded may be anything."""
    names: Sequence[str] = (
        "consumer", "subject", "event_id", "aggregate_id", "sequence", "reason", "attempts", "buried_at",
    )  # fmt: skip
    return {name: getattr(letter, name) for name in names}
