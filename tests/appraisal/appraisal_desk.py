"""The appraisal service, told of flags and refunds as the ticket service tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from stage import NOON, Client

from contracts.event import Event
from contracts.examples import example
from contracts.price import Price
from contracts.ticket.order import (
    FlagMeaning,
    OrderCancelled,
    OrderCorrected,
    OrderFlagged,
    OrderLine,
    OrderPaid,
    OrderState,
)
from kit.envelope import Meta
from kit.ids import derived_id, new_id
from kit.inbox import Verdict
from kit.subscriber import Arrival

PLACED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PAID = PLACED + timedelta(minutes=3)


def an_order(number: str = "A-1", **facts: Any) -> OrderState:
    """A paid order; `facts` overrides any field of its state."""
    shop = facts.get("shop", "main")
    price, nothing = Price(amount="20.00", currency="CNY"), Price(amount="0.00", currency="CNY")
    state = {
        "order_id": derived_id("order", shop, number),
        "shop": shop,
        "order_no": number,
        "account_id": new_id(),
        "goods_total": price,
        "discount": nothing,
        "freight": nothing,
        "paid": price,
        "lines": (OrderLine(line_no=1, sku="TEA", quantity=1, paid_total=price),),
        "placed_at": PLACED,
        "paid_at": PAID,
        **facts,
    }
    return OrderState.model_validate(state)


def arrival(event: Event, sequence: int) -> Arrival:
    """The event as it comes from the stream."""
    return Arrival(event.noun(), Meta(new_id(), event.SUBJECT, event.aggregate_id, sequence, NOON), event)


def flagged(
    order: OrderState,
    sequence: int,
    meaning: FlagMeaning | None = FlagMeaning.CLEARED,
    agent: str | None = "菲菲",
    *,
    staff_id: UUID | None = None,
    signer: UUID | None = None,
) -> Arrival:
    """`order.flagged`."""
    told = OrderFlagged(
        order=order.model_copy(update={"flag_meaning": meaning, "fake": meaning is FlagMeaning.FAKE}),
        meaning=meaning,
        agent=agent,
        staff_id=staff_id,
        flagged_at=NOON + timedelta(seconds=sequence),
        flagged_by="account:0",
        flagged_by_staff_id=signer,
    )
    return arrival(told, sequence)


def cancelled(order: OrderState, sequence: int) -> Arrival:
    """`order.cancelled`."""
    return arrival(OrderCancelled(order=order.model_copy(update={"cancelled_at": NOON})), sequence)


def corrected(order: OrderState, sequence: int) -> Arrival:
    """`order.corrected`."""
    return arrival(OrderCorrected(order=order, revision_before=1), sequence)


def paid(order: OrderState, sequence: int) -> Arrival:
    """`order.paid`."""
    return arrival(OrderPaid(order=order), sequence)


def refunded(
    order: OrderState, amount: str = "20.00", *, so_far: str = "20.00", fully: bool = True, sequence: int = 5,
    refund_id: UUID | None = None, subject: str = "refund.paid", **facts: Any,
) -> Arrival:  # fmt: skip
    """`refund.paid`, `goodwill.paid` or `payment.paid_late`; `so_far` is the sum that the order gave back."""
    told = example(subject)
    about = {
        told.AGGREGATE: refund_id or new_id(), "shop": order.shop, "order_id": order.order_id, "order_no": order.order_no,
        "amount": Price(amount=amount, currency="CNY"), "order_refunded": Price(amount=so_far, currency="CNY"),
        "order_fully_refunded": fully, **facts,
    }  # fmt: skip
    return arrival(told.model_copy(update=about), sequence)


@dataclass
class Desk:
    """The service, its subscriber and its tables."""

    client: Client

    async def hear(self, *arrivals: Arrival) -> list[Verdict]:
        """Handle one batch, as the subscriber does."""
        (subscriber,) = self.client.runtime.subscribers
        return await subscriber.apply(list(arrivals))

    async def hire(self, name: str = "林菲", *aliases: tuple[str, str], **facts: Any) -> dict[str, Any]:
        """Somebody new."""
        asked = {
            "name": name,
            "role": "agent",
            "aliases": [{"shop": shop, "alias": alias} for shop, alias in aliases],
            **facts,
        }
        answer = await self.client.call("POST", "/v1/staff", "manager", json=asked)
        assert answer.status_code == 201, answer.text
        hired: dict[str, Any] = answer.json()
        return hired

    async def credit(self, order: OrderState) -> dict[str, Any]:
        """Whose sale it was."""
        answer = await self.client.call("GET", f"/v1/ledger/sale-credits/{order.order_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        """What a query finds."""
        async with self.client.runtime.database.reading() as session:
            return (await session.execute(text(statement), values)).all()

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        ((found,),) = await self.rows(f"SELECT count(*) FROM {table}")
        return int(found)
