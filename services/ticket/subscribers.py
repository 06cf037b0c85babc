"""What this service does with others' events: it keeps copies."""

from contracts.appraisal.staff import StaffChanged, StaffHired, StaffLeft, StaffSuspended
from contracts.customer import customer
from kit.subscriber import subscription
from services.ticket.copies import service as copies

SUBSCRIPTIONS = (
    subscription("ticket-customer-copy", dict.fromkeys(customer.EVENTS, copies.keep_customers)),
    subscription(
        "ticket-staff-copy", dict.fromkeys((StaffHired, StaffChanged, StaffSuspended, StaffLeft), copies.keep_staff)
    ),
)
