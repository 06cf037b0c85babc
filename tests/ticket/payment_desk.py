"""Payments as their tests work with them: refunds on their way to be paid, answers by every way there is, and all that
they may change."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from refund_desk import Json, Refunds
from stage import NOON
from ticket_desk import Desk

from contracts.price import Price
from contracts.storefront import StorefrontRefundFailed, StorefrontRefundPaid
from kit.money import Money
from kit.principals import system
from services.ticket.payment.port import Answer, Result, Way
from services.ticket.payout.applying import Verdict, take_answers

MOVED = ("order_book", "order_book_line", "book_entry", "payment", "refund", "ticket", "clock", "case_cost", "outbox")

# What the relay notes of an event at its own pace.
RELAYED = ("published_at", "stream_sequence", "blocked_at", "last_error")


@dataclass
class Payments:
    """Refunds that are being paid, and the payment side's word on them."""

    refunds: Refunds

    @property
    def desk(self) -> Desk:
        return self.refunds.desk

    async def due(self, number: str = "A-1", amount: str = "40.00", *more: tuple[int, str]) -> Json:
        """A refund of all that was paid for an order (but for `more` lines), approved, and due to be paid."""
        await self.refunds.order(number, (2, amount), *more)
        refund = await self.refunds.approved(order_no=number, kind="money_only", reason="lost_in_transit")
        assert refund["status"] == "paying", refund
        return refund

    async def say(
        self, refund: Json, result: str, way: Way = Way.SENT, *, reference: str = "R-1", at: datetime = NOON,
        attempt: int | None = None,
    ) -> Verdict:  # fmt: skip
        """The payment side says so, by that way; what becomes of it."""
        if way is Way.EVENT:
            return await self.tell(refund, result, reference=reference, at=at)
        answer = Answer(
            number=UUID(refund["payment_key"]),
            result=Result(result),
            reference=reference,
            amount=Money.parse(refund["amount"]["amount"]),
            at=at,
            failure="closed" if result == "failed" else None,
            attempt=attempt,
        )
        async with self.desk.client.transactions.begin(system("test")) as work:
            (outcome,) = await take_answers(work, [answer], way)
        return outcome.verdict

    async def tell(self, refund: Json, result: str, *, reference: str = "R-1", at: datetime = NOON) -> Verdict:
        """The storefront tells it as an event; what the answer that is kept was judged to be."""
        told = {
            "refund_id": UUID(refund["refund_id"]), "amount": Price.model_validate(refund["amount"]),
            "payment_reference": reference,
        }  # fmt: skip
        before = await self.payment(refund)
        if result == "paid":
            await self.desk.hear(StorefrontRefundPaid.model_validate({**told, "paid_at": at}))
        else:
            await self.desk.hear(
                StorefrontRefundFailed.model_validate({**told, "failure": "closed", "failed_at": at})
            )
        return Verdict.REPEATED if await self.payment(refund) == before else Verdict.APPLIED

    async def send(self, role: str = "storefront", **said: Any) -> httpx.Response:
        """POST /v1/payments/answers."""
        whole = {"result": "paid", "payment_reference": "R-1", "currency": "CNY", "at": NOON.isoformat(), **said}
        return await self.desk.call("POST", "/v1/payments/answers", role, json=whole)

    async def call(self, refund: Json) -> None:
        """The row as it is while somebody calls."""
        await self.desk.change(
            "UPDATE payment SET status = 'calling', attempts = attempts + 1, called_at = now(), next_try_at = NULL"
            " WHERE payment_key = :key",
            key=refund["payment_key"],
        )

    async def payment(self, refund: Json) -> tuple[str, str | None]:
        """Status and reference."""
        query = "SELECT status, reference FROM payment WHERE payment_key = :key"
        (row,) = await self.desk.rows(query, key=refund["payment_key"])
        return row.status, row.reference

    async def told(self, refund: Json, subject: str) -> int:
        """How often that was told of the refund."""
        query = "SELECT count(*) AS found FROM outbox WHERE aggregate_id = :one AND subject = :subject"
        (row,) = await self.desk.rows(query, one=refund["refund_id"], subject=subject)
        return int(row.found)

    async def all_rows(self) -> dict[str, list[Any]]:
        """Everything that an answer may move."""
        found = {}
        for table in MOVED:
            rows = await self.desk.rows(f"SELECT to_jsonb(t) AS row FROM {table} t ORDER BY 1")
            kept = [{name: value for name, value in row.row.items() if name not in RELAYED} for row in rows]
            found[table] = [row for row in kept if row.get("subject") != "payment.drifted"]
        return found

    async def alarms(self) -> list[str]:
        """The kinds of the alarms that are open."""
        rows = await self.desk.rows("SELECT kind FROM book_alarm WHERE status = 'open' ORDER BY alarm_id")
        return [row.kind for row in rows]

    def later(self, seconds: float) -> None:
        """Time goes by."""
        self.desk.clock.advance(timedelta(seconds=seconds))
