"""Chaos runs: 1,000 tickets, every eighth a complaint with its whole loop, a file and clocks; 20 kills over every
process; nothing lost, doubled or out of order (I1–I7)."""

import os
import random
from pathlib import Path

import pytest
from chaos import run
from sizes import size


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_a_thousand_tickets_survive_twenty_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("KEFU_CHAOS_SEED") or random.SystemRandom().randrange(10_000))
    tickets, kills = size(1000, 300), size(20, 10)
    verdict = await run(tickets, kills, seed, tmp_path)
    with capsys.disabled():
        print(f"\n{verdict}")
    assert verdict.acknowledged == tickets
    assert sum(verdict.kills.values()) == kills, "some kills found nobody to kill"
    assert verdict.is_good, f"run it again with KEFU_CHAOS_SEED={seed}: {verdict}"


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_nothing_is_lost_while_parts_are_held_still(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The relay, PostgreSQL, NATS and a subscriber stand still for 20 s each: alive, and no answer from them."""
    stops = size(4, 2)
    verdict = await run(size(300, 150), 0, 8, tmp_path, stops=stops)
    with capsys.disabled():
        print(f"\n{verdict}")
    assert len(verdict.kills) == stops
    assert verdict.is_good, verdict
