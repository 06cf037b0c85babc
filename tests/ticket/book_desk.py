"""The books of orders as their tests work with them: whoever asks is a use case of its own, in its own transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ticket_desk import PAID, Desk

from kit.ids import new_id
from kit.money import Money
from kit.principals import system
from services.ticket.book import service as books
from services.ticket.book.service import Book, Paid, Settled, Worth

WHO = system("test")
LINES = (Worth(1, 2, 60_00), Worth(2, 1, 40_00))


class Books:
    """The books of one service."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def paid_order(self, number: str = "A-1", paid: int = 100_00, revision: int = 1) -> UUID:
        """An order of two lines, 60.00 for two pieces and the rest for one, paid."""
        first, second = Money(60_00), Money(paid - 60_00)
        lines = [
            {"line_no": 1, "sku": "TEA", "quantity": 2, "paid_total": first.amount},
            {"line_no": 2, "sku": "CUP", "quantity": 1, "paid_total": second.amount},
        ]
        told = await self.desk.put(number, lines=lines, paid=Money(paid).amount, paid_at=PAID, revision=revision)
        return UUID(told["order_id"])

    async def reserve(
        self, order_id: UUID, by_line: Mapping[int, int], of_order: int = 0, cause_id: UUID | None = None
    ) -> UUID:
        """Put money in flight for a cause; its id."""
        cause_id = cause_id or new_id()
        async with self.desk.client.transactions.begin(WHO) as work:
            book = await books.lock(work, order_id, LINES)
            await books.reserve(work, book, cause_id, by_line, of_order)
        return cause_id

    async def release(self, order_id: UUID, cause_id: UUID, **part: Any) -> None:
        async with self.desk.client.transactions.begin(WHO) as work:
            await books.release(work, await books.lock(work, order_id), cause_id, **part)

    async def settle(self, cause_id: UUID) -> Settled:
        async with self.desk.client.transactions.begin(WHO) as work:
            return await books.settle(work, cause_id)

    async def take(self, *paid: Paid) -> None:
        async with self.desk.client.transactions.begin(WHO) as work:
            await books.take_payments(work, paid)

    async def book(self, order_id: UUID) -> Book:
        """The book, which adds up: as a whole, and as its entries say."""
        async with self.desk.client.runtime.database.reading() as session:
            book = await books.look(session, order_id)
        assert book is not None
        assert book.paid_minor == book.kept_minor + book.refunded_minor + book.in_flight_minor
        assert (book.paid_minor, book.in_flight_minor, book.refunded_minor) == await self.entered(order_id)
        return book

    async def counters(self, order_id: UUID) -> tuple[int, int, int, int]:
        """Paid, kept, refunded, in flight."""
        book = await self.book(order_id)
        return book.paid_minor, book.kept_minor, book.refunded_minor, book.in_flight_minor

    async def entered(self, order_id: UUID) -> tuple[int, int, int]:
        """Paid, in flight and refunded, added up from the entries by hand."""
        found = await self.desk.rows(
            "SELECT kind, sum(amount_minor) AS sum FROM book_entry WHERE order_id = :one GROUP BY kind", one=order_id
        )
        sums = {row.kind: int(row.sum) for row in found}
        of = sums.get
        refunded = of("refunded", 0)
        return of("paid", 0) + of("corrected", 0), of("reserved", 0) - of("released", 0) - refunded, refunded

    async def alarms(self) -> list[tuple[str, int | None, int | None]]:
        """What is open: kind, expected, found."""
        rows = await self.desk.rows("SELECT * FROM book_alarm WHERE status = 'open' ORDER BY alarm_id")
        return [(row.kind, row.expected_minor, row.found_minor) for row in rows]
