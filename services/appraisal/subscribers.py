"""What this service does with others' events: facts from which credits follow."""

from collections.abc import Sequence

from contracts.ticket.aftercare import CostRebooked, GoodwillPaid
from contracts.ticket.order import OrderCancelled, OrderCorrected, OrderFlagged, OrderPaid
from contracts.ticket.payment import PaymentPaidLate
from contracts.ticket.refund import RefundPaid
from kit.envelope import Delivery
from kit.subscriber import subscription
from kit.work import Work
from services.appraisal.credit import service as credit
from services.appraisal.refund import service as refunds
from services.appraisal.refund.facts import MoneyBackEvent


async def take_refunds(work: Work, deliveries: Sequence[Delivery[MoneyBackEvent]]) -> None:
    """What was paid back is kept, and an order that gave everything back leaves the pool (A6)."""
    concerned = await refunds.take_refunds(work, deliveries)
    await credit.work_out_again(work, concerned)


# A flag carries the order's whole state, so recording an order is of no use here: imported history leaves no row.
SUBSCRIPTIONS = (
    subscription(
        "appraisal-ticket",
        {
            OrderFlagged: credit.take_flags,
            OrderPaid: credit.take_orders,
            OrderCorrected: credit.take_orders,
            OrderCancelled: credit.take_orders,
            **dict.fromkeys((RefundPaid, GoodwillPaid, PaymentPaidLate), take_refunds),
            CostRebooked: refunds.take_rebookings,
        },
    ),
)
