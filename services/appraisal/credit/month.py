"""Business months (X5)."""

from datetime import UTC, datetime

from kit.clock import BUSINESS_ZONE


def span_of(month: str) -> tuple[datetime, datetime]:
    """The first instant of a business month such as `2026-11` and that of the next. ValueError if it is none."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=BUSINESS_ZONE)
    following = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return start.astimezone(UTC), following.astimezone(UTC)
