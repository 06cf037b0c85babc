"""Examples of the rest of the desk: emergencies, reviews, penalties, points, shifts and service requests."""

from contracts.event import Event
from contracts.examples.cast import (
    ACCOUNT,
    AGENT,
    AS_AGENT,
    AS_MANAGER,
    AS_STOREFRONT,
    AS_SUPERVISOR,
    COLLEAGUE,
    COMPLAINT,
    CUSTOMER,
    EMERGENCY,
    NEXT_SHIFT,
    ORDER,
    REQUEST,
    REVIEW,
    SHIFT,
    SHOP,
    SUPERVISOR,
    UNIT,
    at,
    cny,
    uid,
)
from contracts.ticket.aftercare import (
    EmergencyContained,
    Lateness,
    ReviewCause,
    ReviewManner,
    ReviewResult,
    ReviewWorked,
)
from contracts.ticket.complaint import Grade
from contracts.ticket.penalty import PenaltyLine, PenaltyPublished, PlatformBreach, PlatformPointsBooked
from contracts.ticket.service_request import (
    ServiceRequestApproved,
    ServiceRequestDone,
    ServiceRequestReturned,
    ServiceRequestSubmitted,
)
from contracts.ticket.shift import (
    ShiftEnded,
    ShiftHandedOver,
    ShiftHandoverMissed,
    ShiftStarted,
    ShiftUncovered,
)
from contracts.ticket.shop_account import ShopAccountFoundUnattended

_SHIFT = {
    "shift_id": SHIFT,
    "staff_id": AGENT,
    "shop": SHOP,
    "preset": "day",
    "planned_start": at(7, 9),
    "planned_end": at(7, 16, 30),
}

SHIFTS: tuple[Event, ...] = (
    ShiftStarted.model_validate({**_SHIFT, "late_seconds": 180, "started_at": at(7, 9, 3)}),
    ShiftEnded.model_validate({**_SHIFT, "started_at": at(7, 9, 3), "ended_at": at(7, 16, 34)}),
    ShiftHandedOver.model_validate(
        {
            **_SHIFT,
            "handover_id": uid(0x611),
            "to_staff_id": COLLEAGUE,
            "to_shift_id": NEXT_SHIFT,
            "open_tickets": 4,
            "problem_orders": 1,
            "promises_due": 2,
            "signed_at": at(7, 16, 30),
            "answered_at": at(7, 16, 33),
        }
    ),
    ShiftHandoverMissed.model_validate({**_SHIFT, "due_at": at(7, 16, 45)}),
    ShiftUncovered.model_validate(
        {
            **_SHIFT,
            "swap_id": uid(0x612),
            "swapped_with_staff_id": COLLEAGUE,
            "found_at": at(7, 9, 30),
        }
    ),
)

_REQUEST = {
    "service_request_id": REQUEST,
    "ticket_number": "T20261107-000140",
    "type": "invoice",
    "shop": SHOP,
    "customer_id": CUSTOMER,
    "account_id": ACCOUNT,
    "order_id": ORDER,
    "assignee_staff_id": AGENT,
    "round": 1,
    "policy_version": 1,
}

REQUESTS: tuple[Event, ...] = (
    ServiceRequestSubmitted.model_validate({**_REQUEST, "submitted_by": AS_STOREFRONT, "submitted_at": at(7, 13)}),
    ServiceRequestReturned.model_validate(
        {
            **_REQUEST,
            "missing": ("invoice_title",),
            "returned_by": AS_AGENT,
            "returned_at": at(7, 13, 20),
        }
    ),
    ServiceRequestApproved.model_validate(
        {**_REQUEST, "round": 2, "approved_by": AS_SUPERVISOR, "approved_at": at(7, 15)}
    ),
    ServiceRequestDone.model_validate(
        {
            **_REQUEST,
            "service_request_id": uid(0x341),
            "ticket_number": "T20261107-000141",
            "type": "page_correction",
            "outcome": "confirmed",
            "coupon": cny("3.00"),
            "done_by": AS_AGENT,
            "done_at": at(9, 10),
        }
    ),
)

EXAMPLES: tuple[Event, ...] = (
    EmergencyContained(
        emergency_id=EMERGENCY,
        ticket_number="T20261108-000009",
        shop=SHOP,
        customer_id=CUSTOMER,
        unit_id=UNIT,
        assignee_staff_id=AGENT,
        alone=True,
        elapsed_seconds=540,
        lateness=Lateness.IN_TIME,
        policy_version=1,
        opened_at=at(8, 11),
        contained_at=at(8, 11, 9),
    ),
    ReviewWorked(
        review_id=REVIEW,
        ticket_number="T20261109-000031",
        shop=SHOP,
        order_id=ORDER,
        customer_id=CUSTOMER,
        account_id=ACCOUNT,
        staff_id=AGENT,
        cause=ReviewCause.CANNOT_USE,
        manner=ReviewManner.PHONE,
        result=ReviewResult.CHANGED,
        offered=cny("10.00"),
        worked_at=at(9, 20, 15),
    ),
    PenaltyPublished(
        penalty_list_id=uid(0x351),
        month="2026-11",
        lines=(
            PenaltyLine(
                ticket_id=COMPLAINT,
                ticket_number="T20261107-000123",
                unit_id=UNIT,
                lead_staff_id=SUPERVISOR,
                grade=Grade.REPEAT,
                penalty=cny("50.00"),
                charged=cny("50.00"),
            ),
        ),
        total=cny("50.00"),
        policy_version=1,
        signed_by=AS_MANAGER,
        published_at=at(30, 18),
    ),
    PlatformPointsBooked(
        booking_id=uid(0x352),
        shop=SHOP,
        year=2026,
        breach=PlatformBreach.INVOICE,
        points=6,
        staff_id=AGENT,
        ticket_id=COMPLAINT,
        policy_version=1,
        booked_by=AS_SUPERVISOR,
        booked_at=at(14, 9),
    ),
    ShopAccountFoundUnattended(
        alarm_id=uid(0x353),
        shop_account_id=uid(0x354),
        shop=SHOP,
        assigned_staff_id=AGENT,
        delegate_staff_id=COLLEAGUE,
        since=at(14, 11, 12),
        found_at=at(14, 11, 30),
    ),
    *SHIFTS,
    *REQUESTS,
)
