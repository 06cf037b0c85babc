"""The people and things that the examples are about, and how their ids, times and prices are made."""

from datetime import datetime, timedelta, timezone
from uuid import UUID

from contracts.price import Difference, Price

SHANGHAI = timezone(timedelta(hours=8))

SHOP = "flagship"
ORDER_NO = "2026112100017"


def uid(number: int) -> UUID:
    """A readable id of version 7; the same number is the same thing in every example."""
    return UUID(f"019aa4f0-5c00-7000-8000-{number:012x}")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in Shanghai."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def cny(amount: str) -> Price:
    """So many yuan."""
    return Price(amount=amount, currency="CNY")


def cny_difference(amount: str) -> Difference:
    """So many yuan more or, with a minus, less."""
    return Difference(amount=amount, currency="CNY")


CUSTOMER, OTHER_FILE = uid(0x101), uid(0x102)
ACCOUNT = UUID("5f0c1e9a-7d44-8b21-9c3e-2a6f4b8d0e17")
ORDER, CHANGE = uid(0x201), uid(0x202)
COMPLAINT, REFUND, REVIEW, EMERGENCY, REQUEST, INQUIRY = (uid(0x301 + n) for n in range(6))
AGENT, COLLEAGUE, SUPERVISOR, MANAGER, CLERK = (uid(0x401 + n) for n in range(5))
TEAM, UNIT = uid(0x501), uid(0x502)
SHIFT, NEXT_SHIFT = uid(0x601), uid(0x602)
VIOLATION, INSPECTION, RECTIFICATION, APPRAISAL = (uid(0x701 + n) for n in range(4))
CAMPAIGN, WEBHOOK, SEGMENT = (uid(0x801 + n) for n in range(3))
PAYMENT_KEY = uid(0x901)
DIFFERENCE_KEY = uid(0x90A)

AS_AGENT, AS_SUPERVISOR, AS_MANAGER = (f"staff:{who}" for who in (AGENT, SUPERVISOR, MANAGER))
AS_STOREFRONT, BY_RULE = "client:storefront", "system"
