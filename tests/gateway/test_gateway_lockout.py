"""Guessing passwords: locks that grow, and storms that starve nobody (G2)."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_desk import ACCOUNTS, Desk, desk
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.lockout import add_failure, is_locked
from gateway.identity.logins import LoginQueue
from gateway.identity.models import LoginFailures
from gateway.identity.policy import IdentityPolicy
from kit.clock import FrozenClock, SystemClock
from kit.problems import Problem
from kit.testing.stage import Databases

POLICY = IdentityPolicy()
NOW = SystemClock().now()
MINUTE = timedelta(minutes=1)


def fresh() -> LoginFailures:
    return LoginFailures(name_hash=b"", count=0, since=NOW, last_at=NOW, locks=0)


def test_five_failures_lock_and_every_lock_is_longer() -> None:
    failures, now, lengths = fresh(), NOW, []
    for _ in range(6):
        assert [add_failure(failures, now, POLICY) for _ in range(5)] == [False] * 4 + [True]
        assert failures.locked_until is not None
        lengths.append((failures.locked_until - now) / MINUTE)
        assert is_locked(failures, failures.locked_until - MINUTE)
        now = failures.locked_until
        assert not is_locked(failures, now)
    assert lengths == [15, 30, 60, 120, 240, 240]


def test_failures_far_apart_lock_nothing() -> None:
    failures = fresh()
    assert not any(add_failure(failures, NOW + number * 4 * MINUTE, POLICY) for number in range(50))


def test_what_is_tried_during_a_lock_does_not_lengthen_it() -> None:
    failures = fresh()
    for _ in range(5):
        add_failure(failures, NOW, POLICY)
    until = failures.locked_until
    for _ in range(100):
        assert not add_failure(failures, NOW + MINUTE, POLICY)
    assert (failures.locked_until, failures.locks, failures.count) == (until, 1, 0)


def test_locks_are_forgotten_after_a_quiet_day() -> None:
    failures = fresh()
    for _ in range(5):
        add_failure(failures, NOW, POLICY)
    later = NOW + timedelta(days=1, seconds=1)
    for _ in range(5):
        add_failure(failures, later, POLICY)
    assert (failures.locks, failures.locked_until) == (1, later + POLICY.lock_first)


@given(st.lists(st.integers(0, 3_600), max_size=200))
def test_nobody_gets_more_guesses_than_the_policy_says(pauses: list[int]) -> None:
    """However the tries are spread, no fifteen minutes see more than two windows' worth of examined guesses."""
    failures, now, examined = fresh(), NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if not is_locked(failures, now):
            examined.append(now)
        add_failure(failures, now, POLICY)
    for at in examined:
        assert sum(at <= other < at + POLICY.lock_window for other in examined) <= 2 * POLICY.lock_after


@pytest.fixture
async def locking(databases: Databases, credentials: Path, tmp_path: Path) -> AsyncIterator[tuple[Desk, FrozenClock]]:
    clock = FrozenClock(SystemClock().now())
    async with desk(databases.fresh("gateway"), tmp_path / "keys", credentials, clock=clock) as built:
        yield built, clock


async def attempt(built: Desk, username: str, password: str) -> Any:
    return await built.ask_token(grant_type="password", username=username, password=password)


async def test_a_locked_login_looks_like_a_wrong_password(locking: tuple[Desk, FrozenClock]) -> None:
    built, clock = locking
    wrong = [await attempt(built, "agent", "wrong-password") for _ in range(5)]
    right = await attempt(built, "Agent", ACCOUNTS["agent"])
    assert {answer.status_code for answer in (*wrong, right)} == {400}
    told = [answer.json() for answer in (wrong[0], right)]
    for one in told:
        del one["request_id"]
    assert told[0] == told[1]
    assert (await attempt(built, "finance", ACCOUNTS["finance"])).status_code == 200
    locks = await built.rows("SELECT noun, action, reason FROM audit WHERE action = 'lock'")
    assert locks == [{"noun": "account", "action": "lock", "reason": "wrong-passwords"}]

    clock.advance(timedelta(minutes=15))
    assert (await attempt(built, "agent", ACCOUNTS["agent"])).status_code == 200
    for _ in range(4):  # a right password has cleared the slate
        await attempt(built, "agent", "wrong-password")
    assert (await attempt(built, "agent", ACCOUNTS["agent"])).status_code == 200


async def test_a_lock_takes_as_long_as_a_wrong_password(locking: tuple[Desk, FrozenClock]) -> None:
    built, _ = locking
    for _ in range(5):
        await attempt(built, "agent", "wrong-password")
    times: dict[tuple[str, str], list[float]] = {("agent", ACCOUNTS["agent"]): [], ("finance", "wrong-password"): []}
    for _ in range(4):
        for (username, password), taken in times.items():
            began = time.perf_counter()
            assert (await attempt(built, username, password)).status_code == 400
            taken.append(time.perf_counter() - began)
    locked, wrong = (min(taken) for taken in times.values())
    assert 0.5 < locked / wrong < 2


async def test_locks_outlive_the_process(databases: Databases, credentials: Path, tmp_path: Path) -> None:
    url = databases.fresh("gateway")
    async with desk(url, tmp_path / "keys", credentials) as built:
        for _ in range(5):
            await attempt(built, "agent", "wrong-password")
    async with desk(url, tmp_path / "keys", credentials) as built:
        assert (await attempt(built, "agent", ACCOUNTS["agent"])).status_code == 400


async def test_names_are_not_kept_and_strangers_are_locked_alike(locking: tuple[Desk, FrozenClock]) -> None:
    built, _ = locking
    for _ in range(6):
        assert (await attempt(built, "my-password-by-mistake", "agent")).status_code == 400
    (row,) = await built.rows("SELECT * FROM login_failures")
    assert (row["locks"], row["count"]) == (1, 0)
    assert "mistake" not in str(row)


async def test_parallel_guesses_get_no_more_tries(locking: tuple[Desk, FrozenClock]) -> None:
    built, _ = locking
    answers = await asyncio.gather(*(attempt(built, "agent", f"wrong-password-{number}") for number in range(30)))
    assert {answer.status_code for answer in answers} == {400, 429}
    (row,) = await built.rows("SELECT locks, count FROM login_failures")
    assert row == {"locks": 1, "count": 0}


async def test_a_storm_of_logins_leaves_the_gateway_alive(standing_desk: Desk, patience: None) -> None:
    storm = asyncio.gather(*(attempt(standing_desk, f"somebody-{number}", "wrong") for number in range(200)))
    waits = []
    while not (await asyncio.wait({storm}, timeout=0.05))[0]:
        began = time.perf_counter()
        assert (await standing_desk.http.get("/livez")).status_code == 200
        waits.append(time.perf_counter() - began)
    answers = await storm
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {400, 429}
    assert statuses.count(400) == standing_desk.settings.identity.logins_at_once
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Retry-After"] == "2"
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert max(waits) < 5
    assert (await attempt(standing_desk, "agent", ACCOUNTS["agent"])).status_code == 200


async def test_the_queue_is_bounded_in_all_and_for_one_name() -> None:
    queue = LoginQueue(IdentityPolicy(logins_at_once=4, logins_of_one_name=2))
    release, inside = asyncio.Event(), []

    async def take(name: bytes) -> bool:
        try:
            async with queue.turn(name):
                inside.append(name)
                await release.wait()
                inside.remove(name)
        except Problem as problem:
            assert problem.slug == "too-many-requests"
            return False
        return True

    tasks = [asyncio.create_task(take(name)) for name in (b"a", b"a", b"a", b"b", b"c", b"d")]
    done, _ = await asyncio.wait(tasks, timeout=0.05)
    assert len(done) == 2  # the third of a, and d
    assert sorted(inside) == [b"a", b"b", b"c"]  # of a name, one at a time
    release.set()
    assert [await task for task in tasks] == [True, True, False, True, True, False]
    assert await take(b"a")
