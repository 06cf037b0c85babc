"""From the ticket service's stream to the customer service's own, through a real broker (I1, I5, I6)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from customer_orders import Copying, an_order
from stage import NOON, Starter

from contracts.ticket.order import OrderRecorded, OrderState
from kit.bus import Bus
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.testing.poll import eventually


@pytest.fixture
async def broker(nats_url: str) -> AsyncIterator[Bus]:
    """A connection as the ticket service has one."""
    bus = Bus(nats_url, "ticket")
    await asyncio.wait_for(bus.open(), timeout=10)
    yield bus
    await bus.close()


async def _tell(broker: Bus, order: OrderState, sequence: int = 1) -> None:
    event = OrderRecorded(order=order)
    meta = Meta(new_id(), event.SUBJECT, order.order_id, sequence, NOON)
    await broker.publish(event.SUBJECT, event.model_dump_json().encode(), headers(meta, owner="ticket"))


async def test_orders_of_two_buyers_become_two_files_and_two_events(
    start_service: Starter, broker: Bus, nats_url: str
) -> None:
    async with start_service("customer", nats_url=nats_url) as client:
        customer = Copying(client)
        for number in range(6):
            await _tell(broker, an_order(f"A-{number}", buyer=("ming", "hong")[number % 2], paid=f"{number}.50"))

        async def everything_is_told() -> bool:
            purchases = await customer.one("SELECT count(*) FROM purchase")
            events = await customer.rows("SELECT subject, sequence FROM outbox WHERE stream_sequence IS NOT NULL")
            return bool(purchases == 6 and events == [("customer.created", 1)] * 2)

        await eventually(everything_is_told, within=20)
        report = await client.call("GET", "/v1/customer-reports/purchases", "manager")
        assert report.json()["totals"] == [
            {
                "shop": "main",
                "currency": "CNY",
                "customers": 2,
                "orders": 6,
                "spend": "18.00",
                "refunded": "0.00",
                "net": "18.00",
            }
        ]
