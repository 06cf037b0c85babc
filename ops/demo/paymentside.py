"""The storefront's payment side, as the demo plays it: it is told what to pay and says what became of it.

A shop may say it in two ways, as an event by its own login at the broker or to `/v1/payments/answers`; the demo takes
turns, and says everything twice, because whoever isn't sure of having been heard does.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.price import Price
from contracts.storefront import StorefrontRefundFailed, StorefrontRefundPaid
from kit.bus import Bus
from kit.envelope import Meta, headers
from kit.ids import new_id
from ops.callers import Caller

FAILURE = "payee_account_frozen"
Refund = dict[str, Any]


@dataclass(frozen=True)
class PaymentSide:
    """Pays what is approved, or says that it can't."""

    bus: Bus
    storefront: Caller

    async def answer(self, refund: Refund, *, paid: bool, by_event: bool) -> None:
        """Say, twice, that a refund's money has gone, or that it could not."""
        say = self._publish if by_event else self._post
        at = datetime.now(UTC)
        for _ in range(2):
            await say(refund, at, paid=paid)

    async def _post(self, refund: Refund, at: datetime, *, paid: bool) -> None:
        key = refund["payment_key"]
        said = {
            "payment_key": key, "result": "paid" if paid else "failed", "payment_reference": _reference(refund, paid),
            **refund["amount"], "at": at.isoformat(), "failure": None if paid else FAILURE,
        }  # fmt: skip
        await self.storefront.expect(200, "POST", "/v1/payments/answers", said)

    async def _publish(self, refund: Refund, at: datetime, *, paid: bool) -> None:
        about = {
            "refund_id": UUID(refund["refund_id"]), "amount": Price(**refund["amount"]),
            "payment_reference": _reference(refund, paid),
        }  # fmt: skip
        event: Event = (
            StorefrontRefundPaid(**about, paid_at=at)
            if paid
            else StorefrontRefundFailed(**about, failure=FAILURE, failed_at=at)
        )
        meta = Meta(new_id(), event.SUBJECT, event.aggregate_id, refund["attempt"], at)
        await self.bus.publish(event.SUBJECT, event.model_dump_json().encode(), headers(meta, owner="storefront"))


@asynccontextmanager
async def payment_side(broker: str, storefront: Caller) -> AsyncIterator[PaymentSide]:
    """The payment side, at the broker under the storefront's login."""
    bus = Bus(broker, "storefront")
    await bus.open()
    try:
        yield PaymentSide(bus, storefront)
    finally:
        await bus.close()


def _reference(refund: Refund, paid: bool) -> str:
    """Its own number for what it did; the same however often it says so."""
    return f"{'PAY' if paid else 'NO'}-{refund['number']}-{refund['attempt']}"
