"""What of this service lies sealed, for `kefu reseal` (X6)."""

from kit.rotation import Step
from services.customer.file import keeping as files
from services.customer.personal import service as personal

SEALED: tuple[Step, ...] = (personal.reseal_some, files.reseal_some)
