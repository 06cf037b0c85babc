"""Patience has a limit, and tells what it saw."""

import asyncio
import itertools

import pytest

from kit.testing.poll import eventually, until


def test_until_returns_the_first_true_answer() -> None:
    answers = itertools.chain([0, None, ""], itertools.repeat("here"))
    assert until(lambda: next(answers)) == "here"


def test_until_gives_up_and_tells_the_last_answer() -> None:
    with pytest.raises(TimeoutError, match="last seen: 0"):
        until(lambda: 0, within=0.05)


def test_an_assertion_is_not_yet_and_becomes_the_cause() -> None:
    def still_wrong() -> bool:
        raise AssertionError("three of four")

    with pytest.raises(TimeoutError, match="three of four") as caught:
        until(still_wrong, within=0.05)
    assert isinstance(caught.value.__cause__, AssertionError)


def test_another_error_is_the_callers_at_once() -> None:
    def broken() -> bool:
        raise KeyError("ticket")

    with pytest.raises(KeyError):
        until(broken)


async def test_eventually_takes_plain_and_async_checks() -> None:
    answers = iter([False, True])

    async def later() -> bool:
        return next(answers)

    assert await eventually(later)
    assert await eventually(lambda: "plain") == "plain"


async def test_eventually_cuts_off_a_check_that_hangs() -> None:
    with pytest.raises(TimeoutError):
        await eventually(asyncio.Event().wait, within=0.05)


async def test_eventually_gives_up_and_tells_the_last_answer() -> None:
    with pytest.raises(TimeoutError, match="last seen: None"):
        await eventually(lambda: None, within=0.05)
