"""What this service does with others' events: it tells people, and keeps a copy of who they are."""

from contracts.appraisal.staff import StaffChanged, StaffHired, StaffLeft, StaffSuspended
from contracts.ticket.order import OrderFlagged
from contracts.ticket.ticket import TicketAssigned, TicketClosed, TicketOpened
from kit.subscriber import subscription
from services.notify.copies import service as copies
from services.notify.inbox import service as inbox

SUBSCRIPTIONS = (
    subscription(
        "notify-ticket",
        {
            TicketOpened: inbox.tell_of_tickets,
            TicketAssigned: inbox.tell_of_tickets,
            TicketClosed: inbox.tell_of_tickets,
            OrderFlagged: inbox.tell_of_flags,
        },
    ),
    subscription(
        "notify-staff-copy", dict.fromkeys((StaffHired, StaffChanged, StaffSuspended, StaffLeft), copies.keep_staff)
    ),
)
