"""连续核对: books, entries and payments held against each other, again and again while this process leads (T55)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from contracts.ticket.payment import DriftKind
from kit.db import is_transient
from kit.logs import log
from kit.money import Money
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.principals import system
from kit.runtime import Runtime
from kit.work import Transactions, Work
from services.ticket.book import checking as books_check
from services.ticket.book import service as books
from services.ticket.book.alarms import Drift, raise_alarms
from services.ticket.payment import service as payments
from services.ticket.payout.paying import about
from services.ticket.payout.policy import PAYMENT_CHECKS

AT_ONCE = 500
_CHECKER = system("checks")


async def run(runtime: Runtime, *, poll_seconds: float = 2.0) -> None:
    """Look at the next books, and for payments without an answer, for ever."""
    while True:
        await runtime.relay.leads.wait()
        try:
            await check(runtime.transactions)
        except Exception as error:  # noqa: BLE001 - the loop must live; the same books are looked at again
            log.warning("checks.interrupted", error=error, transient=is_transient(error))
        await asyncio.sleep(poll_seconds)


async def check(transactions: Transactions, at_once: int = AT_ONCE) -> int:
    """One look; returns how many alarms it raised."""
    async with transactions.begin(_CHECKER) as work:
        drifts = await _unresolved(work)
        order_ids = await books_check.next_books(work, at_once)
        if order_ids:
            drifts += await books_check.drifts_of(work.session, order_ids)
        suspects = await _differing(work, order_ids) if order_ids else []
        raised = await raise_alarms(work, drifts)
    return len(raised) + sum([await _look_again(transactions, order_id) for order_id in suspects])


async def _unresolved(work: Work) -> list[Drift]:
    rules = await in_force(work.session, PAYMENT_CHECKS, EVERYWHERE, work.now)
    since = work.now - timedelta(minutes=rules.document.unresolved_minutes)
    found = await payments.unresolved(work.session, due_before=since, limit=AT_ONCE)
    return [about(payment, DriftKind.UNRESOLVED) for payment in found]


async def _differing(work: Work, order_ids: Sequence[UUID]) -> list[UUID]:
    """The orders of which the payments and the entries don't say the same, asked one after the other: something may
    have come in between."""
    paid = await payments.paid_of_orders(work.session, order_ids)
    entered = await books_check.refunded_of(work.session, order_ids)
    return [order_id for order_id in order_ids if paid.get(order_id, 0) != entered.get(order_id, 0)]


async def _look_again(transactions: Transactions, order_id: UUID) -> int:
    """Under the book's lock nothing comes in between."""
    async with transactions.begin(_CHECKER) as work:
        book = await books.lock(work, order_id)
        paid = (await payments.paid_of_orders(work.session, [order_id])).get(order_id, 0)
        entered = (await books_check.refunded_of(work.session, [order_id])).get(order_id, 0)
        if paid == entered:
            return 0
        drift = Drift(
            DriftKind.BOOK_PAYMENTS,
            subject=str(order_id),
            order_id=order_id,
            expected=Money(entered, book.currency),
            found=Money(paid, book.currency),
        )
        return len(await raise_alarms(work, [drift]))
