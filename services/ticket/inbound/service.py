"""Goods that come back, for the routes and the rooms above: the one way in (T22)."""

from uuid import UUID

from contracts.ticket.refund import RefundKind
from kit.problems import Problem
from kit.work import Work
from services.ticket.inbound.counting import goods_come_back
from services.ticket.inbound.finding import list_parcels, look_up
from services.ticket.inbound.inspecting import inspect
from services.ticket.inbound.parcels import correct, find, search, ship_back, write_off
from services.ticket.inbound.receiving import receive
from services.ticket.inbound.views import show
from services.ticket.refund import service as refunds
from services.ticket.refund.case import Case

__all__ = [
    "correct", "find", "get_return", "inspect", "list_parcels", "look_up", "receive", "search", "ship_back", "show",
    "write_off",
]  # fmt: skip


async def get_return(work: Work, refund_id: UUID) -> Case:
    """The request whose goods come back. Raises Problem `not-found`, also for one out of sight (T40, X1), and for one
    of which nothing comes back."""
    case = await refunds.get(work, refund_id)
    if not goods_come_back(RefundKind(case.refund.kind)):
        raise Problem("not-found")
    return case
