"""What came of it, asked from the services: nothing here was counted while it was done."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from kit.clock import business_date
from ops.callers import Caller, Callers
from ops.demo.asking import every
from ops.demo.cdnow import CURRENCY
from ops.demo.cdnow import SHOP as HISTORY
from ops.demo.desk import SHOP as TEA

SIDES = ("paid", "kept", "refunded", "in_flight")
_ASKED_AT_ONCE = 8
_LOOKS, _MOMENT = 20, 1.5
Row = dict[str, Any]


@dataclass(frozen=True)
class Books:
    """All books and payments, as the ticket service has them; and what the customer service knows to be refunded of
    the imported shop, the only one with its currency."""

    books: list[Row]
    payments: list[Row]
    refunded: str
    alarms: int

    @property
    def balance(self) -> bool:
        """Whether every currency adds up without an alarm, and the customer service deducts what the books say was
        refunded."""
        by_book = [one["refunded"]["amount"] for one in self.books if one["currency"] == CURRENCY]
        return all(map(adds_up, self.books)) and by_book == [self.refunded] and not self.alarms


@dataclass(frozen=True)
class Figures:
    """All that the page tells, since the day began."""

    purchases: list[Row]
    tickets: list[Row]
    replies: list[Row]
    complaints: Row
    refunds: list[Row]
    answers: list[list[Row]]
    books: Books
    staff: list[Row]
    shifts: list[Row]
    sheets: list[Row]
    today: list[Row]
    credits: list[Row]
    pool: Row
    messages: list[Row]


def adds_up(book: Row) -> bool:
    """Whether paid is kept, refunded and in flight (T55), and the service finds the same in the entries."""
    paid, *others = (Decimal(book[side]["amount"]) for side in SIDES)
    return bool(book["balanced"]) and paid == sum(others)


async def ask_books(people: Callers) -> Books:
    """The books as they are now."""
    finance = people.staff("finance")
    balance = await finance.expect(200, "GET", "/v1/payments/balance")
    alarms = await every(finance, "/v1/payments/alarms?status=open")
    report = await finance.expect(200, "GET", f"/v1/customer-reports/purchases?shop={HISTORY}")
    refunded = next((one["refunded"] for one in report["totals"] if one["currency"] == CURRENCY), "0.00")
    return Books(balance["books"], balance["payments"], refunded, len(alarms))


async def ask(people: Callers, since: datetime) -> Figures:
    """Everything, asked by those whose business it is."""
    manager, finance = people.staff("manager"), people.staff("finance")
    month = f"{business_date(since):%Y-%m}"
    report = await manager.expect(200, "GET", "/v1/customer-reports/purchases")
    began = since.isoformat().replace("+", "%2B")
    tickets = await every(manager, f"/v1/tickets?opened_from={began}")
    complaints = await manager.expect(200, "GET", f"/v1/ticket-reports/complaints?month={month}&shop={TEA}")
    credits_ = await every(finance, f"/v1/ledger/sale-credits?month={month}&shop={TEA}")
    counted = {"orders": sum(one["counted"] for one in credits_), "variant": "progressive"}
    messages = await _messages(manager)
    return Figures(
        purchases=report["totals"],
        tickets=tickets,
        replies=await _replies(people, tickets),
        complaints=complaints,
        refunds=await every(manager, f"/v1/refunds?shop={HISTORY}"),
        answers=await _answers(people),
        books=await ask_books(people),
        staff=await every(manager, "/v1/staff"),
        shifts=await every(manager, f"/v1/shifts?shop={TEA}"),
        sheets=await every(manager, f"/v1/handovers?shop={TEA}"),
        today=await every(manager, f"/v1/orders?shop={TEA}"),
        credits=credits_,
        pool=await finance.expect(200, "POST", "/v1/appraisals/commission-quotes", counted),
        messages=[one for one in messages if datetime.fromisoformat(one["created_at"]) >= since],
    )


async def _messages(manager: Caller) -> list[Row]:
    """All messages, once no more come: what is told takes its moment."""
    known: list[Row] = []
    for _ in range(_LOOKS):
        before, known = known, await every(manager, "/v1/notifications")
        if len(known) == len(before) and not any(one["status"] in ("pending", "sending") for one in known):
            break
        await asyncio.sleep(_MOMENT)
    return known


async def _answers(people: Callers) -> list[list[Row]]:
    """What the payment side said of each payment of the imported shop (T22)."""
    finance = people.staff("finance")
    payments = await every(finance, f"/v1/payments?shop={HISTORY}")
    whole = await _each(finance, (f"/v1/payments/{one['payment_key']}" for one in payments))
    return [one["answers"] for one in whole]


async def _replies(people: Callers, tickets: Sequence[Row]) -> list[Row]:
    """The clocks of first replies (T43)."""
    timed = [one for one in tickets if any(clock["kind"] == "first_reply" for clock in one["clocks"])]
    asked = await _each(people.staff("manager"), (f"/v1/tickets/{one['ticket_id']}/clocks" for one in timed))
    return [clock for answer in asked for clock in answer["items"] if clock["kind"] == "first_reply"]


async def _each(caller: Caller, paths: Iterable[str]) -> list[Row]:
    """The things at these addresses, some at a time."""
    gate = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def ask(path: str) -> Row:
        async with gate:
            found: Row = await caller.expect(200, "GET", path)
            return found

    return await asyncio.gather(*map(ask, paths))
