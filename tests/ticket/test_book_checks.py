"""Counters and entries held against each other (T55): a cent astray is found, wherever it went astray."""

import pytest
from book_desk import LINES, WHO, Books
from sqlalchemy import text
from ticket_desk import PAID as AT
from ticket_desk import Desk, an_item

from kit.ids import new_id
from kit.testing.poll import eventually
from services.ticket.book import service as books
from services.ticket.book.checking import next_books
from services.ticket.payout import checking

ASTRAY = {
    "the order's counters": (
        "UPDATE order_book SET paid_minor = paid_minor + 1, kept_minor = kept_minor + 1",
        ("book_counters", 100_01, 100_00),
    ),
    "refunded, not in flight": (
        "UPDATE order_book SET refunded_minor = refunded_minor + 1, in_flight_minor = in_flight_minor - 1",
        ("book_counters", 1, 0),
    ),
    "kept, not in flight": (
        "UPDATE order_book SET kept_minor = kept_minor + 1, in_flight_minor = in_flight_minor - 1",
        ("book_counters", 29_99, 30_00),
    ),
    "a line": (
        "UPDATE order_book_line SET in_flight_minor = in_flight_minor - 1 WHERE line_no = 1",
        ("book_lines", 29_99, 30_00),
    ),
}

# As if nothing had been looked at since the last entry.
AFRESH = "UPDATE book_check SET entry_id = (SELECT max(entry_id) FROM book_entry), order_id = NULL, rounds = 0"


@pytest.fixture
def kept(desk: Desk) -> Books:
    return Books(desk)


@pytest.mark.parametrize("where", ASTRAY)
async def test_a_cent_astray_in_the_book_is_an_alarm(desk: Desk, kept: Books, where: str) -> None:
    statement, alarm = ASTRAY[where]
    await kept.reserve(await kept.paid_order(), {1: 30_00})
    assert await checked(desk) == []
    await desk.change(statement)
    assert await found(desk) == [alarm]


@pytest.mark.parametrize("kind", ["paid", "reserved"])
async def test_a_cent_astray_in_the_entries_is_an_alarm(desk: Desk, kept: Books, kind: str) -> None:
    """Behind the trigger's back."""
    await kept.reserve(await kept.paid_order(), {1: 30_00})
    for switch in ("DISABLE TRIGGER USER", "ENABLE TRIGGER USER"):
        await desk.change(f"ALTER TABLE book_entry {switch}")
        if switch.startswith("DIS"):
            await desk.change("GRANT UPDATE ON book_entry TO CURRENT_USER")
            await desk.change("UPDATE book_entry SET amount_minor = amount_minor - 1 WHERE kind = :kind", kind=kind)
    raised, expected, entered = (await found(desk))[0]
    assert raised == "book_counters"
    assert abs((expected or 0) - (entered or 0)) == 1


async def test_an_entry_that_is_missing_is_an_alarm(desk: Desk, kept: Books) -> None:
    order_id = await kept.paid_order()
    await desk.change("ALTER TABLE book_entry DISABLE TRIGGER USER")
    await desk.change("GRANT DELETE ON book_entry TO CURRENT_USER")
    await desk.change("DELETE FROM book_entry WHERE order_id = :one", one=order_id)
    assert await found(desk) == [("book_counters", 100_00, 0)]


async def test_money_given_back_without_a_payment_is_an_alarm(desk: Desk, kept: Books) -> None:
    """The entries say so, no payment does."""
    await kept.settle(await kept.reserve(await kept.paid_order(), {1: 30_00}))
    assert await found(desk) == [("book_payments", 30_00, 0)]


async def test_a_book_that_adds_up_is_left_alone_whatever_was_done(desk: Desk, kept: Books) -> None:
    order_id = await kept.paid_order()
    one, other = await kept.reserve(order_id, {1: 30_00, 2: 5_00}), await kept.reserve(order_id, {}, of_order=7_00)
    await kept.release(order_id, one, by_line={1: 10_00})
    await kept.release(order_id, other)
    await kept.reserve(order_id, {2: 1_00}, cause_id=new_id())
    assert await checked(desk) == []


async def test_a_round_comes_by_every_book(desk: Desk) -> None:
    """A bounded number at once; the round begins anew when it is through."""
    await desk.send(*(an_item(f"A-{n}", paid="20.00", paid_at=AT) for n in range(25)))
    async with desk.client.transactions.begin(WHO) as work:
        await work.session.execute(text(AFRESH))
        looks = [await next_books(work, 10) for _ in range(4)]
    assert [len(look) for look in looks] == [10, 10, 5, 10]
    assert looks[3] == looks[0]
    assert len({order_id for look in looks for order_id in look}) == 25
    (place,) = await desk.rows("SELECT rounds FROM book_check")
    assert place.rounds >= 1


async def test_what_was_entered_is_looked_at_first(desk: Desk, kept: Books) -> None:
    order_id = await kept.paid_order()
    async with desk.client.transactions.begin(WHO) as work:
        await work.session.execute(text(AFRESH))
        await books.reserve(work, await books.lock(work, order_id, LINES), new_id(), {1: 1})
        assert (await next_books(work, 10))[0] == order_id


async def checked(desk: Desk) -> list[tuple[str, int | None, int | None]]:
    """The alarms that are open after a look at every book."""
    async with desk.client.transactions.begin(WHO) as work:
        await work.session.execute(text("SELECT 1 FROM book_check FOR UPDATE"))  # the loop has ended its own look
    await checking.check(desk.client.transactions)
    return await Books(desk).alarms()


async def found(desk: Desk) -> list[tuple[str, int | None, int | None]]:
    """The alarms that there are within a few looks; the service's own loop may be at one."""
    return await eventually(lambda: checked(desk))
