"""Thirty refunds of 60 at once on a payment of 100: never more than was paid, whoever is first (T26, T55)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from uuid import UUID

import pytest
from book_desk import Books
from refund_desk import AGENT, CHIEF, LEAD, Json, Refunds
from sizes import size
from sqlalchemy.ext.asyncio import AsyncSession
from ticket_desk import Desk

from kit.ids import new_id
from kit.problems import Problem
from kit.testing.poll import eventually
from services.ticket.book import store
from services.ticket.book.service import Book, NothingReservedError

AT_ONCE = 30
CHECKS = """
SELECT format('ALTER TABLE order_book DROP CONSTRAINT %I', conname) FROM pg_constraint
WHERE contype = 'c' AND conrelid = 'order_book'::regclass
"""
FEW, HUNDRED = pytest.param(2), pytest.param(size(100, 20), marks=[pytest.mark.chaos, pytest.mark.timeout(900)])


@pytest.mark.parametrize("rounds", [FEW, HUNDRED])
async def test_thirty_who_reserve_sixty_of_a_hundred(desk: Desk, rounds: int) -> None:
    """In the book alone: one of them gets it, the others are told what is left."""
    kept = Books(desk)
    for turn in range(rounds):
        order_id = await kept.paid_order(f"A-{turn}")
        said = await asyncio.gather(*(reserved(kept, order_id) for _ in range(AT_ONCE)))
        assert said.count("taken") == 1
        assert set(said) <= {"taken", "40.00", "dependency-unavailable"}
        assert await kept.counters(order_id) == (100_00, 40_00, 0, 60_00)


async def test_a_book_without_its_lock_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """I18: the same without the lock, and without the CHECK that would hold it up: more is taken than there is."""

    async def unlocked(session: AsyncSession, order_ids: Iterable[UUID]) -> dict[UUID, Book]:
        found = [await store.get(session, order_id) for order_id in set(order_ids)]
        return {book.order_id: book for book in found if book is not None}

    monkeypatch.setattr(store, "lock_many", unlocked)
    for row in await desk.rows(CHECKS):
        await desk.change(row[0])
    kept = Books(desk)
    for turn in range(10):
        order_id = await kept.paid_order(f"A-{turn}")
        said = await asyncio.gather(*(reserved(kept, order_id) for _ in range(AT_ONCE)))
        if said.count("taken") > 1:
            return
    pytest.fail("a book whose lock is missing isn't noticed")


@pytest.mark.parametrize("rounds", [FEW, HUNDRED])
async def test_thirty_causes_settled_and_released_at_once(desk: Desk, rounds: int) -> None:
    """Every cent in flight, then half of it settled twice over while the other half is released: it adds up."""
    kept = Books(desk)
    for turn in range(rounds):
        order_id = await kept.paid_order(f"A-{turn}")
        causes = [await kept.reserve(order_id, {1: 2_00, 2: 1_00}) for _ in range(30)]
        settled, released = causes[:15], causes[15:]
        steps = [partial(kept.settle, cause) for cause in settled for _ in range(2)]
        steps += [partial(kept.release, order_id, cause) for cause in released]
        ended = await asyncio.gather(*(patiently(step) for step in steps))
        assert ended.count("nothing") == 15
        assert await kept.counters(order_id) == (100_00, 55_00, 45_00, 0)


@pytest.mark.parametrize("rounds", [pytest.param(1), HUNDRED])
async def test_thirty_refunds_of_sixty_approved_at_once(desk: Desk, rounds: int) -> None:
    """Over the approval: one gets its money into flight, the others are refused. It can't be paid in the end, the
    money is kept again, and the next round begins."""
    refunds = await Refunds(desk).settle_in()
    await refunds.order("A-1", (2, "100.00"))
    waiting = [await asked(refunds, by=(AGENT, LEAD)[n % 2]) for n in range(AT_ONCE)]
    for _ in range(rounds):
        approved = [refunds.verb(one, "approve", CHIEF, match=one["ticket"]["version"]) for one in waiting]
        answers = await asyncio.gather(*approved)
        (place,) = [place for place, answer in enumerate(answers) if answer.status_code == 200]
        # Who waited too long for the book is told to come again; nobody else gets anything.
        assert {answer.status_code for answer in answers} <= {200, 409, 503}
        assert await refunds.book() == (100_00, 40_00, 60_00, 0)
        won = answers[place].json()
        await refunds.answered(won, "failed", retryable=False)
        await refunds.done(won, "refuse", grounds="no_use", unfounded=False)
        assert await refunds.book() == (100_00, 100_00, 0, 0)
        waiting[place] = await asked(refunds, by=(AGENT, LEAD)[place % 2])


async def test_no_more_is_paid_back_than_was_paid(desk: Desk) -> None:
    """Refunds approved and paid at once until no more of them fits: not a cent too much."""
    refunds = await Refunds(desk).settle_in()
    await refunds.order("A-1", (2, "100.00"))
    waiting = [await asked(refunds, "30.00") for _ in range(6)]
    approved = [refunds.verb(one, "approve", CHIEF, match=one["ticket"]["version"]) for one in waiting]
    answers = await asyncio.gather(*approved)
    won = [answer.json() for answer in answers if answer.status_code == 200]
    await asyncio.gather(*(refunds.answered(one) for one in won))
    assert len(won) == 3
    assert await refunds.book() == (100_00, 10_00, 0, 90_00)


async def patiently(step: Callable[[], Awaitable[object]]) -> str:
    """Do it, again where the database was too busy; whether there was something to do."""

    async def tried() -> str | None:
        try:
            await step()
        except NothingReservedError:
            return "nothing"
        except Problem as problem:
            assert problem.slug == "dependency-unavailable"
            return None
        return "done"

    return await eventually(tried, within=60)


async def reserved(kept: Books, order_id: UUID) -> str:
    """Whether it was taken, or what was left."""
    try:
        await kept.reserve(order_id, {}, of_order=60_00, cause_id=new_id())
    except Problem as problem:
        return str(problem.facts["left"]) if problem.slug == "more-than-kept" else problem.slug
    return "taken"


async def asked(refunds: Refunds, wanted: str = "60.00", *, by: UUID = AGENT) -> Json:
    """A refund of money alone, the goods are kept, that waits to be approved."""
    refund = await refunds.ask(kind="money_only", reason="quality", wanted=wanted)
    return await refunds.done(refund, "review", by)
