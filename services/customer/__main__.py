"""`python -m services.customer`."""

from kit.serve import serve
from services.customer.app import create

serve("customer", create)
