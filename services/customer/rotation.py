"""What of this service lies sealed, for `kefu reseal` (X6)."""

from kit.kept import reseal_answers
from kit.rotation import Step
from services.customer.file import keeping as files
from services.customer.personal import service as personal

SEALED: tuple[Step, ...] = (personal.reseal_some, files.reseal_some, reseal_answers)
