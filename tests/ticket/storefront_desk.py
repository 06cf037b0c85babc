"""A storefront that publishes its orders instead of sending them, and what a service has made of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from stage import NOON
from ticket_desk import PLACED, Desk

from contracts.catalogue import EVENTS
from contracts.event import Event
from contracts.storefront import order_key
from kit.bus import Bus
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.subscriber import Arrival
from kit.testing.poll import eventually

READER = "ticket-storefront-order"


def cny(amount: str) -> dict[str, str]:
    """An amount as events carry it."""
    return {"amount": amount, "currency": "CNY"}


def an_order(amount: str = "20.00", **facts: Any) -> dict[str, Any]:
    """An unpaid order of one line, as the contract has it; `facts` overrides any of its fields."""
    line = {
        "line_no": 1, "sku": "TEA", "product_name": "茶", "quantity": 2, "unit_price": cny("10.00"),
        "paid_total": cny(amount),
    }  # fmt: skip
    return {
        "buyer_ref": "ming", "goods_total": cny(amount), "discount": cny("0"), "freight": cny("0"), "lines": [line],
        "placed_at": PLACED, **facts,
    }  # fmt: skip


def news(verb: str, number: str = "A-1", shop: str = "main", **facts: Any) -> Event:
    """One event about one order."""
    return EVENTS[f"storefront.order.{verb}"].model_validate({"shop": shop, "order_no": number, **facts})


def told(verb: str, number: str = "A-1", **facts: Any) -> Event:
    """An event that carries the whole order."""
    return news(verb, number, order=an_order(**facts))


@dataclass
class Storefront:
    """Publishes as the contract asks: a sequence per order, an id per event."""

    desk: Desk
    bus: Bus
    sequences: Counter[UUID] = field(default_factory=Counter)

    async def publish(self, *events: Event, again: int = 0) -> None:
        """Tell these in order, each `again` more times past the broker's own deduplication."""
        for event in events:
            meta = self.next_meta(event)
            for _ in range(again + 1):
                sent = headers(meta, owner="storefront") | {"Nats-Msg-Id": str(new_id())}
                await self.bus.publish(event.SUBJECT, event.model_dump_json().encode(), sent)

    async def tell(self, *events: Event, again: int = 0) -> None:
        """Publish, and wait until the ticket service is through with them."""
        await self.publish(*events, again=again)
        await self.heard()

    async def heard(self) -> None:
        """Wait until every event told so far was taken."""

        async def all_taken() -> bool:
            rows = await self.desk.rows(
                "SELECT aggregate_id, last_sequence FROM position WHERE consumer = :name", name=READER
            )
            return {row.aggregate_id: row.last_sequence for row in rows} == dict(self.sequences)

        await eventually(all_taken, within=15)

    def next_meta(self, event: Event) -> Meta:
        """The attributes of the next event of its order."""
        self.sequences[event.aggregate_id] += 1
        return Meta(new_id(), event.SUBJECT, event.aggregate_id, self.sequences[event.aggregate_id], NOON)

    async def hand_over(self, events: Sequence[Event]) -> None:
        """One batch straight to the subscriber, without a broker between."""
        arrivals = [Arrival(event.noun(), self.next_meta(event), event) for event in events]
        await self.desk.subscriber("storefront", "storefront.order").apply(arrivals)

    async def letters(self) -> list[Any]:
        """What could not be applied."""
        return list(await self.desk.rows("SELECT * FROM dead_letter WHERE consumer = :name ORDER BY id", name=READER))


async def written(desk: Desk) -> dict[str, list[Any]]:
    """All that is known and told about orders, but for random ids, and who did it."""
    queries = {
        "order": "SELECT to_jsonb(o) - 'recorded_at' AS row FROM shop_order o ORDER BY order_id",
        "event": "SELECT jsonb_build_array(noun, aggregate_id, sequence, subject, convert_from(body, 'UTF8')::jsonb) AS row "
        "FROM outbox ORDER BY aggregate_id, sequence",
        "audit": "SELECT jsonb_build_array(action, noun, aggregate_id, before, after) AS row FROM audit ORDER BY id",
    }
    found = {name: [one.row for one in await desk.rows(query)] for name, query in queries.items()}
    return {**found, "delivery": list((await desk.parties()).items())}


__all__ = ["READER", "Storefront", "an_order", "cny", "news", "order_key", "told", "written"]
