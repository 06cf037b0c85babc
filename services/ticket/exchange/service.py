"""Replacements, for the routes and the room of returns: the one way in; what stands behind it is split by what it
does (T22)."""

from uuid import UUID

from kit.work import Work
from services.ticket.exchange import store
from services.ticket.exchange.choosing import (
    OVERDUE,
    call_customer,
    remind,
    replace,
    restock,
    run_out,
    settle_in_money,
    top_up,
)  # fmt: skip
from services.ticket.exchange.models import Exchange
from services.ticket.exchange.schemas import ExchangeFilter
from services.ticket.exchange.sending import after_inspection, lose, receive, send
from services.ticket.exchange.standing import Standing, get
from services.ticket.exchange.views import show, shown
from services.ticket.exchange.weighing import weigh
from services.ticket.sight import in_sight

__all__ = [
    "OVERDUE", "Exchange", "Standing", "after_inspection", "call_customer", "get", "list_exchanges", "lose",
    "receive", "remind", "replace", "restock", "run_out", "send", "settle_in_money", "show", "shown", "top_up",
    "weigh",
]  # fmt: skip


async def list_exchanges(work: Work, query: ExchangeFilter, after: UUID | None) -> tuple[list[Exchange], UUID | None]:
    """Replacements that somebody has worked on, in the caller's sight, newest first, and the last one when there are
    more."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await store.page(work.session, wanted, after, query.limit + 1)
    items = found[: query.limit]
    return items, items[-1].exchange_id if len(found) > query.limit else None
