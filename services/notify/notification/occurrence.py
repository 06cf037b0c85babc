"""An event as rules and templates see it: codes and numbers, and the people it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.ticket.order import OrderFlagged
from contracts.ticket.ticket import TicketClosed, TicketEvent
from kit.envelope import Meta
from services.notify.rule.policy import ASSIGNEE, OPENER


@dataclass(frozen=True)
class Occurrence:
    """One event to tell about. `facts` are what conditions ask and templates show: never anything personal (X6)."""

    event_id: UUID
    subject: str
    happened_at: datetime
    facts: Mapping[str, str | None]
    named: Mapping[str, UUID | None]
    ticket_id: UUID | None = None
    customer_id: UUID | None = None
    historic: bool = False


def of_ticket(meta: Meta, event: TicketEvent) -> Occurrence:
    """What a ticket's event gives."""
    ticket = event.ticket
    facts: dict[str, str | None] = {
        "number": ticket.number,
        "kind": ticket.kind.value,
        "shop": ticket.shop,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "order_no": ticket.order_no,
    }
    if isinstance(event, TicketClosed):
        facts["outcome"] = event.outcome.value
    named = {ASSIGNEE: ticket.assignee_staff_id, OPENER: ticket.opened_by_staff_id}
    return Occurrence(
        meta.id, event.SUBJECT, meta.time, facts, named, ticket_id=ticket.ticket_id, customer_id=ticket.customer_id
    )


def of_flag(meta: Meta, event: OrderFlagged) -> Occurrence:
    """What a flag gives. The remark's words stay out: an agent may have written anything there."""
    facts = {
        "order_no": event.order.order_no,
        "shop": event.order.shop,
        "meaning": event.meaning.value if event.meaning else None,
    }
    return Occurrence(meta.id, event.SUBJECT, meta.time, facts, {}, historic=event.order.historic)
