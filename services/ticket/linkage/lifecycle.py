"""并单 (T3): how a ticket becomes part of another, and when it can't."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from contracts.ticket.ticket import TicketEvent, TicketKind, TicketMerged, TicketOutcome, TicketStatus
from kit.lifecycle import Lifecycle
from kit.principals import Principal
from kit.problems import Problem
from services.ticket.ticket.lifecycle import COMMON, TicketLike, ended, state_of

_S = TicketStatus
MERGING = Lifecycle(
    noun="ticket",
    states=TicketStatus,
    initial=_S.NEW,
    table={"merge": {_S.NEW: _S.CLOSED, _S.OPEN: _S.CLOSED, _S.WAITING: _S.CLOSED}},
)


class WhyNot(StrEnum):
    """Why two tickets can't be merged."""

    ITSELF = "itself"
    CIRCLE = "circle"
    ANOTHER_SHOP = "another_shop"
    ANOTHER_CUSTOMER = "another_customer"
    ENDED = "ended"
    STAGED = "staged"


def why_not(ticket: TicketLike, into: TicketLike) -> WhyNot | None:
    """What speaks against merging the one into the other; None when nothing does.

    What one customer may see of a ticket, the other would see after a merge: so both are the same customer's, and
    never two different accounts' (T40).
    """
    if ticket.ticket_id == into.ticket_id:
        return WhyNot.ITSELF
    if into.merged_into == ticket.ticket_id:
        return WhyNot.CIRCLE
    if ticket.shop != into.shop:
        return WhyNot.ANOTHER_SHOP
    if not {TicketKind(ticket.kind), TicketKind(into.kind)} <= COMMON:
        return WhyNot.STAGED
    if ticket.status not in MERGING.table["merge"] or into.status not in MERGING.table["merge"]:
        return WhyNot.ENDED
    if not _of_one_customer(ticket, into):
        return WhyNot.ANOTHER_CUSTOMER
    return None


def _of_one_customer(ticket: TicketLike, into: TicketLike) -> bool:
    if ticket.customer_id != into.customer_id:
        return False
    accounts = {ticket.account_id, into.account_id}
    return len(accounts) == 1 or (ticket.customer_id is not None and None in accounts)


def expect_mergeable(ticket: TicketLike, into: TicketLike) -> None:
    """Raises Problem `merge-refused` that says why."""
    because = why_not(ticket, into)
    if because is not None:
        raise Problem("merge-refused", because=because.value)


def merge(ticket: TicketLike, into: TicketLike, by: Principal, at: datetime) -> Sequence[TicketEvent]:
    """并单: it ends as part of the other, to which its number leads from now on. Told as merged, and as closed for
    those who only count what has ended."""
    MERGING.move(ticket, "merge")
    ticket.merged_into = into.ticket_id
    closed = ended(ticket, TicketOutcome.MERGED, by, at)
    merged = TicketMerged(
        ticket=state_of(ticket),
        into_ticket_id=into.ticket_id,
        into_number=into.number,
        merged_by=by.subject,
        merged_at=at,
    )
    return (merged, closed)
