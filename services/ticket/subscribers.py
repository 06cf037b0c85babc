"""What this service does with others' events: it keeps copies, and takes the storefront's orders and what it says
of payments."""

from contracts import storefront
from contracts.appraisal.staff import (
    StaffChanged,
    StaffHired,
    StaffLeft,
    StaffSuspended,
    TeamChanged,
    UnitChanged,
)  # fmt: skip
from contracts.customer import customer
from kit.subscriber import subscription
from services.ticket.copies import service as copies
from services.ticket.intake.storefront import take_news
from services.ticket.payout.news import take_news as take_payment_news
from services.ticket.ticket import service as tickets

ORDER_NEWS = [event for event in storefront.EVENTS if issubclass(event, storefront.StorefrontOrderEvent)]

SUBSCRIPTIONS = (
    subscription("ticket-storefront-order", dict.fromkeys(ORDER_NEWS, take_news)),
    subscription(
        "ticket-storefront-refund",
        dict.fromkeys((storefront.StorefrontRefundPaid, storefront.StorefrontRefundFailed), take_payment_news),
    ),
    subscription("ticket-customer-copy", dict.fromkeys(customer.EVENTS, copies.keep_customers)),
    subscription(
        "ticket-staff-copy",
        {
            **dict.fromkeys((StaffHired, StaffChanged, StaffSuspended, StaffLeft), tickets.keep_staff),
            UnitChanged: copies.keep_units,
            TeamChanged: copies.keep_teams,
        },
    ),
)
