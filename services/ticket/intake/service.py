"""One way in for orders, whoever brings them (E3)."""

from collections.abc import Sequence

from kit.work import Work
from services.ticket.order import service as orders
from services.ticket.order.schemas import OrderItem, OrderMilestone
from services.ticket.order.service import Taken
from services.ticket.order_change import service as changes


async def take_orders(
    work: Work, items: Sequence[OrderItem], milestones: Sequence[OrderMilestone] = ()
) -> list[Taken]:
    """Record what was sent, put down in the books what was paid (T55), and let changes go on that wait for a new
    version of their order or for its top-up (T36, T37). Raises what `orders.record_orders` raises."""
    recorded = await orders.record_orders(work, items, milestones)
    await changes.follow_orders(work, recorded.new, recorded.moved)
    return recorded.taken
