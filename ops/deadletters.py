"""`kefu dead-letters`: see what could not be applied, apply it once its cause is mended, or give it up."""

import asyncio
import getpass
import os
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
from kit.discard import EarlierFirstError, NothingToDiscardError, discard
from kit.principals import Principal
from kit.redrive import Outcome, redrive
from kit.runtime import Wiring
from kit.settings import ProcessSettings
from kit.subscriber import Subscriber
from kit.vault import open_vault
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
    table = Table("id", "consumer", "subject", "aggregate", "sequence", "attempts", "reason", "buried at")
    for letter in letters:
        place = (str(letter.aggregate_id or "?"), str(letter.sequence or "?"), str(letter.attempts))
        table.add_row(str(letter.id), letter.consumer, letter.subject, *place, letter.reason, str(letter.buried_at))
    Console().print(table if letters else "No dead letters.")


@app.command("redrive")
def redrive_letters(service: Service, home: HomeFolder = None, as_json: AsJson = False) -> None:
    """Apply the waiting letters, each aggregate's in sequence; exit code 1 when some are left."""
    place = home_at(home)
    url, key = _database_url(service, place), installation_key(place)
    os.environ.setdefault("KEFU_INSTALLATION_KEY", key.hex())
    outcomes = asyncio.run(_redrive(service, url, key))
    if as_json:
        print(orjson.dumps([{**_shown(one.letter), "error": one.error} for one in outcomes], default=str).decode())
    else:
        for one in outcomes:
            print(f"{one.letter.subject} {one.letter.event_id}: {one.error or 'applied'}")
        print(f"{sum(one.error is None for one in outcomes)} of {len(outcomes)} applied")
    if any(one.error for one in outcomes):
        raise typer.Exit(1)


@app.command("discard")
def discard_letter(
    service: Service,
    letter_id: Annotated[int, typer.Argument(metavar="ID", help="The letter's id, as `list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why its effect shall never be; it stands in the audit trail.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    home: HomeFolder = None,
) -> None:
    """Give a letter up for good: its event is taken for done, and what waits behind it can be redriven."""
    if not reason.strip():
        raise StackError("A letter is only given up for a reason.")
    place = home_at(home)
    url, key = _database_url(service, place), installation_key(place)
    if not yes:
        typer.confirm(f"Give up letter {letter_id} of {service} for good?", abort=True)
    letter = asyncio.run(_discard(url, key, letter_id, reason.strip()))
    print(f"{letter.subject} {letter.event_id}: discarded")


async def _discard(url: str, key: bytes, letter_id: int, reason: str) -> Letter:
    database = Database(url, pool=1)
    actor = Principal(f"operator:{getpass.getuser()}", frozenset())
    try:
        async with Transactions(database, SystemClock(), key, lambda: None).begin(actor) as work:
            return await discard(work, letter_id, reason)
    except NothingToDiscardError:
        raise StackError(f"No letter {letter_id} waits there.") from None
    except EarlierFirstError as error:
        raise StackError(f"Letter {letter_id} can't be given up yet: {error}.") from None
    finally:
        await database.close()


async def _waiting(url: str) -> list[Letter]:
    database = Database(url, pool=1)
    try:
        return await waiting(database)
    finally:
        await database.close()


async def _redrive(service: str, url: str, key: bytes) -> list[Outcome]:
    wiring: Wiring = import_module(f"services.{service}.app").WIRING
    subscriptions = {one.reader.name: one for one in wiring.subscriptions}
    database = Database(url, pool=1)
    # What the handlers record is found by the running service's relay when it next looks.
    vault = open_vault(ProcessSettings()) if wiring.seals else None
    transactions = Transactions(database, SystemClock(), key, lambda: None, vault)
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
        "id", "consumer", "subject", "event_id", "aggregate_id", "sequence", "reason", "attempts", "buried_at",
    )  # fmt: skip
    return {name: getattr(letter, name) for name in names}
