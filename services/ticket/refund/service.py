"""After-sales requests, for the rooms above and the routes: the one way in; what stands behind it is split by what it
does."""

from services.ticket.refund.asking import quote, request
from services.ticket.refund.case import Case, get, locked, move, told_of
from services.ticket.refund.deciding import (
    approve,
    close,
    give_evidence,
    refuse,
    review,
    stop_parcel,
    want_evidence,
    withdraw,
)
from services.ticket.refund.editing import edit, turn
from services.ticket.refund.paying import failed, paid, pay, reckon, retry, settle_amount
from services.ticket.refund.reckoning import Reckoned
from services.ticket.refund.showing import list_refunds, public, quoted

__all__ = [
    "Case", "Reckoned", "approve", "close", "edit", "failed", "get", "give_evidence", "list_refunds", "locked",
    "move", "paid", "pay", "public", "quote", "quoted", "reckon", "refuse", "request", "retry", "review",
    "settle_amount", "stop_parcel", "told_of", "turn", "want_evidence", "withdraw",
]  # fmt: skip
