"""Changes of orders, for the rooms above and the routes: the one way in; what stands behind it is split by what it
does (T37)."""

from services.ticket.order_change.asking import quote_change, request_change
from services.ticket.order_change.deciding import (
    agree_to_change,
    confirm_change,
    refuse_change,
    retry_payment,
    withdraw_change,
)
from services.ticket.order_change.following import TOP_UP, follow_orders, follow_top_up
from services.ticket.order_change.models import OrderChange
from services.ticket.order_change.paying import failed, paid, paid_late
from services.ticket.order_change.reading import get_change, list_changes, reveal_recipient, show_change, shown

__all__ = [
    "TOP_UP", "OrderChange", "agree_to_change", "confirm_change", "failed", "follow_orders", "follow_top_up",
    "get_change", "list_changes", "paid", "paid_late", "quote_change", "refuse_change", "request_change",
    "retry_payment", "reveal_recipient", "show_change", "shown", "withdraw_change",
]  # fmt: skip
