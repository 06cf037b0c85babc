"""The books of orders on a real database (T55, I12): what was paid is kept, refunded or in flight, and nothing else."""

import pytest
from book_desk import LINES, WHO, Books
from ticket_desk import PAID, Desk, an_item

from kit.ids import new_id
from kit.problems import Problem
from services.ticket.book import service as books
from services.ticket.book.service import NothingReservedError, Paid, Worth


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
