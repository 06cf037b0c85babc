"""Examples of tickets, their clocks and complaints."""

from contracts.customer.customer import Tier
from contracts.event import Event
from contracts.examples.cast import (
    ACCOUNT,
    AGENT,
    AS_AGENT,
    AS_SUPERVISOR,
    BY_RULE,
    CLERK,
    COLLEAGUE,
    COMPLAINT,
    CUSTOMER,
    INQUIRY,
    ORDER,
    ORDER_NO,
    SHOP,
    UNIT,
    at,
    uid,
)
from contracts.ticket.clock import ClockBreached, ClockKind, ClockMet, ClockWarned
from contracts.ticket.complaint import (
    CallManner,
    ComplaintCallback,
    ComplaintCalledBack,
    ComplaintCategory,
    ComplaintGraded,
    ComplaintJudged,
    ComplaintPromised,
    ComplaintResponsibilityFixed,
    Grade,
    GradeCause,
    Nature,
    Solution,
)
from contracts.ticket.ticket import (
    AssignmentCause,
    IntakeChannel,
    ReplyAuthor,
    TicketAssigned,
    TicketCancelled,
    TicketClosed,
    TicketKind,
    TicketMerged,
    TicketOpened,
    TicketOutcome,
    TicketReopened,
    TicketReplied,
    TicketSolved,
    TicketSource,
    TicketState,
    TicketStatus,
    TicketWaiting,
    WaitingOn,
)

NUMBER = "T20261107-000123"
NEW = TicketState(
    ticket_id=COMPLAINT,
    number=NUMBER,
    kind=TicketKind.COMPLAINT,
    shop=SHOP,
    status=TicketStatus.NEW,
    customer_id=CUSTOMER,
    account_id=ACCOUNT,
    order_id=ORDER,
    order_no=ORDER_NO,
    category="quality",
    tier=Tier.KEY,
    group="aftersales",
    opened_by=AS_AGENT,
    opened_by_staff_id=AGENT,
    channel=IntakeChannel.CHAT,
    opened_at=at(7, 10, 5),
)
OPEN = NEW.model_copy(update={"status": TicketStatus.OPEN, "assignee_staff_id": AGENT, "unit_id": UNIT})
WAITING = OPEN.model_copy(update={"status": TicketStatus.WAITING, "waiting_on": WaitingOn.CUSTOMER})
SOLVED = OPEN.model_copy(update={"status": TicketStatus.SOLVED})
CLOSED = OPEN.model_copy(update={"status": TicketStatus.CLOSED, "closed_at": at(12, 20, 10)})
ASIDE = NEW.model_copy(
    update={
        "ticket_id": INQUIRY,
        "number": "T20261107-000124",
        "kind": TicketKind.INQUIRY,
        "status": TicketStatus.CANCELLED,
        "closed_at": at(7, 11),
    }
)

TICKETS: tuple[Event, ...] = (
    TicketOpened(ticket=NEW, source=TicketSource.MANUAL),
    TicketAssigned(
        ticket=OPEN,
        assignee_before=COLLEAGUE,
        group_before="aftersales",
        cause=AssignmentCause.HANDED_OVER,
        assigned_by=AS_SUPERVISOR,
        assigned_at=at(7, 10, 8),
    ),
    TicketReplied(
        ticket=OPEN,
        message_id=uid(0x311),
        author=ReplyAuthor.STAFF,
        staff_id=AGENT,
        first=True,
        waited_seconds=420,
        replied_at=at(7, 10, 12),
    ),
    TicketWaiting(ticket=WAITING, reason="photos_wanted", set_by=AS_AGENT, since=at(7, 10, 13)),
    TicketReopened(
        ticket=OPEN,
        times_reopened=1,
        solved_by_staff_id=AGENT,
        reason="not_settled",
        reopened_by=AS_AGENT,
        reopened_at=at(11, 9),
    ),
    TicketSolved(ticket=SOLVED, staff_id=AGENT, solved_by=AS_AGENT, solved_at=at(12, 20)),
    TicketClosed(
        ticket=CLOSED,
        outcome=TicketOutcome.SOLVED,
        touched_by=(COLLEAGUE, AGENT),
        times_reopened=1,
        promise_kept=True,
        closed_by=AS_AGENT,
    ),
    TicketCancelled(ticket=ASIDE, reason="opened_by_mistake", cancelled_by=AS_SUPERVISOR, cancelled_at=at(7, 11)),
    TicketMerged(
        ticket=ASIDE.model_copy(update={"status": TicketStatus.CLOSED}),
        into_ticket_id=COMPLAINT,
        into_number=NUMBER,
        merged_by=AS_AGENT,
        merged_at=at(7, 11),
    ),
)

_DUE = {
    "clock_id": uid(0x321),
    "kind": ClockKind.SOLUTION,
    "ticket_id": COMPLAINT,
    "ticket_number": NUMBER,
    "ticket_kind": TicketKind.COMPLAINT,
    "shop": SHOP,
    "owner_staff_id": AGENT,
    "group": "aftersales",
    "target_seconds": 43_200,
    "policy_version": 1,
    "started_at": at(7, 10, 5),
    "due_at": at(8, 14, 5),
}

CLOCKS: tuple[Event, ...] = (
    ClockWarned.model_validate({**_DUE, "elapsed_seconds": 34_560, "warned_at": at(8, 11, 41)}),
    ClockBreached.model_validate({**_DUE, "elapsed_seconds": 43_200, "breached_at": at(8, 14, 5)}),
    ClockMet.model_validate({**_DUE, "elapsed_seconds": 50_400, "late": True, "met_at": at(8, 16, 5)}),
)

_CASE = {
    "complaint_id": COMPLAINT,
    "ticket_number": NUMBER,
    "shop": SHOP,
    "category": ComplaintCategory.QUALITY,
    "nature": Nature.FOUNDED,
    "severity": 2,
    "customer_id": CUSTOMER,
    "account_id": ACCOUNT,
    "order_id": ORDER,
    "assignee_staff_id": AGENT,
    "unit_id": UNIT,
}

COMPLAINTS: tuple[Event, ...] = (
    ComplaintJudged.model_validate({**_CASE, "judged_by": AS_SUPERVISOR, "judged_at": at(7, 14)}),
    ComplaintResponsibilityFixed.model_validate(
        {**_CASE, "responsible_staff_id": CLERK, "fixed_by": AS_SUPERVISOR, "fixed_at": at(7, 15)}
    ),
    ComplaintGraded.model_validate(
        {
            **_CASE,
            "grade": Grade.REPEAT,
            "grade_before": Grade.ORDINARY,
            "raised": True,
            "cause": GradeCause.UNSATISFIED_TWICE,
            "policy_version": 1,
            "graded_by": BY_RULE,
            "graded_at": at(11, 9),
        }
    ),
    ComplaintPromised.model_validate(
        {
            **_CASE,
            "solution": Solution.REFUND,
            "estimated_for": at(9, 12),
            "buffer": "1.50",
            "promised_for": at(10, 12),
            "promised_by": AS_AGENT,
            "promised_at": at(7, 16),
        }
    ),
    ComplaintCalledBack.model_validate(
        {
            **_CASE,
            "grade": Grade.REPEAT,
            "result": ComplaintCallback.SATISFIED,
            "manner": CallManner.CALL,
            "times_unsatisfied": 2,
            "times_missed": 0,
            "staff_id": AGENT,
            "called_at": at(12, 20),
        }
    ),
)

EXAMPLES: tuple[Event, ...] = (*TICKETS, *CLOCKS, *COMPLAINTS)
