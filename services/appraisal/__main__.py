"""`python -m services.appraisal`."""

from kit.serve import serve
from services.appraisal.app import create

serve("appraisal", create)
