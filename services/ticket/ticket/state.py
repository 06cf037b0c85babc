"""What a ticket is, as far as rules need to know, and what a new one is made from (T1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.ticket.ticket import (
    IntakeChannel,
    Priority,
    TicketKind,
    TicketSource,
    TicketState,
    TicketStatus,
    WaitingOn,
)  # fmt: skip
from kit.principals import Principal


class Sorting(StrEnum):
    """In which order tickets are listed."""

    NEWEST = "newest"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Opening:
    """A ticket to open, whatever its kind (T1). `emergency`: ten minutes count for it (T42). `group`: whose work it
    is, where a policy of the kind says so (T60)."""

    kind: TicketKind
    shop: str
    subject: str
    description: str | None = None
    order_no: str | None = None
    customer_id: UUID | None = None
    priority: Priority = Priority.NORMAL
    channel: IntakeChannel = IntakeChannel.CHAT
    source: TicketSource = TicketSource.MANUAL
    category: str | None = None
    unit_id: UUID | None = None
    tags: tuple[str, ...] = ()
    follows_ticket_id: UUID | None = None
    parent_ticket_id: UUID | None = None
    emergency: bool = False
    group: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class TicketLike(Protocol):
    """A ticket as the table holds it."""

    ticket_id: UUID
    number: str
    kind: str
    shop: str
    status: str
    waiting_on: str | None
    customer_id: UUID | None
    account_id: UUID | None
    order_id: UUID | None
    order_no: str | None
    category: str | None
    tier: str | None
    assignee_staff_id: UUID | None
    group_code: str | None
    unit_id: UUID | None
    watchers: list[str]
    opened_by: str
    opened_by_staff_id: UUID | None
    priority: str
    channel: str
    opened_at: datetime
    solved_at: datetime | None
    solved_by_staff_id: UUID | None
    closed_at: datetime | None
    outcome: str | None
    merged_into: UUID | None
    times_reopened: int
    touched_by: list[str]
    version: int
    event_seq: int


def state_of(ticket: TicketLike) -> TicketState:
    """All that others may know of the ticket; every ticket event carries it."""
    return TicketState(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        kind=TicketKind(ticket.kind),
        shop=ticket.shop,
        status=TicketStatus(ticket.status),
        waiting_on=WaitingOn(ticket.waiting_on) if ticket.waiting_on else None,
        customer_id=ticket.customer_id,
        account_id=ticket.account_id,
        order_id=ticket.order_id,
        order_no=ticket.order_no,
        category=ticket.category,
        tier=Tier(ticket.tier) if ticket.tier else None,
        assignee_staff_id=ticket.assignee_staff_id,
        group=ticket.group_code,
        unit_id=ticket.unit_id,
        watcher_staff_ids=tuple(UUID(staff_id) for staff_id in ticket.watchers),
        opened_by=ticket.opened_by,
        opened_by_staff_id=ticket.opened_by_staff_id,
        priority=Priority(ticket.priority),
        channel=IntakeChannel(ticket.channel),
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
    )


def touch(ticket: TicketLike, by: Principal) -> None:
    """Remember who worked on it, in the order of their first touch (A21)."""
    if by.staff_id is not None and str(by.staff_id) not in ticket.touched_by:
        ticket.touched_by = [*ticket.touched_by, str(by.staff_id)]
