"""Use cases of shifts: planned, signed in and out of, and who is here now (T44)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, outbox, timers
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.group import service as groups
from services.ticket.shift import lifecycle, store
from services.ticket.shift.lifecycle import LIFE, Presence, ShiftStatus
from services.ticket.shift.models import Shift
from services.ticket.shift.policy import SHIFT_RULES

MISSED, CLOSE = "shift-missed", "shift-close"


async def get_shift(work: Work, shift_id: UUID) -> Shift:
    """The shift. Raises Problem `not-found`, also for another's in a shop that the caller doesn't serve (X1)."""
    return _seen(work, await store.get(work.session, shift_id))


async def lock_shift(work: Work, shift_id: UUID) -> Shift:
    """The shift under its row lock. Raises Problem `not-found` as reading does."""
    return _seen(work, await store.get_for_update(work.session, shift_id))


async def hold_shift(session: AsyncSession, shift_id: UUID) -> Shift | None:
    """The shift under its row lock, for whatever is done with it besides looking at it."""
    return await store.get_for_update(session, shift_id)


async def next_of(session: AsyncSession, staff_id: UUID, after: datetime) -> Shift | None:
    """The next shift of somebody that has not begun and ends after that instant."""
    return await store.next_planned(session, staff_id, after)


async def first_to_come(session: AsyncSession, shop: str, after: datetime, within: timedelta) -> Shift | None:
    """The first shift of the shop that begins in that time."""
    return await store.first_after(session, shop, after, after + within)


async def lock_own(work: Work, shift_id: UUID) -> Shift:
    """The caller's shift under its row lock; leads may act for others. Raises Problem `forbidden` to others."""
    shift = await lock_shift(work, shift_id)
    if shift.staff_id != work.actor.staff_id and not work.actor.may("roster:plan"):
        raise Problem("forbidden", permission="roster:plan")
    work.expect_version(shift.version)
    return shift


async def cancel_shift(work: Work, shift_id: UUID, reason: str) -> Shift:
    """取消排班: it will not be worked."""
    shift = await lock_shift(work, shift_id)
    if not work.actor.serves(shift.shop):
        raise Problem("forbidden", shop=shift.shop)
    work.expect_version(shift.version)
    await cancel(work, shift, reason)
    return shift


async def cancel(work: Work, shift: Shift, reason: str) -> None:
    """Cancel a locked shift, for whatever made it needless."""
    before = audited(shift)
    LIFE.move(shift, "cancel")
    await timers.cancel(work, MISSED, shift.shift_id)
    await changed(work, shift, "cancel", before, reason)


async def sign_in(work: Work, shift_id: UUID) -> Shift:
    """到岗: from a while before the planned start until the planned end (T44).

    Raises Problem `transition-refused`, `not-now` outside that time, `conflict` while another shift of theirs runs.
    """
    shift = await lock_own(work, shift_id)
    if shift.status != ShiftStatus.PLANNED:
        raise LIFE.refusal(ShiftStatus(shift.status), "start")
    rules = (await in_force(work.session, SHIFT_RULES, shift.shop, work.now)).document
    opens_at = shift.planned_start - timedelta(minutes=rules.early_start_minutes)
    if not opens_at <= work.now < shift.planned_end:
        raise Problem("not-now", opens_at=opens_at.isoformat(), closes_at=shift.planned_end.isoformat())
    await store.lock_people(work.session, [shift.staff_id])
    running = await store.started(work.session, [shift.staff_id])
    if running:
        raise Problem("conflict", running_shift_id=str(running[0].shift_id))
    before = audited(shift)
    event = lifecycle.start(shift, work.now)
    await outbox.record(work, shift, event)
    await timers.cancel(work, MISSED, shift.shift_id)
    closes_at = shift.planned_end + timedelta(minutes=rules.close_after_minutes)
    await timers.start(work, CLOSE, shift.shift_id, closes_at)
    await changed(work, shift, "start", before)
    return shift


async def sign_out(work: Work, shift: Shift, waiting: int, override_reason: str | None) -> None:
    """离岗: leave a locked shift. The evening's stays on while customers wait, unless a lead lets them go (T44).

    Raises Problem `transition-refused`; `customers-waiting` with their number; `forbidden` for an override by
    somebody who is no lead.
    """
    if shift.status != ShiftStatus.STARTED:
        raise LIFE.refusal(ShiftStatus(shift.status), "end")
    if override_reason is not None and not work.actor.may("roster:plan"):
        raise Problem("forbidden", permission="roster:plan")
    if shift.stays_on and waiting and override_reason is None:
        raise Problem("customers-waiting", waiting=waiting)
    await _end(work, shift, override_reason)


async def change_presence(work: Work, shift_id: UUID, verb: str, reason: str | None) -> Shift:
    """在岗状态: away with a reason, at a meal, back. A lone agent's meal turns on the automatic reply (T44)."""
    shift = await lock_own(work, shift_id)
    if shift.status != ShiftStatus.STARTED:
        raise lifecycle.PRESENCE.refusal(Presence(shift.presence), verb)
    before = audited(shift)
    lifecycle.move_presence(shift, verb, work.now, reason)
    if verb == "meal" and not await _colleagues_here(work, shift):
        rules = (await in_force(work.session, SHIFT_RULES, shift.shop, work.now)).document
        shift.auto_reply_until = work.now + timedelta(minutes=rules.meal_minutes)
    await changed(work, shift, verb, before, reason)
    return shift


async def taking_work(session: AsyncSession, staff_ids: Iterable[UUID], at: datetime) -> list[UUID]:
    """Who of these may be given work now: on shift, at the desk, in a segment of service, and working here (T4)."""
    running = await store.started(session, list(staff_ids))
    here = [shift.staff_id for shift in running if lifecycle.takes_work(shift, at)]
    return await copies.working(session, here) if here else []


async def anybody_here(session: AsyncSession, at: datetime) -> list[UUID]:
    """All who may be given work now."""
    here = [shift.staff_id for shift in await store.started(session) if lifecycle.takes_work(shift, at)]
    return await copies.working(session, here) if here else []


async def automatic_since(session: AsyncSession, staff_id: UUID, at: datetime) -> datetime | None:
    """Since when their chats are answered automatically: a lone agent is at a meal (T44); None when they are not."""
    return next((shift.presence_since for shift in await _at_meal(session, [staff_id], at)), None)


async def anybody_at_meal(session: AsyncSession, staff_ids: Iterable[UUID], at: datetime) -> bool:
    """Whether one of these is a lone agent at a meal, whose chats are answered automatically (T44)."""
    return bool(await _at_meal(session, list(staff_ids), at))


async def running_of(session: AsyncSession, staff_id: UUID) -> Shift | None:
    """The shift that somebody is on."""
    return next(iter(await store.started(session, [staff_id])), None)


async def everybody_on(session: AsyncSession, shops: Sequence[str] | None) -> list[Shift]:
    """The running shifts of these shops (None: of all)."""
    return [shift for shift in await store.started(session) if shops is None or shift.shop in shops]


async def mark_missed(work: Work, shift_id: UUID, _: Mapping[str, Any]) -> None:
    """The timer at the planned end: nobody came."""
    shift = await store.get_for_update(work.session, shift_id)
    if shift is not None and shift.status == ShiftStatus.PLANNED:
        before = audited(shift)
        LIFE.move(shift, "miss")
        await changed(work, shift, "miss", before)


async def close_forgotten(work: Work, shift_id: UUID, _: Mapping[str, Any]) -> Shift | None:
    """The timer long after the planned end: whoever forgot to sign out is signed out. Returns the shift if so."""
    shift = await store.get_for_update(work.session, shift_id)
    if shift is None or shift.status != ShiftStatus.STARTED:
        return None
    await _end(work, shift, "nobody signed out")
    return shift


async def changed(work: Work, shift: Shift, verb: str, before: Mapping[str, Any], reason: str | None = None) -> None:
    """Count the change and write it down; what people give as a reason may be personal (X6)."""
    shift.version += 1
    why = scrub(reason) if reason else None
    await audit.record(work, verb, "shift", shift.shift_id, before=before, after=audited(shift), reason=why)


def audited(shift: Shift) -> dict[str, Any]:
    """What the trail says of a shift."""
    return {"status": shift.status, "presence": shift.presence, "staff": str(shift.staff_id)}


async def _at_meal(session: AsyncSession, staff_ids: Sequence[UUID], at: datetime) -> list[Shift]:
    running = await store.started(session, staff_ids)
    return [shift for shift in running if shift.auto_reply_until is not None and at < shift.auto_reply_until]


async def _end(work: Work, shift: Shift, reason: str | None) -> None:
    before = audited(shift)
    event = lifecycle.end(shift, work.now)
    await outbox.record(work, shift, event)
    await timers.cancel(work, CLOSE, shift.shift_id)
    await changed(work, shift, "end", before, reason)


async def _colleagues_here(work: Work, shift: Shift) -> bool:
    """Whether somebody else could answer instead: of their groups, or anybody where there are none."""
    codes = (await groups.codes_of(work.session, [shift.staff_id]))[shift.staff_id]
    if not codes:
        return any(one != shift.staff_id for one in await anybody_here(work.session, work.now))
    members = await groups.members_by_code(work.session, codes)
    others = {staff_id for group in members.values() for staff_id in group} - {shift.staff_id}
    return bool(await taking_work(work.session, others, work.now))


def _seen(work: Work, shift: Shift | None) -> Shift:
    if shift is None or not (work.actor.serves(shift.shop) or _is_own(work, shift)):
        raise Problem("not-found")
    return shift


def _is_own(work: Work, shift: Shift) -> bool:
    return work.actor.staff_id is not None and work.actor.staff_id == shift.staff_id
