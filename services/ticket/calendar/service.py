"""Use cases of calendars: what holds for a shop, and the holidays that were announced."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit.logs import log
from kit.policies import get_version, in_force
from kit.policy import InForce
from services.ticket.calendar import store
from services.ticket.calendar.policy import BUSINESS_HOURS, BusinessHours, DayKind
from services.ticket.calendar.reckoning import Calendar

# Years about which the log has been told that they are not announced: once per process is enough.
_MISSED: set[tuple[str, int]] = set()


async def calendar_in_force(
    session: AsyncSession, shop: str, at: datetime
) -> tuple[InForce[BusinessHours], Calendar]:
    """The shop's business hours at that instant, else those of `main`, with the holidays it keeps."""
    hours = await in_force(session, BUSINESS_HOURS, shop, at)
    return hours, await _calendar(session, hours.document, at)


async def calendar_of_version(session: AsyncSession, shop: str, version: int, since: datetime) -> Calendar:
    """The calendar of the version that something was begun under, with the holidays from `since` on."""
    row = await get_version(session, BUSINESS_HOURS.name, shop, version)
    if row is None:
        raise LookupError(f"no business hours {version} of {shop}")
    return await _calendar(session, BusinessHours.model_validate(row["document"]), since)


def note_unannounced(calendar: Calendar, start: datetime, end: datetime) -> tuple[int, ...]:
    """The years in between whose holidays are not known, each logged once: their weekends alone are kept (T43)."""
    missing = calendar.unannounced(start, end)
    region = calendar.hours.holidays or ""
    for year in missing:
        if (region, year) not in _MISSED:
            _MISSED.add((region, year))
            log.warning("calendar.year_not_announced", region=region, year=year)
    return missing


async def _calendar(session: AsyncSession, hours: BusinessHours, since: datetime) -> Calendar:
    if hours.holidays is None:
        return Calendar(hours)
    first = since.astimezone(hours.time_zone).year - 1
    known = await store.years_from(session, hours.holidays, first)
    return Calendar(hours, {row.year: special_days(row.days) for row in known})


def special_days(days: Iterable[Mapping[str, Any]]) -> dict[date, DayKind]:
    """A year's days as the reckoning takes them."""
    return {date.fromisoformat(day["day"]): DayKind(day["kind"]) for day in days}
