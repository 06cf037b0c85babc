"""What of this service lies sealed, for `kefu reseal` (X6)."""

from kit import deadletters
from kit.kept import reseal_answers
from kit.rotation import Step
from services.ticket.order import rotation as orders
from services.ticket.service_request import rotation as service_requests
from services.ticket.order_change import rotation as order_changes

SEALED: tuple[Step, ...] = (
    orders.reseal_deliveries,
    orders.reseal_milestones,
    service_requests.reseal_forms,
    service_requests.reseal_steps,
    order_changes.reseal_recipients,
    deadletters.reseal_letters,
    reseal_answers,
)
