"""`kefu dead-letters`: a letter seen, redriven, given up (I7, X7)."""

import asyncio
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from stage import KEY
from typer.testing import CliRunner, Result

from kit import deadletters
from kit.db import Database
from kit.deadletters import Letter
from kit.ids import new_id
from kit.testing.stage import Databases
from ops import cli
from ops.environment import StackError

CONSUMER = "ticket-customer-copy"


@pytest.fixture
async def ticket(databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The ticket service's database with one letter, in the environment of an operator."""
    url = databases.fresh("ticket")
    monkeypatch.setenv("TICKET_DATABASE_URL", url)
    monkeypatch.setenv("KEFU_INSTALLATION_KEY", KEY)
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    await bury(url, new_id())
    return url


async def bury(url: str, customer: UUID) -> None:
    database = Database(url, pool=1)
    letter = Letter(CONSUMER, str(new_id()), "customer.changed", customer, 1, {}, b"{", "the body is no event", 1)
    await deadletters.bury(database, letter)
    await database.close()


async def run(*words: str, typed: str = "") -> Result:
    """In a thread: the command brings its own event loop."""
    runner = CliRunner(env={"COLUMNS": "300"})
    ended = await asyncio.to_thread(runner.invoke, cli.app, ["dead-letters", *words], typed)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended


async def waiting() -> list[int]:
    """The ids of the waiting letters, as a script reads them. Services of other tests that still stand in this process
    may log into the same output."""
    printed = (await run("list", "ticket", "--json")).stdout
    _, bracket, told = printed.partition("[{")
    return [one["id"] for one in orjson.loads(f"{bracket}{told.partition('}]')[0]}}}]")] if bracket else []


@pytest.mark.usefixtures("ticket")
async def test_a_letter_is_given_up_once_somebody_says_yes() -> None:
    (letter,) = await waiting()
    assert str(letter) in (await run("list", "ticket")).stdout
    words = ("discard", "ticket", str(letter), "--reason", "测试数据")
    kept = await run(*words, typed="n\n")
    assert (kept.exit_code, await waiting()) == (1, [letter])
    gone = await run(*words, typed="y\n")
    assert (gone.exit_code, await waiting()) == (0, [])
    assert "customer.changed" in gone.stdout
    with pytest.raises(StackError, match=f"No letter {letter} waits there"):
        await run(*words, "--yes")


async def test_who_gave_up_what_and_why_is_in_the_trail(ticket: str) -> None:
    (letter,) = await waiting()
    assert (await run("discard", "ticket", str(letter), "--reason", "重复", "--yes")).exit_code == 0
    database = Database(ticket, pool=1)
    connection = await database.connect()
    (row,) = await connection.fetch("SELECT actor, action, noun, before, reason FROM audit")
    await connection.close()
    await database.close()
    assert row["actor"].startswith("operator:")
    assert (row["action"], row["noun"], row["reason"]) == ("discard", "dead_letter", "重复")
    assert (row["before"]["consumer"], row["before"]["sequence"]) == (CONSUMER, 1)


@pytest.mark.usefixtures("ticket")
async def test_no_reason_no_discarding() -> None:
    (letter,) = await waiting()
    assert (await run("discard", "ticket", str(letter), "--yes")).exit_code == 2
    with pytest.raises(StackError, match="for a reason"):
        await run("discard", "ticket", str(letter), "--yes", "--reason", "  ")
    assert await waiting() == [letter]
