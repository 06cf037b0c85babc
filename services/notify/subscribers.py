"""What this service does with others' events: it tells people, and keeps a copy of who they are."""

from contracts.appraisal.staff import StaffChanged, StaffHired, StaffLeft, StaffSuspended
from contracts.customer import customer
from contracts.ticket.order import OrderFlagged
from contracts.ticket.ticket import TicketAssigned, TicketClosed, TicketOpened
from kit.subscriber import subscription
from services.notify.copies import service as copies
from services.notify.notification import service as notifications

SUBSCRIPTIONS = (
    subscription(
        "notify-ticket",
        {
            TicketOpened: notifications.tell_of_tickets,
            TicketAssigned: notifications.tell_of_tickets,
            TicketClosed: notifications.tell_of_tickets,
            OrderFlagged: notifications.tell_of_flags,
        },
    ),
    subscription("notify-customer-copy", dict.fromkeys(customer.EVENTS, copies.keep_customers)),
    subscription(
        "notify-staff-copy", dict.fromkeys((StaffHired, StaffChanged, StaffSuspended, StaffLeft), copies.keep_staff)
    ),
)
