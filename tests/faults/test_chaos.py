"""Chaos runs: inquiries, complaints with their whole loop, and refunds, while every process, PostgreSQL and NATS are
killed or stand still; the checkers look at everything that was written (I1, I3–I7, I12, I17)."""

import os

import pytest
from chaos import Plan, Prove, seeds
from sizes import size


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", seeds(), ids=os.environ.get("KEFU_SEED", "").split() or ["by-chance"])
async def test_nothing_is_lost_doubled_or_out_of_order_under_kills(seed: int, prove: Prove) -> None:
    """5,000 tickets, 60 kills: what was ok was done once, what is unknown at most once."""
    verdict = await prove(Plan(size(5000, 120), size(60, 8), seed))
    assert sum(verdict.events.values()) >= size(30_000, 800)


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_nothing_is_lost_while_parts_are_held_still(prove: Prove) -> None:
    """The relay, PostgreSQL, NATS and a subscriber stand still for 20 s each: alive, and no answer from them."""
    await prove(Plan(size(2000, 60), 0, 8, stops=size(4, 1)))
