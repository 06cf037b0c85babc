"""What an order's events say about whose sale it was."""

from contracts.ticket.order import OrderEvent, OrderFlagged
from kit.envelope import Meta
from services.appraisal.alias.spelling import spelling
from services.appraisal.credit.models import FlagFact, OrderFact


def order_fact(meta: Meta, event: OrderEvent) -> OrderFact:
    """The order as this event tells it."""
    order = event.order
    return OrderFact(
        order_id=order.order_id,
        sequence=meta.sequence,
        shop=order.shop,
        order_no=order.order_no,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        cancelled=order.cancelled_at is not None,
        fake=order.fake,
        top_up=order.top_up_of is not None,
    )


def flag_fact(meta: Meta, flag: OrderFlagged) -> FlagFact:
    """The flag, matched as the ticket service had matched it."""
    return FlagFact(
        event_id=meta.id,
        order_id=flag.order.order_id,
        sequence=meta.sequence,
        shop=flag.order.shop,
        meaning=flag.meaning,
        alias=(spelling(flag.agent) or None) if flag.agent else None,
        alias_staff_id=flag.staff_id if flag.agent else None,
        signer_staff_id=flag.flagged_by_staff_id,
        flagged_at=flag.flagged_at,
    )
