"""工单: the life that tickets of every kind share (T1, T2). Every event carries the ticket's whole public state;
opened and closed are told when the *derived* status changes, whatever stages a kind has inside."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.customer.customer import Tier
from contracts.event import Event
from contracts.fields import Code, Count, OrderNo, Part, Seconds, Shop, Subject


class TicketKind(StrEnum):
    """工单种类 (T1, T60)."""

    COMPLAINT = "complaint"
    REFUND = "refund"
    EXCHANGE = "exchange"
    BAD_REVIEW = "bad_review"
    MERCHANT_REPORT = "merchant_report"
    INQUIRY = "inquiry"
    SUGGESTION = "suggestion"
    FAULT_REPORT = "fault_report"
    EMERGENCY = "emergency"
    SERVICE_REQUEST = "service_request"


class TicketStatus(StrEnum):
    """The common status (T2)."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class WaitingOn(StrEnum):
    """For whom a ticket waits; waiting for the customer pauses its clocks (T2, T43)."""

    CUSTOMER = "customer"
    COURIER = "courier"
    WAREHOUSE = "warehouse"
    SUPPLIER = "supplier"


class IntakeChannel(StrEnum):
    """受理渠道 (T1)."""

    CHAT = "chat"
    PHONE = "phone"
    EMAIL = "email"
    WECHAT = "wechat"
    LETTER = "letter"
    VISIT = "visit"
    OUTSIDE_PLATFORM = "outside_platform"
    API = "api"


class Priority(StrEnum):
    """优先级."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class TicketSource(StrEnum):
    """What made a ticket: a person, or a rule such as a *problem* flag (T32)."""

    MANUAL = "manual"
    STOREFRONT = "storefront"
    ORDER_FLAG = "order_flag"
    FOLLOW_UP = "follow_up"
    SPLIT = "split"
    SCHEDULE = "schedule"


class AssignmentCause(StrEnum):
    """Why a ticket has another assignee or group (T4, T46)."""

    ROUTED = "routed"
    TAKEN = "taken"
    TRANSFERRED = "transferred"
    ESCALATED = "escalated"
    HANDED_OVER = "handed_over"
    LEFT = "left"
    RELEASED = "released"


class ReplyAuthor(StrEnum):
    """Who wrote a message that the customer can see."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SYSTEM = "system"


class TicketOutcome(StrEnum):
    """How a ticket ended."""

    SOLVED = "solved"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    MERGED = "merged"
    CANCELLED = "cancelled"


class TicketState(Part):
    """All that others may know of a ticket. ``group`` is the group's code; ``tier`` is the customer's tier when
    the ticket was opened, frozen (T58)."""

    ticket_id: UUID
    number: str
    kind: TicketKind
    shop: Shop
    status: TicketStatus
    waiting_on: WaitingOn | None = None
    customer_id: UUID | None = None
    account_id: UUID | None = None
    order_id: UUID | None = None
    order_no: OrderNo | None = None
    category: Code | None = None
    tier: Tier | None = None
    assignee_staff_id: UUID | None = None
    group: Code | None = None
    unit_id: UUID | None = None
    watcher_staff_ids: tuple[UUID, ...] = ()
    opened_by: Subject
    opened_by_staff_id: UUID | None = None
    priority: Priority = Priority.NORMAL
    channel: IntakeChannel
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None


class TicketEvent(Event):
    """What all events of a ticket share."""

    OWNER = "ticket"
    AGGREGATE = "ticket.ticket_id"

    ticket: TicketState


class TicketOpened(TicketEvent):
    """工单受理: a ticket was made; ``follows_ticket_id`` is the closed one that it takes up again (T2)."""

    SUBJECT = "ticket.opened"

    source: TicketSource = TicketSource.MANUAL
    follows_ticket_id: UUID | None = None
    parent_ticket_id: UUID | None = None


class TicketAssigned(TicketEvent):
    """派单: another assignee or group, both in the state; here the ones before (T4)."""

    SUBJECT = "ticket.assigned"

    assignee_before: UUID | None = None
    group_before: Code | None = None
    cause: AssignmentCause
    assigned_by: Subject
    assigned_at: AwareDatetime


class TicketReplied(TicketEvent):
    """回复: a message that the customer can see (T48). An ``automatic`` one stops no clock (T41); ``first`` is the
    first answer by a person; ``waited_seconds`` is how long the customer had waited for it."""

    SUBJECT = "ticket.replied"

    message_id: UUID
    author: ReplyAuthor
    staff_id: UUID | None = None
    automatic: bool = False
    first: bool = False
    waited_seconds: Seconds | None = None
    replied_at: AwareDatetime


class TicketWaiting(TicketEvent):
    """等待: for the party in ``ticket.waiting_on``, with a reason and an author (T48)."""

    SUBJECT = "ticket.waiting"

    reason: Code | None = None
    set_by: Subject
    since: AwareDatetime


class TicketReopened(TicketEvent):
    """重开: a solved or closed ticket is open again, within 30 days (T2); credit given for it is taken back (A19)."""

    SUBJECT = "ticket.reopened"

    times_reopened: Count
    solved_by_staff_id: UUID | None = None
    reason: Code | None = None
    reopened_by: Subject
    reopened_at: AwareDatetime


class TicketSolved(TicketEvent):
    """解决: the work is done, the customer may still object (T2)."""

    SUBJECT = "ticket.solved"

    staff_id: UUID | None = None
    solved_by: Subject
    solved_at: AwareDatetime


class TicketClosed(TicketEvent):
    """关单: the end (T2). ``touched_by`` are the staff who worked on it, in the order of their first touch (A21);
    ``promise_kept`` is empty when nothing was promised (T16)."""

    SUBJECT = "ticket.closed"

    outcome: TicketOutcome
    touched_by: tuple[UUID, ...] = ()
    times_reopened: Count = 0
    promise_kept: bool | None = None
    closed_by: Subject


class TicketCancelled(TicketEvent):
    """撤单: it was opened by mistake or is no longer wanted (T2)."""

    SUBJECT = "ticket.cancelled"

    reason: Code | None = None
    cancelled_by: Subject
    cancelled_at: AwareDatetime


class TicketMerged(TicketEvent):
    """并单: this ticket's messages moved into another; its number stays findable (T3)."""

    SUBJECT = "ticket.merged"

    into_ticket_id: UUID
    into_number: str
    merged_by: Subject
    merged_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    TicketOpened,
    TicketAssigned,
    TicketReplied,
    TicketWaiting,
    TicketReopened,
    TicketSolved,
    TicketClosed,
    TicketCancelled,
    TicketMerged,
)
