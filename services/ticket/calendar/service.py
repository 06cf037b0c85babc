"""Use cases of calendars: what holds for a shop, and the holidays that were announced."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.ids import derived_id
from kit.logs import log
from kit.policies import get_version, in_force
from kit.policy import EVERYWHERE, InForce
from kit.privacy import scrub
from kit.problems import Fault, Problem, invalid
from kit.session import Session
from kit.work import Work
from services.ticket.calendar import store
from services.ticket.calendar.models import HolidayYear
from services.ticket.calendar.policy import BUSINESS_HOURS, DAY, BusinessHours, DayKind
from services.ticket.calendar.reckoning import HORIZON, Calendar
from services.ticket.calendar.schemas import (
    CalendarPublic,
    CalendarQuery,
    DayPublic,
    DuePublic,
    DueQuery,
    HolidayYearPut,
    Hours,
    Warned,
)

# Years about which the log has been told that they are not announced: once per process is enough.
_MISSED: set[tuple[str, int]] = set()


async def calendar_in_force(session: Session, shop: str, at: datetime) -> tuple[InForce[BusinessHours], Calendar]:
    """The shop's business hours at that instant, else those of `main`, with the holidays it keeps."""
    hours = await in_force(session, BUSINESS_HOURS, shop, at)
    known = (BUSINESS_HOURS.name, hours.shop, hours.version, at.year)
    return hours, await session.memory.recall(known, lambda: _calendar(session, hours.document, at))


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


async def show_calendar(work: Work, shop: str, query: CalendarQuery) -> CalendarPublic:
    """What holds for a shop now and on the days asked about. Raises Problem `forbidden` for a shop out of sight."""
    _expect_sight(work, shop)
    hours = await in_force(work.session, BUSINESS_HOURS, shop, work.now)
    zone, region = hours.document.time_zone, hours.document.holidays
    first = query.first or work.now.astimezone(zone).date()
    starts, now = datetime.combine(first, time(), zone), work.now
    calendar = await _calendar(work.session, hours.document, min(starts, now))
    shown = [first + place * DAY for place in range(query.days)]
    return CalendarPublic(
        shop=shop,
        policy_shop=hours.shop,
        policy_version=hours.version,
        zone=hours.document.zone,
        week=hours.document.week,
        holidays=region,
        years_known=await store.years(work.session, region) if region else [],
        open_now=calendar.is_open(now),
        days=[_day(calendar, day) for day in shown],
        warnings=_warnings(calendar, starts, datetime.combine(shown[-1], time(), zone)),
    )


async def reckon_due(work: Work, shop: str, query: DueQuery) -> DuePublic:
    """When that much business time has passed, by the hours in force now. Raises Problem `forbidden` for a shop out
    of sight, `invalid-request` for more than its hours use up in a generation."""
    _expect_sight(work, shop)
    hours = await in_force(work.session, BUSINESS_HOURS, shop, work.now)
    calendar = await _calendar(work.session, hours.document, query.start)
    due_at = calendar.after(query.start, timedelta(seconds=query.seconds))
    if due_at >= query.start + HORIZON:
        raise invalid("/query/seconds", "按此营业时间三十年内无法用完", "takes these hours more than thirty years")
    return DuePublic(
        shop=shop,
        policy_shop=hours.shop,
        policy_version=hours.version,
        start=query.start,
        seconds=query.seconds,
        due_at=due_at.astimezone(hours.document.time_zone),
        warnings=_warnings(calendar, query.start, due_at),
    )


async def get_year(work: Work, region: str, year: int) -> HolidayYear:
    """A year of holidays. Raises Problem `not-found` when nobody has announced it."""
    known = await store.get(work.session, region, year)
    if known is None:
        raise Problem("not-found")
    return known


async def put_year(work: Work, region: str, year: int, asked: HolidayYearPut) -> HolidayYear:
    """Put in a year's holidays, in place of those it had. They hold for all shops that keep them, so whoever puts
    them in serves `main`.

    Raises Problem `forbidden`, `invalid-request` for days of another year, `stale-version`.
    """
    if not work.actor.serves(EVERYWHERE):
        raise Problem("forbidden", shop=EVERYWHERE)
    _expect_days_of(year, asked)
    days = [one.model_dump(mode="json") for one in sorted(asked.days, key=lambda one: one.day)]
    known = await store.get_for_update(work.session, region, year)
    before = {} if known is None else {"version": known.version, "days": known.days}
    work.expect_version(known.version if known else 0)
    work.outdate()
    if known is None:
        known = HolidayYear(region=region, year=year, version=0, days=[], saved_by="", saved_at=work.now)
        store.add(work.session, known)
    known.days, known.version = days, known.version + 1
    known.saved_by, known.saved_at = work.actor.subject, work.now
    after = {"region": region, "year": year, "version": known.version, "days": days}
    identity = derived_id("holiday_year", region, str(year))
    await audit.record(
        work, "announce", "holiday_year", identity, before=before, after=after, reason=scrub(asked.reason)
    )
    return known


async def _calendar(session: AsyncSession, hours: BusinessHours, since: datetime) -> Calendar:
    if hours.holidays is None:
        return Calendar(hours)
    first = since.astimezone(hours.time_zone).year - 1
    known = await store.years_from(session, hours.holidays, first)
    return Calendar(hours, {row.year: _special_days(row.days) for row in known})


def _special_days(days: Iterable[Mapping[str, Any]]) -> dict[date, DayKind]:
    return {date.fromisoformat(day["day"]): DayKind(day["kind"]) for day in days}


def _day(calendar: Calendar, day: date) -> DayPublic:
    zone = calendar.hours.time_zone
    periods = [
        Hours(opens_at=opens.astimezone(zone), closes_at=closes.astimezone(zone))
        for opens, closes in calendar.spans_of(day)
    ]
    return DayPublic(day=day, kind=calendar.kind_of(day), periods=periods)


def _warnings(calendar: Calendar, start: datetime, end: datetime) -> list[Warned]:
    return [
        Warned(
            year=year,
            detail_zh=f"{year} 年的放假安排尚未公布，仅按周末计算",
            detail_en=f"the holidays of {year} are not announced: weekends alone are kept",
        )
        for year in note_unannounced(calendar, start.astimezone(UTC), end)
    ]


def _expect_days_of(year: int, asked: HolidayYearPut) -> None:
    """Each day is in the year, and there once: none is both a holiday and a make-up workday."""
    faults: list[Fault] = []
    seen: dict[date, DayKind] = {}
    for place, one in enumerate(asked.days):
        at, before = f"/days/{place}/day", seen.get(one.day)
        seen[one.day] = one.kind
        if one.day.year != year:
            faults.append(Fault(at, f"必须在 {year} 年内", f"must be in {year}"))
        elif before is one.kind:
            faults.append(Fault(at, "出现了两次", "is there twice"))
        elif before is not None:
            faults.append(Fault(at, "既是假日又是调休工作日", "is both a holiday and a make-up workday"))
    if faults:
        raise Problem("invalid-request", faults=faults)


def _expect_sight(work: Work, shop: str) -> None:
    """What holds for all is for all to see; a shop's own is for those who serve it (X1)."""
    if shop != EVERYWHERE and not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
