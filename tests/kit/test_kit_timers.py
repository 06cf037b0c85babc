"""Timers: each fires once, late rather than never, whatever fails around it (I1, I5)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from kit_rig import AT, HandlerError, Peek, running
from sqlalchemy import text

from kit import failpoints, timers
from kit.clock import FrozenClock
from kit.ids import new_id
from kit.principals import Principal
from kit.problems import Problem, unavailable
from kit.testing.poll import eventually
from kit.timers import ATTEMPTS, Timers
from kit.work import Transactions, Work

SECOND = timedelta(seconds=1)
RUNG = "SELECT aggregate_id FROM effect ORDER BY id"


@dataclass
class Bell:
    """A handler that rings once per subject in the table of effects, and fails for those it is told to."""

    cracked: set[UUID] = field(default_factory=set)
    failure: Exception = field(default_factory=HandlerError)
    tries: int = 0

    async def __call__(self, work: Work, subject_id: UUID, facts: Mapping[str, Any]) -> None:
        self.tries += 1
        insert = text("INSERT INTO effect (consumer, aggregate_id, subject) VALUES (:actor, :subject, :tone)")
        values = {"actor": work.actor.subject, "subject": subject_id, "tone": facts.get("tone")}
        await work.session.execute(insert, values)
        if subject_id in self.cracked:
            raise self.failure


@pytest.fixture(autouse=True)
async def disarmed() -> AsyncIterator[None]:
    yield
    failpoints.disarm()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def ringer(transactions: Transactions, bell: Bell) -> Timers:
    return Timers(transactions, {"ring": bell})


async def start(
    transactions: Transactions, actor: Principal, count: int = 1, after: timedelta = SECOND
) -> list[UUID]:
    """Timers that are due one microsecond after the other."""
    subjects = [new_id() for _ in range(count)]
    async with transactions.begin(actor) as work:
        for place, subject in enumerate(subjects):
            due = work.now + after + timedelta(microseconds=place)
            await timers.start(work, "ring", subject, due, {"tone": "high"})
    return subjects


async def test_a_timer_fires_once_when_it_is_due_and_not_before(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock, peek: Peek
) -> None:
    (subject,) = await start(transactions, actor)
    clock.advance(SECOND - timedelta(microseconds=1))
    assert await ringer.fire_due() == 0
    clock.advance(timedelta(microseconds=1))
    assert await ringer.fire_due() == 1
    assert await ringer.fire_due() == 0
    assert await peek.all("SELECT consumer, aggregate_id, subject FROM effect") == [
        ("system:timers", subject, "high")
    ]
    assert await peek.all("SELECT fired_at FROM timer") == [AT + SECOND]


async def test_timers_fire_in_the_order_in_which_they_are_due(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock, peek: Peek
) -> None:
    later = await start(transactions, actor, 5, timedelta(hours=2))
    sooner = await start(transactions, actor, 5, timedelta(hours=1))
    clock.advance(timedelta(days=1))
    assert await ringer.fire_due() == 10
    assert await peek.all(RUNG) == sooner + later


async def test_what_fell_due_while_nobody_led_fires_when_somebody_does(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock, peek: Peek
) -> None:
    """More than one pass takes at once, days late."""
    subjects = await start(transactions, actor, 120)
    clock.advance(timedelta(days=3))
    leads = asyncio.Event()
    async with running(ringer.run(leads, poll_seconds=3600)):
        assert await peek.all(RUNG) == []
        leads.set()
        await eventually(lambda: _rung(peek, 120))
    assert await peek.all(RUNG) == subjects


async def _rung(peek: Peek, count: int) -> bool:
    return len(await peek.all(RUNG)) == count


async def test_a_timer_belongs_to_the_transaction_that_starts_it(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock
) -> None:
    """I1"""
    with pytest.raises(Problem):
        async with transactions.begin(actor) as work:
            await timers.start(work, "ring", new_id(), work.now)
            raise Problem("conflict")
    clock.advance(SECOND)
    assert await ringer.fire_due() == 0


async def test_a_cancelled_timer_never_fires_and_a_fired_one_stays(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock, peek: Peek
) -> None:
    kept, dropped = await start(transactions, actor, 2)
    async with transactions.begin(actor) as work:
        await timers.start(work, "hum", dropped, work.now + timedelta(days=1))
        await timers.cancel(work, "ring", dropped)
    clock.advance(SECOND * 2)
    assert await ringer.fire_due() == 1
    async with transactions.begin(actor) as work:
        await timers.cancel(work, "ring", kept)
    assert sorted(await peek.all("SELECT kind FROM timer")) == ["hum", "ring"]
    assert await peek.all(RUNG) == [kept]


async def test_a_failing_timer_is_undone_put_off_and_holds_nobody_up(
    transactions: Transactions, actor: Principal, ringer: Timers, bell: Bell, clock: FrozenClock, peek: Peek
) -> None:
    """One pass tries it once, however many others there are to fire."""
    subjects = await start(transactions, actor, 120)
    bell.cracked.add(subjects[0])
    clock.advance(SECOND * 2)
    leads = asyncio.Event()
    leads.set()
    async with running(ringer.run(leads, poll_seconds=3600)):
        await eventually(lambda: _rung(peek, 119))
    assert await peek.all("SELECT attempts, last_error FROM timer WHERE fired_at IS NULL") == [(1, "HandlerError")]
    bell.cracked.clear()
    clock.advance(SECOND)
    assert await ringer.fire_due() == 1
    assert await peek.all(RUNG) == subjects[1:] + subjects[:1]


async def test_a_timer_is_tried_for_an_hour_and_then_left_with_its_error(
    transactions: Transactions, actor: Principal, ringer: Timers, bell: Bell, clock: FrozenClock, peek: Peek
) -> None:
    bell.cracked.update(await start(transactions, actor))
    clock.advance(SECOND)
    began = clock.now()
    for tries in range(1, ATTEMPTS + 1):
        assert await ringer.fire_due() == await ringer.fire_due() == 0
        assert bell.tries == tries
        clock.advance(await peek.one("SELECT due_at FROM timer") - clock.now())
    assert timedelta(hours=1) < clock.now() - began < timedelta(hours=3)
    clock.advance(timedelta(days=365))
    assert await ringer.fire_due() == 0
    assert bell.tries == ATTEMPTS
    assert await peek.all("SELECT attempts, last_error, fired_at FROM timer") == [(ATTEMPTS, "HandlerError", None)]


async def test_a_passing_trouble_is_not_counted(
    transactions: Transactions, actor: Principal, ringer: Timers, bell: Bell, clock: FrozenClock, peek: Peek
) -> None:
    bell.cracked.update(await start(transactions, actor))
    bell.failure = unavailable("identity")
    clock.advance(SECOND)
    leads = asyncio.Event()
    leads.set()
    async with running(ringer.run(leads, poll_seconds=0.01)):
        await eventually(lambda: bell.tries > ATTEMPTS)
        bell.cracked.clear()
        await eventually(lambda: _rung(peek, 1))
    assert await peek.all("SELECT attempts FROM timer") == [0]


async def test_a_kind_that_nobody_handles_is_kept_with_the_reason(
    transactions: Transactions, actor: Principal, clock: FrozenClock, peek: Peek
) -> None:
    """A release that lost a handler doesn't lose its timers."""
    await start(transactions, actor)
    clock.advance(SECOND)
    assert await Timers(transactions, {}).fire_due() == 0
    assert await peek.all("SELECT attempts, last_error FROM timer") == [(1, "KeyError")]


@pytest.mark.parametrize("point", ["before-timer-commit", "after-timer-commit"])
async def test_failing_on_either_side_of_the_commit_rings_once(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock, peek: Peek, point: str
) -> None:
    """I5"""
    subjects = await start(transactions, actor, 3)
    failpoints.arm(f"{point}=raise@2")
    clock.advance(SECOND * 10)
    for _ in range(2):
        await ringer.fire_due()
        clock.advance(SECOND * 10)
    assert sorted(await peek.all(RUNG)) == subjects
    assert await peek.one("SELECT count(*) FROM timer WHERE fired_at IS NULL") == 0


async def test_many_firing_the_same_timers_ring_each_once(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock, peek: Peek
) -> None:
    """A leader that doesn't know yet that it was replaced: rows are claimed with SKIP LOCKED."""
    subjects = await start(transactions, actor, 40)
    clock.advance(SECOND * 2)
    fired = await asyncio.gather(*(ringer.fire_due() for _ in range(4)))
    assert sum(fired) == 40
    assert sorted(await peek.all(RUNG)) == subjects


async def test_a_timer_that_is_being_fired_elsewhere_is_not_waited_for(
    transactions: Transactions, actor: Principal, ringer: Timers, clock: FrozenClock, peek: Peek
) -> None:
    held, free = await start(transactions, actor, 2)
    clock.advance(SECOND * 2)
    async with peek.connection.transaction():
        await peek.one("SELECT id FROM timer WHERE subject_id = $1 FOR UPDATE", held)
        assert await ringer.fire_due() == 1
    assert await peek.all(RUNG) == [free]
    assert await ringer.fire_due() == 1
