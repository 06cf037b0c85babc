"""The books of orders on a real database (T55, I12): what was paid is kept, refunded or in flight, and nothing else."""

from importlib import import_module

import pytest
from book_desk import LINES, WHO, Books
from sqlalchemy.exc import DBAPIError
from ticket_desk import PAID, Desk, an_item

from kit.ids import new_id
from kit.problems import Problem
from services.ticket.book import service as books
from services.ticket.book.service import NothingReservedError, Paid, Worth

AN_ENTRY = "INSERT INTO book_entry (order_id, kind, amount_minor, cause_id, at)"


@pytest.fixture
def kept(desk: Desk) -> Books:
    return Books(desk)


async def test_a_paid_order_has_a_book_and_an_unpaid_one_none(desk: Desk, kept: Books) -> None:
    paid = await kept.paid_order("A-1")
    unpaid = (await desk.put("A-2"))["order_id"]
    assert await kept.counters(paid) == (100_00, 100_00, 0, 0)
    assert await desk.rows("SELECT 1 FROM order_book WHERE order_id = :one", one=unpaid) == []
    with pytest.raises(Problem, match="order-unpaid"):
        await kept.reserve(unpaid, {1: 1})


async def test_money_goes_from_kept_to_in_flight_to_refunded(kept: Books) -> None:
    order_id = await kept.paid_order()
    one = await kept.reserve(order_id, {1: 50_00, 2: 10_00}, of_order=5_00)
    assert await kept.counters(order_id) == (100_00, 35_00, 0, 65_00)
    await kept.release(order_id, one, by_line={1: 20_00})
    assert await kept.counters(order_id) == (100_00, 55_00, 0, 45_00)
    settled = await kept.settle(one)
    assert (settled.order_refunded_minor, settled.fully) == (45_00, False)
    assert await kept.counters(order_id) == (100_00, 55_00, 45_00, 0)
    lines = (await kept.book(order_id)).lines
    assert {no: (line.refunded_minor, line.in_flight_minor, line.left_minor) for no, line in lines.items()} == {
        1: (30_00, 0, 30_00),
        2: (10_00, 0, 30_00),
    }


async def test_a_whole_cause_is_released(kept: Books) -> None:
    order_id = await kept.paid_order()
    one = await kept.reserve(order_id, {1: 50_00}, of_order=5_00)
    other = await kept.reserve(order_id, {2: 10_00})
    await kept.release(order_id, one)
    assert await kept.counters(order_id) == (100_00, 90_00, 0, 10_00)
    with pytest.raises(NothingReservedError):
        await kept.settle(one)
    await kept.settle(other)
    assert await kept.counters(order_id) == (100_00, 90_00, 10_00, 0)


async def test_what_is_settled_is_settled_once(kept: Books) -> None:
    order_id = await kept.paid_order()
    one = await kept.reserve(order_id, {1: 60_00, 2: 40_00})
    assert (await kept.settle(one)).fully
    with pytest.raises(NothingReservedError):
        await kept.settle(one)
    with pytest.raises(NothingReservedError):
        await kept.settle(new_id())
    assert await kept.counters(order_id) == (100_00, 0, 100_00, 0)


async def test_no_more_is_released_than_is_in_flight_of_the_cause(kept: Books) -> None:
    order_id = await kept.paid_order()
    one = await kept.reserve(order_id, {1: 10_00})
    await kept.reserve(order_id, {1: 20_00})
    with pytest.raises(ValueError, match="in flight of the cause"):
        await kept.release(order_id, one, by_line={1: 10_01})
    assert await kept.counters(order_id) == (100_00, 70_00, 0, 30_00)


async def test_more_than_is_left_is_refused_and_changes_nothing(kept: Books) -> None:
    order_id = await kept.paid_order()
    await kept.reserve(order_id, {1: 60_00})
    for by_line, of_order in (({1: 1}, 0), ({2: 40_01}, 0), ({}, 40_01), ({2: 40_00}, 1)):
        with pytest.raises(Problem, match="more-than-kept"):
            await kept.reserve(order_id, by_line, of_order)
    assert await kept.counters(order_id) == (100_00, 40_00, 0, 60_00)


async def test_pieces_are_taken_and_given_back(desk: Desk, kept: Books) -> None:
    order_id = await kept.paid_order()
    async with desk.client.transactions.begin(WHO) as work:
        book = await books.lock(work, order_id, LINES)
        await books.take_pieces(work, book, {1: 2, 2: 1})
        with pytest.raises(Problem, match="more-than-bought"):
            await books.take_pieces(work, book, {1: 1})
        await books.give_pieces_back(work, book, {1: 1})
        with pytest.raises(ValueError, match="no more pieces"):
            await books.give_pieces_back(work, book, {1: 2})
    lines = (await kept.book(order_id)).lines
    assert {no: line.taken_back for no, line in lines.items()} == {1: 1, 2: 1}


async def test_a_correction_moves_what_was_paid(desk: Desk, kept: Books) -> None:
    """C10: of a higher revision more or less was paid; what is given back stays given back."""
    order_id = await kept.paid_order()
    await kept.settle(await kept.reserve(order_id, {1: 30_00}))
    await kept.take(Paid(order_id, "CNY", 120_00))
    assert await kept.counters(order_id) == (120_00, 90_00, 30_00, 0)
    await kept.take(Paid(order_id, "CNY", 120_00))
    await kept.take(Paid(order_id, "CNY", 30_00))
    assert await kept.counters(order_id) == (30_00, 0, 30_00, 0)
    # The check that goes on by itself may have seen by now that no payment stands behind what was settled here.
    assert "correction_refused" not in {kind for kind, *_ in await kept.alarms()}


async def test_a_correction_that_no_book_takes_is_an_alarm(kept: Books) -> None:
    refused = [("CNY", 29_99), ("CNY", 0), ("USD", 100_00)]
    for currency, paid in refused:
        order_id = await kept.paid_order(f"{currency}-{paid}")
        await kept.reserve(order_id, {1: 30_00})
        await kept.take(Paid(order_id, currency, paid))
        assert await kept.counters(order_id) == (100_00, 70_00, 0, 30_00)
    assert await kept.alarms() == [("correction_refused", 100_00, paid) for _, paid in refused]


async def test_lines_are_brought_up_to_date_as_far_as_they_can(desk: Desk, kept: Books) -> None:
    order_id = await kept.paid_order()
    await kept.reserve(order_id, {1: 30_00})
    async with desk.client.transactions.begin(WHO) as work:
        book = await books.lock(work, order_id, [Worth(1, 2, 29_99), Worth(2, 3, 50_00), Worth(9, 1, 1)])
        assert {no: line.worth_minor for no, line in book.lines.items()} == {1: 60_00, 2: 50_00, 9: 1}
    assert (await kept.book(order_id)).lines == book.lines
    assert await kept.alarms() == [("correction_refused", 30_00, 29_99)]


async def test_an_alarm_that_lasts_is_one_alarm(desk: Desk, kept: Books) -> None:
    """It is told once, counted as often as it is seen, and raised anew when it was settled and is still so."""
    order_id = await kept.paid_order()
    await kept.reserve(order_id, {1: 30_00})
    for _ in range(3):
        await kept.take(Paid(order_id, "CNY", 1))
    (alarm,) = await desk.rows("SELECT alarm_id, times, status FROM book_alarm")
    assert (alarm.times, alarm.status) == (3, "open")
    assert await desk.subjects(alarm.alarm_id) == ["payment.drifted"]
    settle = f"/v1/payments/alarms/{alarm.alarm_id}/settle"
    settled = await desk.call("POST", settle, "finance", json={"note": "两边核对过，13812345678"})
    assert (settled.status_code, settled.json()["status"]) == (200, "settled")
    again = await desk.call("POST", settle, "finance", json={"note": "再次"})
    assert (again.status_code, again.json()["allowed"]) == (409, [])
    await kept.take(Paid(order_id, "CNY", 1))
    assert len(await kept.alarms()) == 1
    assert await desk.audits(alarm.alarm_id) == ["raise", "settle"]
    assert not await desk.rows("SELECT 1 FROM audit WHERE reason LIKE '%13812345678%'")


REFUSED = (
    "UPDATE order_book SET kept_minor = kept_minor - 1",
    "UPDATE order_book SET kept_minor = -1, refunded_minor = paid_minor + 1",
    "UPDATE order_book_line SET taken_back = quantity + 1",
    "UPDATE order_book_line SET in_flight_minor = worth_minor + 1",
    "UPDATE book_entry SET amount_minor = amount_minor + 1",
    "DELETE FROM book_entry",
    "TRUNCATE book_entry",
    f"{AN_ENTRY} SELECT order_id, 'paid', 1, order_id, now() FROM order_book",
    f"{AN_ENTRY} SELECT order_id, 'reserved', -1, order_id, now() FROM order_book",
)


async def test_the_database_holds_it_too(desk: Desk, kept: Books) -> None:
    """Whatever the service did: CHECKs, append-only entries, a single payment of an order."""
    order_id = await kept.paid_order()
    await kept.reserve(order_id, {1: 30_00})
    for statement in REFUSED:
        with pytest.raises((DBAPIError, Problem)):
            await desk.change(statement)
        assert await kept.counters(order_id) == (100_00, 70_00, 0, 30_00), statement


async def test_a_forgotten_lock_takes_no_money_twice(desk: Desk, kept: Books) -> None:
    """Two who looked at the same book without its lock: the second one's statement is refused by the CHECK."""
    order_id = await kept.paid_order()
    await kept.reserve(order_id, {})
    async with desk.client.transactions.begin(WHO) as work:
        stale = await books.look(work.session, order_id)
    assert stale is not None
    await kept.reserve(order_id, {1: 60_00})
    with pytest.raises(Problem, match="conflict"):
        async with desk.client.transactions.begin(WHO) as work:
            await books.reserve(work, stale, new_id(), {1: 60_00})
    assert await kept.counters(order_id) == (100_00, 40_00, 0, 60_00)


async def test_a_batch_opens_its_books_with_the_same_few_statements(desk: Desk) -> None:
    """500 orders cost what one costs."""
    paid = {"paid": "20.00", "paid_at": PAID}
    with desk.statements() as one:
        await desk.send(an_item("A-1", **paid))
    with desk.statements() as many:
        await desk.send(*(an_item(f"B-{n}", **paid) for n in range(500)))
    assert len(one) == len(many)
    (row,) = await desk.rows("SELECT count(*) AS books, sum(kept_minor) AS kept FROM order_book")
    assert (row.books, row.kept) == (501, 501 * 20_00)
    (entries,) = await desk.rows("SELECT count(*) AS entries FROM book_entry")
    assert entries.entries == 501


async def test_the_migration_opens_the_books_of_what_was_paid_before(desk: Desk, kept: Books) -> None:
    """The same books as if the orders had come afterwards."""
    for number, paid in (("A-1", 100_00), ("A-2", 70_00)):
        await kept.paid_order(number, paid)
    await desk.put("A-3")
    books_of = "SELECT * FROM order_book ORDER BY order_id"
    entries_of = "SELECT order_id, kind, line_no, amount_minor, cause_id FROM book_entry ORDER BY order_id"
    before = [list(await desk.rows(query)) for query in (books_of, entries_of)]
    await desk.change("ALTER TABLE book_entry DISABLE TRIGGER USER")
    await desk.change("GRANT DELETE ON book_entry TO CURRENT_USER")
    await desk.change("DELETE FROM book_entry")
    await desk.change("DELETE FROM order_book")
    for statement in import_module("services.ticket.migrations.versions.2026_11_22_0012_books")._STATEMENTS[-2:]:
        await desk.change(statement)
    assert [list(await desk.rows(query)) for query in (books_of, entries_of)] == before
    assert len(before[0]) == 2
