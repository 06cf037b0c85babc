"""Events of the ticket service: orders and flags, tickets and all that tickets are about."""

from contracts.event import Event
from contracts.ticket import (
    aftercare,
    clock,
    complaint,
    order,
    payment,
    penalty,
    refund,
    service_request,
    shift,
    shop_account,
    ticket,
)

EVENTS: tuple[type[Event], ...] = (
    *order.EVENTS,
    *ticket.EVENTS,
    *clock.EVENTS,
    *complaint.EVENTS,
    *refund.EVENTS,
    *aftercare.EVENTS,
    *payment.EVENTS,
    *penalty.EVENTS,
    *shift.EVENTS,
    *shop_account.EVENTS,
    *service_request.EVENTS,
)
