"""A courier killed at every point around a letter: no letter is written twice, none is lost in silence (N4)."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from post_office import SLOWER_THAN_ANY_LEASE, Post

from kit.failpoints import CRASHED
from kit.ids import new_id

HERE = Path(__file__).parent
# With three letters the round commits eight times: doubts, taking, three times handing over, three times settling.
POINTS = ["after-commit@2", "before-commit@4", "before-send@2", "after-send@2", "before-commit@7", "after-commit@7"]


def killed(database_url: str, post: Post, point: str) -> int:
    name, _, nth = point.partition("@")
    plan = f"{name}=crash@{nth}"
    words = [sys.executable, str(HERE / "courier_child.py"), database_url, post.server.url, plan]
    path = os.pathsep.join([str(HERE.parents[1]), str(HERE.parent), str(HERE)])
    environment = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run([*words, post.clock.now().isoformat()], env=environment, capture_output=True, check=False)
    assert ended.returncode in (0, CRASHED), ended.stderr.decode()
    return ended.returncode


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_courier_doubles_nothing_and_hides_nothing(post: Post, notify_url: str, point: str) -> None:
    customers = [new_id() for _ in range(3)]
    messages = [await post.close_ticket(customer, f"{customer.hex}@example.com") for customer in customers]
    assert killed(notify_url, post, point) == CRASHED
    for _ in range(3):
        await post.carry(after=SLOWER_THAN_ANY_LEASE)
    letters = Counter(address for address, _ in post.office.letters)
    assert not [address for address, count in letters.items() if count > 1]
    for customer, message in zip(customers, messages, strict=True):
        status = (await post.state(message)).status
        assert status in ("sent", "in_doubt")
        if status == "sent":
            assert letters[f"{customer.hex}@example.com"] == 1
        assert len(await post.events(message)) == 1
