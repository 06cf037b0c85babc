"""Planning shifts: one, or a preset for several people and a stretch of days (T44)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from kit import audit, timers
from kit.clock import business_date
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import InForce
from kit.problems import Fault, Problem, invalid
from kit.work import Work
from services.ticket.calendar import service as calendars
from services.ticket.calendar.policy import DayKind
from services.ticket.copies import service as copies
from services.ticket.shift import store
from services.ticket.shift.lifecycle import LIFE, Presence, written
from services.ticket.shift.models import Leave, Shift
from services.ticket.shift.policy import (
    SHIFT_PRESETS,
    SHIFT_RULES,
    Preset,
    ShiftPresets,
    ShiftRules,
    Span,
    laid_out_wrongly,
)  # fmt: skip
from services.ticket.shift.schemas import RosterItem, RosterPlan, ShiftPlan, Warned
from services.ticket.shift.service import MISSED, audited


async def plan_shift(work: Work, asked: ShiftPlan) -> tuple[Shift, list[Warned]]:
    """Plan one shift; returns it and what there is to be warned of.

    Raises Problem `forbidden` for another's shop, `invalid-request` for segments that overlap or last longer than a
    day, an unknown preset, a shift that is over, or somebody who has left, `shift-overlap`.
    """
    _expect_shop(work, asked.shop)
    await copies.expect_staff(work, asked.staff_id)
    presets = await in_force(work.session, SHIFT_PRESETS, asked.shop, work.now)
    if asked.preset is not None and asked.day is not None:
        preset = _preset(presets, asked.preset)
        shift = _shift(work, asked.staff_id, asked.shop, asked.day, preset.spans(asked.day, _zone(presets)))
        _named(shift, asked.preset, preset, presets.version)
    else:
        spans = [Span(one.starts_at, one.ends_at, one.duty) for one in asked.segments or ()]
        wrong = laid_out_wrongly(spans)
        if wrong:
            raise Problem("invalid-request", faults=[Fault(f"/segments/{wrong[0]}", *wrong[1:])])
        shift = _shift(work, asked.staff_id, asked.shop, business_date(spans[0].starts_at, _zone(presets)), spans)
    if shift.planned_end <= work.now:
        raise invalid("/day" if asked.preset else "/segments", "该班次已经过去", "that shift is over already")
    await store.lock_people(work.session, [asked.staff_id])
    taken = await store.standing(work.session, [asked.staff_id], shift.planned_start, shift.planned_end)
    if taken:
        raise Problem("shift-overlap", shift_id=str(taken[0].shift_id))
    day = shift.business_date
    for leave in await store.approved_leaves(work.session, [asked.staff_id], day, day):
        raise Problem("shift-overlap", leave_id=str(leave.leave_id))
    rules = (await in_force(work.session, SHIFT_RULES, asked.shop, work.now)).document
    days = await _days(work, [asked.staff_id], shift.business_date, shift.business_date, rules)
    warned = warnings(rules, shift.business_date, days[asked.staff_id])
    await _keep(work, [shift])
    return shift, warned


async def plan_roster(work: Work, asked: RosterPlan) -> list[RosterItem]:
    """Plan a preset for each of these people on each of these days. One that can't be planned stops no other."""
    _expect_shop(work, asked.shop)
    presets = await in_force(work.session, SHIFT_PRESETS, asked.shop, work.now)
    preset = _preset(presets, asked.preset)
    rules = (await in_force(work.session, SHIFT_RULES, asked.shop, work.now)).document
    people = list(dict.fromkeys(asked.staff_ids))
    await store.lock_people(work.session, people)
    refused = {staff_id: await _refusal(work, staff_id) for staff_id in people}
    worked = await _days(work, people, asked.first_day, asked.last_day, rules)
    standing = await _standing(work, people, asked)
    days = await _wanted_days(work, asked)
    away = await store.approved_leaves(work.session, people, asked.first_day, asked.last_day)
    items, planned = [], []
    for staff_id in people:
        for day in days:
            shift = _shift(work, staff_id, asked.shop, day, preset.spans(day, _zone(presets)))
            _named(shift, asked.preset, preset, presets.version)
            problem = refused[staff_id] or _clash(work, shift, standing[staff_id], away)
            if problem is not None:
                items.append(_refused(staff_id, day, problem))
                continue
            standing[staff_id].append(shift)
            warned = warnings(rules, day, worked[staff_id])
            planned.append(shift)
            items.append(RosterItem(staff_id=staff_id, day=day, status=201, shift_id=shift.shift_id, warnings=warned))
    await _keep(work, planned)
    return items


def warnings(rules: ShiftRules, day: date, worked: set[date]) -> list[Warned]:
    """What planning that day makes crowded; the day is counted as worked from then on."""
    worked.add(day)
    return [
        Warned(first_day=first, days=rules.in_days, rest_days=rest, wanted=rules.rest_days)
        for first, rest in rules.crowded(day, worked)
    ]


def _clash(work: Work, shift: Shift, standing: Sequence[Shift], away: Sequence[Leave]) -> Problem | None:
    if shift.planned_end <= work.now:
        return invalid("/first_day", "该班次已经过去", "that shift is over already")
    if any(one.planned_start < shift.planned_end and shift.planned_start < one.planned_end for one in standing):
        return Problem("shift-overlap")
    if any(one.staff_id == shift.staff_id and one.first_day <= shift.business_date <= one.last_day for one in away):
        return Problem("shift-overlap")
    return None


async def _refusal(work: Work, staff_id: UUID) -> Problem | None:
    try:
        await copies.expect_staff(work, staff_id)
    except Problem as problem:
        return problem
    return None


def _refused(staff_id: UUID, day: date, problem: Problem) -> RosterItem:
    return RosterItem(staff_id=staff_id, day=day, status=problem.kind.status, problem=f"/problems/{problem.slug}")


async def _standing(work: Work, people: Sequence[UUID], asked: RosterPlan) -> Mapping[UUID, list[Shift]]:
    found: dict[UUID, list[Shift]] = {staff_id: [] for staff_id in people}
    spare = timedelta(days=3)  # a preset may begin late, last a day, and be on another zone's clock
    start, end = (datetime.combine(day, time.min, UTC) for day in (asked.first_day, asked.last_day))
    for shift in await store.standing(work.session, people, start - spare, end + spare):
        found[shift.staff_id].append(shift)
    return found


async def _days(
    work: Work, people: Sequence[UUID], first: date, last: date, rules: ShiftRules
) -> dict[UUID, set[date]]:
    around = timedelta(days=rules.in_days - 1)
    return await store.days_of(work.session, people, first - around, last + around)


async def _wanted_days(work: Work, asked: RosterPlan) -> list[date]:
    """The days of the week asked for; by the shop's calendar no public holidays, but make-up workdays (T44)."""
    days = [asked.first_day + timedelta(days=one) for one in range((asked.last_day - asked.first_day).days + 1)]
    if not asked.working_days:
        return [day for day in days if day.isoweekday() in asked.weekdays]
    _, kept = await calendars.calendar_in_force(work.session, asked.shop, work.now)
    kinds = {day: kept.kind_of(day) for day in days}
    return [
        day
        for day, kind in kinds.items()
        if kind is DayKind.WORKDAY or (kind is None and day.isoweekday() in asked.weekdays)
    ]


async def _keep(work: Work, shifts: Sequence[Shift]) -> None:
    """Add the shifts, each with the timer that says nobody came."""
    for shift in shifts:
        store.add(work.session, shift)
    await work.session.flush()
    for shift in shifts:
        await timers.start(work, MISSED, shift.shift_id, shift.planned_end)
    await audit.record_many(
        work, [audit.entry(work, "plan", "shift", shift.shift_id, after=audited(shift)) for shift in shifts]
    )


def _shift(work: Work, staff_id: UUID, shop: str, day: date, spans: Sequence[Span]) -> Shift:
    return Shift(
        shift_id=new_id(),
        staff_id=staff_id,
        shop=shop,
        business_date=day,
        planned_start=spans[0].starts_at,
        planned_end=spans[-1].ends_at,
        segments=written(spans),
        stays_on=False,
        hands_over=True,
        status=LIFE.initial,
        presence=Presence.OFF,
        planned_by=work.actor.subject,
        planned_at=work.now,
    )


def _named(shift: Shift, code: str, preset: Preset, version: int) -> None:
    shift.preset, shift.policy_version = code, version
    shift.stays_on, shift.hands_over = preset.stays_on, preset.hands_over


def _preset(presets: InForce[ShiftPresets], code: str) -> Preset:
    found = presets.document.presets.get(code)
    if found is None:
        known = ", ".join(sorted(presets.document.presets))
        raise invalid("/preset", f"本店的班次模板只有：{known}", f"this shop's presets are: {known}")
    return found


def _zone(presets: InForce[ShiftPresets]) -> ZoneInfo:
    return ZoneInfo(presets.document.zone)


def _expect_shop(work: Work, shop: str) -> None:
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
