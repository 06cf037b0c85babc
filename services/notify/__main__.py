"""`python -m services.notify`."""

from kit.serve import serve
from services.notify.app import create

serve("notify", create)
