"""500 refunds while the payment side hangs, breaks, refuses, doubles and reorders what it says, and ticket, PostgreSQL
and NATS are killed: each paid exactly once, none unknown at the end, and the books say so (T22, T55)."""

import os
import random
from pathlib import Path

import pytest
from payouts import run
from sizes import size


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_every_refund_is_paid_exactly_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("KEFU_CHAOS_SEED") or random.SystemRandom().randrange(10_000))
    refunds, kills = size(500, 100), size(12, 4)
    verdict = await run(refunds, kills, seed, tmp_path)
    with capsys.disabled():
        print(f"\n{verdict}")
    assert sum(verdict.kills.values()) == kills, "some kills found nobody to kill"
    assert verdict.is_good, f"run it again with KEFU_CHAOS_SEED={seed}: {verdict}"
