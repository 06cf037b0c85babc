"""`kefu demo`: the story of the skeleton on real purchases and what their buyers want back, told with figures at the
end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ops import story
from ops.callers import Callers, callers
from ops.credentials import Secrets, read_json
from ops.demo import aftersales, books, cdnow
from ops.demo.aftersales import Played
from ops.demo.books import Books
from ops.demo.paymentside import payment_side
from ops.environment import Home, StackError, broker_url, home_at, last_ports
from ops.story import Imported, Told, Totals

_SETTLE_SECONDS = 120.0
QUOTED_ORDERS = (800, 1000, 1001, 2000, 3000, 3001, 3500)
VARIANTS = ("progressive", "stage-table", "stage-base")


def command(
    home: Annotated[Path | None, typer.Option(help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Import 6,919 real purchases, work a problem order to its end, credit a sale, refund and exchange a hundred
    orders; print what came of it, and the books.

    Uses the stack that runs in the home; when none does, one is started for the demo and stopped after it.
    """
    place = home_at(home)
    console = Console()
    with running_stack(place, console) as gateway:
        known = Secrets.model_validate_json(place.secrets.read_bytes())
        asyncio.run(_demo(gateway, known, broker_url("storefront", known, last_ports(place)), console))


@contextmanager
def running_stack(home: Home, console: Console) -> Iterator[str]:
    """The gateway's address of the stack in `home`, started for the block when none runs."""
    running = read_json(home.run).get("gateway")
    if isinstance(running, str):
        yield running
        return
    console.print(f"No stack runs in {home.path}: starting one for the demo.")
    argv = [sys.executable, "-m", "ops", "up", "--json", "--home", str(home.path)]
    environment = {"KEFU_GATEWAY_PORT": "0", **os.environ}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment, text=True) as stack:
        try:
            line = stack.stdout.readline() if stack.stdout else ""
            if not line:
                raise StackError("The stack did not start; its last words are above.")
            yield str(json.loads(line)["gateway"])
        finally:
            stack.send_signal(signal.SIGTERM)


async def _demo(gateway: str, known: Secrets, broker: str, console: Console) -> None:
    purchases = cdnow.sample()
    async with callers(gateway, known) as people:
        with Progress(console=console, transient=True) as bar:
            first = await _import(people, purchases, bar, "Importing 6,919 real purchases")
            again = await _import(people, purchases, bar, "Importing them a second time")
        file = file_totals(purchases)
        seen = await story.settled_totals(people.staff("manager"), file, within=_SETTLE_SECONDS)
        told = await story.tell(people)
        quotes = await commission_quotes(people)
        _print(console, first, again, file, seen, told, quotes)
        if seen != file or again.recorded or again.refused:
            raise StackError("What the service knows is not what is in the file.")
        played, seen_books = await after_sales(people, purchases, broker, console)
    books.show(console, played, seen_books)
    if not seen_books.balance:
        raise StackError("The books do not balance.")


async def _import(people: Callers, purchases: list[cdnow.Purchase], bar: Progress, title: str) -> Imported:
    task = bar.add_task(title, total=len(purchases))
    return await story.import_purchases(people.storefront, purchases, lambda done: bar.advance(task, done))


def file_totals(purchases: list[cdnow.Purchase]) -> Totals:
    """What the file itself says, added up as decimals."""
    spend = sum((purchase.amount for purchase in purchases), Decimal(0))
    return Totals(len({purchase.customer for purchase in purchases}), len(purchases), f"{spend:.2f}")


async def after_sales(
    people: Callers, purchases: list[cdnow.Purchase], broker: str, console: Console
) -> tuple[Played, Books]:
    """A hundred refunds and exchanges of the imported orders, and the books after them."""
    async with payment_side(broker, people.storefront) as payments:
        floor = aftersales.floor_of(people, payments)
        cases = await aftersales.cases_of(floor, purchases)
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(f"Playing {len(cases)} refunds and exchanges", total=len(cases))
            played = await aftersales.play(floor, cases, lambda done: bar.advance(task, done))
    look = partial(books.ask, people)
    seen: Books = await story.settled(look, lambda seen: seen.balance, within=_SETTLE_SECONDS)
    return played, seen


async def commission_quotes(people: Callers) -> dict[str, list[str]]:
    """The pool for the rule's own examples (A6), per variant."""
    supervisor = people.staff("supervisor")
    path = "/v1/appraisals/commission-quotes"
    quotes: dict[str, list[str]] = {}
    for variant in VARIANTS:
        asked = [{"orders": orders, "variant": variant} for orders in QUOTED_ORDERS]
        answers = [await supervisor.expect(200, "POST", path, question) for question in asked]
        quotes[variant] = [answer["pool"]["amount"] for answer in answers]
    return quotes


def _print(
    console: Console, first: Imported, again: Imported, file: Totals, seen: Totals, told: Told, quotes: dict[str, Any]
) -> None:
    books = Table("", "in the file", "in the customer service", title="Imported purchases (CDNOW sample)")
    books.add_row("customers", f"{file.customers:,}", f"{seen.customers:,}")
    books.add_row("orders", f"{file.orders:,}", f"{seen.orders:,}")
    books.add_row("spend, USD", file.spend, seen.spend)
    console.print(books)
    rate = file.orders / first.seconds
    console.print(
        f"first import: {first.recorded:,} recorded, {first.unchanged:,} known already, {rate:,.0f} orders/s"
    )
    console.print(f"second import: {again.recorded:,} recorded, {again.unchanged:,} unchanged\n")
    lines = Table("service", "what it knows", title="The story", show_lines=True)
    lines.add_row("customer", f"file {told.customer['number']}, provisional: {told.customer['provisional']}")
    lines.add_row(
        "ticket",
        f"order {told.problem_order['order_no']} flagged problem with {story.REMARK}\n"
        f"→ inquiry {told.inquiry['number']} is {told.inquiry['status']}: {told.inquiry['solution']}",
    )
    lines.add_row("notify", "\n".join(str(message["title"]) for message in told.messages))
    lines.add_row(
        "appraisal",
        f"order {told.cleared_order['order_no']} is credited to {told.agent['number']} (菲菲), "
        f"basis {told.credit['basis']}",
    )
    console.print(lines)
    pools = Table("orders", *(f"{orders:,}" for orders in QUOTED_ORDERS), title="Commission pool (A6), CNY")
    for variant, amounts in quotes.items():
        pools.add_row(variant, *amounts)
    console.print(pools)
