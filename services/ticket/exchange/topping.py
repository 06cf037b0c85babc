"""补差价: which order may pay the difference of a replacement, and how much of it (T22, T36, T55)."""

from datetime import datetime
from typing import Any

from kit.problems import Problem
from kit.work import Work
from services.ticket.book import service as books
from services.ticket.exchange import store
from services.ticket.exchange.standing import Standing
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.refund.case import Case


async def worth_of(work: Work, case: Case, order: OrderLike) -> int:
    """What a top-up order brought in and still holds.

    What was paid before the order left was for the order itself: another courier, a change (T36, T37). Raises Problem
    `top-up-unfit` with why.
    """
    refund = case.refund
    if order.top_up_of != refund.order_no or order.account_id != refund.account_id:
        raise _unfit("another_order")
    if order.cancelled_at is not None:
        raise _unfit("cancelled")
    if order.currency != refund.currency:
        raise _unfit("another_currency")
    book = await books.look(work.session, order.order_id)
    if order.paid_at is None or book is None:
        raise _unfit("unpaid")
    left_at = await _left_at(work, case)
    if left_at is not None and order.paid_at < left_at:
        raise _unfit("paid_before")
    if not book.kept_minor:
        raise _unfit("given_back")
    return book.kept_minor


async def expect_still_there(work: Work, it: Standing) -> None:
    """Raises Problem `top-up-unfit` when something of a top-up was given back since it was named."""
    for one in await store.top_ups_of(work.session, it.exchange.exchange_id):
        book = await books.look(work.session, one.order_id)
        if book is None or book.kept_minor < one.amount_minor:
            raise _unfit("given_back", order_no=one.order_no)


async def _left_at(work: Work, case: Case) -> datetime | None:
    order, _ = await orders.get_order(work, case.refund.shop, case.refund.order_no)
    return order.shipped_at or order.received_at or order.completed_at


def _unfit(because: str, **facts: Any) -> Problem:
    return Problem("top-up-unfit", because=because, **facts)
