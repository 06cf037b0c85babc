"""What this service does with others' events: it tells people, and keeps a copy of who they are."""

from contracts.appraisal.staff import StaffChanged, StaffHired, StaffLeft, StaffSuspended, UnitChanged
from contracts.customer import customer
from kit.subscriber import subscription
from services.notify.copies import service as copies
from services.notify.notification import service as notifications
from services.notify.notification.news import TOLD

SUBSCRIPTIONS = (
    subscription("notify-ticket", dict.fromkeys(TOLD, notifications.tell_of_events)),
    subscription("notify-appraisal", {UnitChanged: copies.keep_units}),
    subscription("notify-customer-copy", dict.fromkeys(customer.EVENTS, copies.keep_customers)),
    subscription(
        "notify-staff-copy", dict.fromkeys((StaffHired, StaffChanged, StaffSuspended, StaffLeft), copies.keep_staff)
    ),
)
