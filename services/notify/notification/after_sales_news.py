"""What events of after-sales give: refunds, goodwill, replacements, orders on their way, requests, drifts (N3).

Of a request that came in, or was withdrawn, staff hear by its ticket, which is opened and closed for it.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.ticket.aftercare import CostRebooked, ExchangeSent, GoodwillFailed, GoodwillGranted
from contracts.ticket.order import OrderChangeRequested, OrderShipped
from contracts.ticket.payment import PaymentDrifted
from contracts.ticket.refund import (
    RefundApproved,
    RefundEvent,
    RefundFailed,
    RefundKind,
    RefundPaid,
    RefundRefused,
)
from contracts.ticket.service_request import ServiceRequestDone, ServiceRequestEvent, ServiceRequestReturned
from kit.envelope import Meta
from services.notify.notification.occurrence import Facts, Occurrence, money, occurrence, those, yes
from services.notify.rule.policy import ASSIGNEE


def of_refund(meta: Meta, event: RefundEvent) -> Occurrence:
    """What a refund gives (T22). One that is approved `again` only tries paying once more: nothing is news in it."""
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "order_no": event.order_no,
        "kind": event.kind.value,
    }
    if isinstance(event, RefundApproved | RefundPaid | RefundFailed):
        facts["amount"] = money(event.amount)
    if isinstance(event, RefundApproved):
        facts |= {"again": yes(event.attempt > 1), "next": _next_of(event)}
    if isinstance(event, RefundFailed):
        facts["failure"] = event.failure
    if isinstance(event, RefundRefused):
        facts["grounds"] = event.grounds
    return occurrence(meta, facts, {ASSIGNEE: those(event.assignee_staff_id)}, **_customer_of(event, event.refund_id))


def of_goodwill(meta: Meta, event: GoodwillGranted) -> Occurrence:
    """What goodwill gives (T27). Told `again`, it only tries to pay once more."""
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "order_no": event.order_no,
        "amount": money(event.amount),
        "again": yes(event.attempt > 1),
    }
    return occurrence(meta, facts, {ASSIGNEE: those(event.staff_id)}, **_customer_of(event, event.ticket_id))


def of_failed_goodwill(meta: Meta, event: GoodwillFailed) -> Occurrence:
    """What goodwill that could not be paid gives (T27)."""
    facts: Facts = {
        "kind": "goodwill",
        "number": event.ticket_number,
        "shop": event.shop,
        "order_no": event.order_no,
        "amount": money(event.amount),
        "failure": event.failure,
    }
    return occurrence(meta, facts, {ASSIGNEE: those(event.staff_id)}, **_customer_of(event, event.ticket_id))


def of_rebooked_cost(meta: Meta, event: CostRebooked) -> Occurrence:
    """What a cost that was laid at another's door gives; whoever bears it now hears of it, if that is a person
    (T57)."""
    charged = those(event.cost.staff_id)
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "month": event.month,
        "amount": money(event.cost.amount),
        "charged": yes(bool(charged)),
    }
    return occurrence(meta, facts, {ASSIGNEE: charged}, ticket_id=event.ticket_id, unit_id=event.cost.unit_id)


def of_replacement(meta: Meta, event: ExchangeSent) -> Occurrence:
    """What a replacement on its way gives (T22). Its tracking number is in no event."""
    facts: Facts = {
        "number": event.ticket_number,
        "shop": event.shop,
        "order_no": event.order_no,
        "courier": event.courier,
    }
    named = {ASSIGNEE: those(event.assignee_staff_id)}
    return occurrence(meta, facts, named, **_customer_of(event, event.exchange_id))


def of_shipment(meta: Meta, event: OrderShipped) -> Occurrence:
    """What a shipped order gives: the courier (T34). Fake orders and top-ups have no parcel (T32, T36)."""
    order = event.order
    facts: Facts = {
        "order_no": order.order_no,
        "shop": order.shop,
        "courier": order.courier,
        "parcel": yes(not order.fake and order.top_up_of is None),
    }
    return occurrence(meta, facts, {}, account_id=order.account_id, historic=order.historic)


def of_order_change(meta: Meta, event: OrderChangeRequested) -> Occurrence:
    """What an agreed change of an order gives (T37); whoever named a wrong price hears of it (T57). One that comes
    `again` only tries to pay a difference once more."""
    order, charged = event.order, those(event.charged_to_staff_id)
    facts: Facts = {
        "order_no": order.order_no,
        "shop": order.shop,
        "difference": money(event.difference),
        "charged": yes(bool(charged)),
        "again": yes(event.attempt > 1),
    }
    return occurrence(meta, facts, {ASSIGNEE: charged}, account_id=order.account_id, historic=order.historic)


def of_service_request(meta: Meta, event: ServiceRequestEvent) -> Occurrence:
    """What a service request gives (T60)."""
    facts: Facts = {"number": event.ticket_number, "shop": event.shop}
    if isinstance(event, ServiceRequestDone):
        facts |= {"coupon": money(event.coupon), "earned": yes(event.coupon is not None)}
    named = {ASSIGNEE: those(event.assignee_staff_id)}
    about = _customer_of(event, event.service_request_id)
    return occurrence(meta, facts, named, **about, unit_id=event.unit_id)


def of_drift(meta: Meta, event: PaymentDrifted) -> Occurrence:
    """What doesn't add up, and by how much (T55)."""
    facts: Facts = {
        "alarm": str(event.alarm_id),
        "drift": event.kind.value,
        "shop": event.shop,
        "expected": money(event.expected),
        "found": money(event.found),
    }
    return occurrence(meta, facts, {})


def _next_of(event: RefundApproved) -> str:
    """What the customer waits for now, or is waited for with."""
    if event.pay_now:
        return "payment"
    return "parcel" if event.kind is RefundKind.RESEND else "goods"


def _customer_of(
    event: RefundEvent | GoodwillGranted | GoodwillFailed | ExchangeSent | ServiceRequestEvent, ticket_id: UUID
) -> dict[str, UUID | None]:
    return {"ticket_id": ticket_id, "customer_id": event.customer_id, "account_id": event.account_id}


MAKERS: Mapping[type[Event], Callable[[Meta, Any], Occurrence]] = {
    **dict.fromkeys((RefundApproved, RefundPaid, RefundFailed, RefundRefused), of_refund),
    GoodwillGranted: of_goodwill,
    GoodwillFailed: of_failed_goodwill,
    CostRebooked: of_rebooked_cost,
    ExchangeSent: of_replacement,
    OrderShipped: of_shipment,
    OrderChangeRequested: of_order_change,
    **dict.fromkeys((ServiceRequestReturned, ServiceRequestDone), of_service_request),
    PaymentDrifted: of_drift,
}
