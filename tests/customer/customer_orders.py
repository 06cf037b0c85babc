"""Orders and refunds as the ticket service tells of them, and the customer service that hears of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text
from stage import KEY, NOON, Client

from contracts.event import Event
from contracts.examples import example
from contracts.price import Price
from contracts.ticket.order import OrderCorrected, OrderLine, OrderRecorded, OrderState
from kit.envelope import Meta
from kit.ids import account_id, derived_id, new_id
from kit.inbox import Verdict
from kit.subscriber import Arrival

PLACED = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


def account_of(buyer: str, shop: str = "main") -> UUID:
    """The account of a buyer, as every service works it out."""
    return account_id(bytes.fromhex(KEY), shop, buyer)


def an_order(number: str = "A-1", buyer: str = "ming", paid: str | None = "20.00", **facts: Any) -> OrderState:
    """A paid order; `facts` overrides any field of its state."""
    shop, currency = facts.get("shop", "main"), facts.get("currency", "CNY")
    goods = Price(amount=paid or "20.00", currency=currency)
    nothing = Price(amount="0", currency=currency)
    state = {
        "order_id": derived_id("order", shop, number),
        "shop": shop,
        "order_no": number,
        "account_id": account_of(buyer, shop),
        "goods_total": goods,
        "discount": nothing,
        "freight": nothing,
        "paid": goods if paid else None,
        "lines": (OrderLine(line_no=1, sku="TEA", quantity=1, paid_total=goods),),
        "placed_at": PLACED,
        "paid_at": PLACED + timedelta(minutes=3) if paid else None,
        **facts,
    }
    return OrderState.model_validate(state)


def an_arrival(event: Event, sequence: int = 1) -> Arrival:
    """The event as it comes from the stream."""
    return Arrival(event.noun(), Meta(new_id(), event.SUBJECT, event.aggregate_id, sequence, NOON), event)


def recorded(*orders: OrderState, sequence: int = 1) -> list[Arrival]:
    """`order.recorded` of each order."""
    return [an_arrival(OrderRecorded(order=order), sequence) for order in orders]


def corrected(order: OrderState, sequence: int) -> list[Arrival]:
    """`order.corrected`."""
    return [an_arrival(OrderCorrected(order=order, revision_before=1), sequence)]


def given_back(
    order: OrderState, amount: str, *, subject: str = "refund.paid", cause_id: UUID | None = None, sequence: int = 5,
    **facts: Any,
) -> Arrival:  # fmt: skip
    """`refund.paid`, `goodwill.paid` or `payment.paid_late` of the order."""
    told = example(subject)
    about = {
        told.AGGREGATE: cause_id or new_id(),
        "shop": order.shop, "order_id": order.order_id, "order_no": order.order_no,
        "amount": Price(amount=amount, currency=order.currency), **facts,
    }  # fmt: skip
    return an_arrival(told.model_copy(update=about), sequence)


@dataclass
class Copying:
    """The customer service, fed through its subscribers and looked at in its tables."""

    client: Client
    sequences: dict[UUID, count] = field(default_factory=dict)  # type: ignore[type-arg]

    async def arrive(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Handle one batch of orders' events, as the subscriber does."""
        return await self._apply("customer-order-copy", arrivals)

    async def refund(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Handle one batch of facts about refunds, as the subscriber does."""
        return await self._apply("customer-ticket", arrivals)

    async def _apply(self, reader: str, arrivals: Sequence[Arrival]) -> list[Verdict]:
        (subscriber,) = (one for one in self.client.runtime.subscribers if one.reader.name == reader)
        return await subscriber.apply(arrivals)

    async def hear(self, *orders: OrderState) -> None:
        """Each order's next event, all in one batch."""
        arrivals = []
        for order in orders:
            sequence = next(self.sequences.setdefault(order.order_id, count(1)))
            arrivals += recorded(order, sequence=sequence)
        await self.arrive(arrivals)

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """What a query finds."""
        async with self.client.runtime.database.reading() as session:
            return list((await session.execute(text(statement), values)).all())

    async def one(self, statement: str, **values: Any) -> Any:
        """The only value that a query finds."""
        ((value,),) = await self.rows(statement, **values)
        return value

    async def customer_of(self, buyer: str, shop: str = "main") -> UUID:
        """Whose account it is."""
        wanted = "SELECT customer_id FROM account WHERE account_id = :account_id"
        found: UUID = await self.one(wanted, account_id=account_of(buyer, shop))
        return found
