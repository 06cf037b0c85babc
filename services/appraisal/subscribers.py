"""What this service does with others' events: facts from which credits follow."""

from contracts.ticket.order import OrderCancelled, OrderCorrected, OrderFlagged, OrderPaid
from kit.subscriber import subscription
from services.appraisal.credit import service as credit

# A flag carries the order's whole state, so recording an order is of no use here: imported history leaves no row.
SUBSCRIPTIONS = (
    subscription(
        "appraisal-ticket",
        {
            OrderFlagged: credit.take_flags,
            OrderPaid: credit.take_orders,
            OrderCorrected: credit.take_orders,
            OrderCancelled: credit.take_orders,
        },
    ),
)
