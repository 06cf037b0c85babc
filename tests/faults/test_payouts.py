"""500 refunds and nothing else, while the payment side hangs, breaks, refuses, doubles and reorders what it says, and
ticket, PostgreSQL and NATS are killed: each paid exactly once, and everybody says so (T22, T55). The small size has
its refunds among the tickets of `test_chaos`."""

import pytest
from chaos import Plan, Prove, seeds
from chaos_loads import REFUNDS

VICTIMS = ("ticket", "postgresql", "nats", "ticket")


@pytest.mark.chaos
@pytest.mark.timeout(1200)
@pytest.mark.nightly
async def test_every_refund_is_paid_exactly_once(prove: Prove) -> None:
    await prove(Plan(500, 12, seeds()[0], kinds=REFUNDS, victims=VICTIMS))
