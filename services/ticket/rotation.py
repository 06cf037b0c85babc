"""What of this service lies sealed, for `kefu reseal` (X6)."""

from kit import deadletters
from kit.kept import reseal_answers
from kit.rotation import Step
from services.ticket.order import rotation as orders

SEALED: tuple[Step, ...] = (
    orders.reseal_deliveries,
    orders.reseal_milestones,
    deadletters.reseal_letters,
    reseal_answers,
)
