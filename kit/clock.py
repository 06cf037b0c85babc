"""Time: aware UTC everywhere, one injected clock, business days in the company's zone (X5)."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """The present as an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FrozenClock:
    """A clock that moves only when told to; for tests and simulations."""

    def __init__(self, at: datetime) -> None:
        self._at = as_utc(at)

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move the clock by `by`, forwards or backwards."""
        self._at += by


def as_utc(at: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for a naive datetime: nobody knows which instant it means."""
    if at.tzinfo is None:
        raise ValueError("a datetime without an offset names no instant")
    return at.astimezone(UTC)


def business_date(at: datetime, zone: ZoneInfo = BUSINESS_ZONE) -> date:
    """The calendar day on which `at` falls for the business (X5)."""
    return at.astimezone(zone).date()
