"""What this service does with others' events."""

from collections.abc import Sequence

from contracts.ticket import order
from contracts.ticket.aftercare import GoodwillPaid
from contracts.ticket.order import OrderEvent
from contracts.ticket.payment import PaymentPaidLate
from contracts.ticket.refund import RefundPaid
from kit.envelope import Delivery
from kit.subscriber import subscription
from kit.work import Work
from services.customer.file import service as files
from services.customer.purchase import service as purchases


async def follow_orders(work: Work, deliveries: Sequence[Delivery[OrderEvent]]) -> None:
    """Every order event carries the order's full state, whatever happened to it."""
    await files.take_orders(work, [delivery.event.order for delivery in deliveries])


SUBSCRIPTIONS = (
    subscription("customer-order-copy", dict.fromkeys(order.EVENTS, follow_orders)),
    subscription(
        "customer-ticket", dict.fromkeys((RefundPaid, GoodwillPaid, PaymentPaidLate), purchases.take_refunds)
    ),
)
