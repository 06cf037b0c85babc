"""`python -m services.ticket`."""

from kit.serve import serve
from services.ticket.app import create

serve("ticket", create)
