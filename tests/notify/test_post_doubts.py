"""A letter of which nobody knows whether it arrived: listed as in doubt, sent again by a decision only (N4)."""

import asyncio
from datetime import timedelta

import pytest
from post_office import SLOWER_THAN_ANY_LEASE, Post

from kit import failpoints
from kit.failpoints import FailpointError
from kit.ids import new_id
from kit.principals import system
from services.notify.email.letter import Letter
from services.notify.email.mailer import Receipt
from services.notify.notification import service as notifications
from services.notify.notification.delivery import Outcome

MINUTE = timedelta(minutes=1)


async def test_a_connection_lost_after_the_letter_leaves_it_in_doubt(post: Post) -> None:
    """N4: the provider may have it; nobody sends it again but by a decision."""
    message = await post.close_ticket(new_id())
    post.office.orders.append("take and hang up")
    await post.carry()
    assert (await post.state(message)).status == "in_doubt"
    assert await post.events(message) == ["notification.in_doubt"]
    assert await post.carry(after=timedelta(days=2)) == 0
    assert len(post.office.letters) == 1
    async with post.transactions.begin(system("manager")) as work:
        await notifications.resend(work, message, "客户说没有收到")
    assert await post.carry() == 1
    assert ((await post.state(message)).status, (await post.state(message)).attempts) == ("sent", 2)
    assert [letter["Message-ID"] for _, letter in post.office.letters] == [f"<{message}@shop.example>"] * 2
    assert await post.events(message) == ["notification.in_doubt", "notification.sent"]


@pytest.mark.parametrize(("point", "letters"), [("before-send", 0), ("after-send", 1)])
async def test_who_dies_with_a_letter_in_hand_leaves_a_doubt(post: Post, point: str, letters: int) -> None:
    message = await post.close_ticket(new_id())
    failpoints.arm(f"{point}=raise")
    with pytest.raises(FailpointError):
        await post.carry()
    assert (await post.state(message)).status == "sending"
    assert await post.carry(after=MINUTE) == 0  # may still be at it
    assert await post.carry(after=SLOWER_THAN_ANY_LEASE) == 1
    assert (await post.state(message)).status == "in_doubt"
    assert await post.carry(after=timedelta(days=1)) == 0
    assert len(post.office.letters) == letters
    assert await post.tries(message) == [(1, "in_doubt", None)]
    assert await post.events(message) == ["notification.in_doubt"]


@pytest.mark.parametrize("side", ["before-commit", "after-commit"])
@pytest.mark.parametrize("transaction", [1, 2, 3, 4])
async def test_wherever_it_dies_no_letter_is_written_twice(post: Post, side: str, transaction: int) -> None:
    """The round's transactions: doubts, taking, handing over, settling. Sent once, or in doubt and not again."""
    message = await post.close_ticket(new_id())
    failpoints.arm(f"{side}=raise@{transaction}")
    with pytest.raises(FailpointError):
        await post.carry()
    for _ in range(3):
        await post.carry(after=SLOWER_THAN_ANY_LEASE)
    status = (await post.state(message)).status
    cut_off_while_sending = (side, transaction) in {("after-commit", 3), ("before-commit", 4)}
    assert status == ("in_doubt" if cut_off_while_sending else "sent")
    assert len(post.office.letters) == (0 if (side, transaction) == ("after-commit", 3) else 1)
    assert len(await post.events(message)) == 1


class Slow:
    """A provider that is asked and says nothing for a long time."""

    name = "slow"

    def __init__(self) -> None:
        self.asked, self.answered = asyncio.Event(), asyncio.Event()

    async def send(self, letter: Letter) -> Receipt:
        self.asked.set()
        await self.answered.wait()
        return Receipt(Outcome.ACCEPTED, "250 late")


async def test_a_word_that_comes_late_ends_the_doubt(post: Post) -> None:
    message = await post.close_ticket(new_id())
    slow = Slow()
    waiting = asyncio.create_task(post.courier(slow).deliver_due())
    await slow.asked.wait()
    await post.carry(after=SLOWER_THAN_ANY_LEASE)
    assert (await post.state(message)).status == "in_doubt"
    slow.answered.set()
    await waiting
    assert (await post.state(message)).status == "sent"
    assert await post.events(message) == ["notification.in_doubt", "notification.sent"]
    assert await post.tries(message) == [(1, "accepted", "250 late")]


async def test_who_ends_in_order_finishes_the_letter_in_hand(post: Post) -> None:
    message = await post.close_ticket(new_id())
    slow, leads = Slow(), asyncio.Event()
    leads.set()
    running = asyncio.create_task(post.courier(slow).run(leads))
    await slow.asked.wait()
    running.cancel()
    asyncio.get_running_loop().call_soon(slow.answered.set)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await post.state(message)).status == "sent"
