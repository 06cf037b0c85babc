"""What of this service lies sealed, for `kefu reseal` (X6)."""

from kit import deadletters
from kit.kept import reseal_answers
from kit.rotation import Step
from services.ticket.exchange import rotation as exchanges
from services.ticket.inbound import rotation as inbound
from services.ticket.order import rotation as orders
from services.ticket.order_change import rotation as order_changes
from services.ticket.payment import rotation as payments
from services.ticket.refund import rotation as refunds
from services.ticket.service_request import rotation as service_requests

SEALED: tuple[Step, ...] = (
    orders.reseal_deliveries,
    orders.reseal_milestones,
    inbound.reseal_parcels,
    exchanges.reseal_sendings,
    service_requests.reseal_forms,
    service_requests.reseal_steps,
    order_changes.reseal_recipients,
    payments.reseal_payees,
    refunds.reseal_payees,
    deadletters.reseal_letters,
    reseal_answers,
)
