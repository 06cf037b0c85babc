"""`kefu demo`: real history, a day of the desk, and the page."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kit.bus import Bus
from kit.clock import BUSINESS_ZONE
from kit.testing.children import tied_to_parent
from ops.callers import Callers, callers, settled
from ops.credentials import Secrets, read_json
from ops.demo import aftersales, cdnow, figures
from ops.demo.cases import Cases, one_of_each
from ops.demo.day import Day
from ops.demo.desk import open_desk
from ops.demo.figures import Books
from ops.demo.importing import Import, Imported, Journal
from ops.demo.meter import Meter, meter
from ops.demo.page import page
from ops.demo.paymentside import PaymentSide, payment_side
from ops.demo.wishes import deal, each_once
from ops.environment import Home, StackError, broker_url, home_at, is_occupied, last_ports

_SETTLE_SECONDS = 120.0
_SMALL = 3000
_STOPPED = 130


class Size(StrEnum):
    """How much of it."""

    FULL = "full"
    SMALL = "small"


def command(
    size: Annotated[
        Size, typer.Option(help="All 69,659 purchases and a full day, or 3,000 and one of each.")
    ] = Size.FULL,
    home: Annotated[Path | None, typer.Option(help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Import the history of a real shop, work a day of its desk, and print the evening's page.

    Uses the stack that runs in the home; when none does, one is started for the demo and stopped after it. Cut off at
    any moment, by Ctrl-C or worse, it goes on when it is run again.
    """
    place = home_at(home)
    console = Console()
    try:
        with running_stack(place, console) as gateway:
            asyncio.run(_demo(gateway, place, size, console))
    except KeyboardInterrupt:
        console.print("Stopped. Run it again and it goes on from here.")
        raise typer.Exit(_STOPPED) from None


@contextmanager
def running_stack(home: Home, console: Console) -> Iterator[str]:
    """The gateway's address of the stack in `home`, started for the block when none runs."""
    running = read_json(home.run).get("gateway")
    if is_occupied(home) and isinstance(running, str):
        yield running
        return
    console.print(f"No stack runs in {home.path}: starting one for the demo.")
    argv = [sys.executable, "-m", "ops", "up", "--json", "--home", str(home.path)]
    environment = {"KEFU_GATEWAY_PORT": "0", **os.environ}
    with subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=True,  # Ctrl-C is ours to hear; the stack is stopped after us
        preexec_fn=tied_to_parent(),  # noqa: PLW1509 - no thread has been started yet
    ) as stack:
        try:
            line = stack.stdout.readline() if stack.stdout else ""
            if not line:
                raise StackError("The stack did not start; its last words are above.")
            yield str(json.loads(line)["gateway"])
        finally:
            stack.send_signal(signal.SIGTERM)
            stack.wait()  # at Ctrl-C nobody else does, and the stack would die with us in the middle of its end


async def _demo(gateway: str, home: Home, size: Size, console: Console) -> None:
    known = Secrets.model_validate_json(home.secrets.read_bytes())
    journal = Journal(home.path / "demo.json")
    broker = broker_url("storefront", known, last_ports(home))
    async with callers(gateway, known) as people, payment_side(broker, people.storefront) as payments:
        with meter(console) as shown:
            imported = await _import(people, payments.bus, journal, shown, size)
            _tell(console, imported, journal)
            await _day(people, payments, journal, shown, size)
        look = partial(figures.ask_books, people)
        books: Books = await settled(look, lambda seen: seen.balance, within=_SETTLE_SECONDS)
        seen = await figures.ask(people, journal.note.began_at)
        console.print(page(seen, datetime.now(BUSINESS_ZONE)), markup=False, highlight=False, soft_wrap=True)
    if not books.balance:
        raise StackError("The books do not balance.")


async def _import(people: Callers, bus: Bus, journal: Journal, shown: Meter, size: Size) -> Imported:
    """What an earlier run has begun to import is finished, also when less is asked for now."""
    purchases = cdnow.master(_SMALL if size is Size.SMALL else None)
    if journal.note.orders > len(purchases):
        purchases = cdnow.master(journal.note.orders)
    return await Import(people.storefront, people.staff("manager"), bus, journal, shown).run(purchases)


async def _day(people: Callers, payments: PaymentSide, journal: Journal, shown: Meter, size: Size) -> None:
    """After-sales of the history, and the tea shop's own day; both only once."""
    if journal.note.day_done in (size, Size.FULL):
        return
    cases = deal(cdnow.master(journal.note.orders))
    brought = Cases()
    if size is Size.SMALL:
        cases, brought = each_once(cases), one_of_each()
    floor = aftersales.floor_of(people, payments)
    task = shown.begin("refunds and exchanges", len(cases))
    await aftersales.play(floor, cases, partial(shown.advance, task))
    desk = await open_desk(people)
    task = shown.begin("orders, complaints and the rest", brought.count)
    await Day(desk, journal.note.began_at, partial(shown.advance, task)).work(brought)
    journal.note.day_done = size
    journal.write()


def _tell(console: Console, imported: Imported, journal: Journal) -> None:
    note = journal.note
    by = f"{note.http:,} by HTTP batches, {note.nats:,} by NATS events"
    console.print(f"History: {note.http + note.nats:,} orders, {by}; known to the cent.", soft_wrap=True)
    if imported.orders:
        rate = imported.orders / imported.seconds
        console.print(f"This run: {imported.orders:,} in {imported.seconds:,.0f} s, {rate:,.0f} a second.\n")
