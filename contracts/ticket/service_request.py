"""业务受理: something a customer asks the department to do (T60). Its id is its ticket's id."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Positive, Shop, Subject
from contracts.price import Price


class ServiceRequestEvent(Event):
    """What all events of a service request share. ``type`` is a request type of the policy; ``round`` counts how
    often it was submitted."""

    OWNER = "ticket"
    AGGREGATE = "service_request_id"

    service_request_id: UUID
    ticket_number: str
    type: Code
    shop: Shop
    customer_id: UUID | None = None
    account_id: UUID | None = None
    organisation_id: UUID | None = None
    order_id: UUID | None = None
    assignee_staff_id: UUID | None = None
    unit_id: UUID | None = None
    round: Positive = 1
    policy_version: Positive


class ServiceRequestSubmitted(ServiceRequestEvent):
    """提交申请: for the first time or completed (T60)."""

    SUBJECT = "service_request.submitted"

    submitted_by: Subject
    submitted_at: AwareDatetime


class ServiceRequestReturned(ServiceRequestEvent):
    """退回补充: with the codes of what is missing (T60)."""

    SUBJECT = "service_request.returned"

    missing: tuple[Code, ...]
    returned_by: Subject
    returned_at: AwareDatetime


class ServiceRequestApproved(ServiceRequestEvent):
    """受理通过: the unit can be told to do it (T60)."""

    SUBJECT = "service_request.approved"

    approved_by: Subject
    approved_at: AwareDatetime


class ServiceRequestDone(ServiceRequestEvent):
    """办结: done, with its outcome (such as ``saved`` or ``left``) and a coupon if one was earned (T60)."""

    SUBJECT = "service_request.done"

    outcome: Code | None = None
    coupon: Price | None = None
    done_by: Subject
    done_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    ServiceRequestSubmitted,
    ServiceRequestReturned,
    ServiceRequestApproved,
    ServiceRequestDone,
)
