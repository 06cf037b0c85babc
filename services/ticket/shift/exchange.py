"""Use cases of swaps and leave: asked for by one, agreed by the other, approved by a lead who is neither (T62)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from kit import audit, outbox, timers
from kit.clock import business_date
from kit.ids import new_id
from kit.lifecycle import Lifecycle
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.shift import lifecycle, store
from services.ticket.shift import service as shifts
from services.ticket.shift.exchange_schemas import LeaveRequest, SwapRequest
from services.ticket.shift.lifecycle import LEAVE, LIFE, SWAP, AskedStatus, ShiftStatus
from services.ticket.shift.models import Leave, Shift, Swap
from services.ticket.shift.policy import SHIFT_RULES
from services.ticket.sight import ALL_SHOPS

UNCOVERED = "shift-uncovered"
_BY_ASKER, _BY_OTHER, _BY_LEAD = ("withdraw",), ("agree", "decline"), ("approve", "refuse")
_ANSWERS = ("agree", "decline")
A = TypeVar("A", Swap, Leave)


async def request_swap(work: Work, asked: SwapRequest) -> Swap:
    """换班申请: one's own planned shift, for a colleague (T62).

    Raises Problem `not-found` and `forbidden` for a shift that isn't one's own, `transition-refused` and `not-now`
    for one that isn't to come, `invalid-request` for oneself or somebody who has left, `shift-overlap` when the other
    has work in that time, `already-exists` while another swap of it is open.
    """
    me = _somebody(work)
    shift = await _to_come(work, asked.shift_id, me, "/shift_id")
    if asked.with_staff_id == me:
        raise invalid("/with_staff_id", "不能和自己换班", "must be somebody else")
    await copies.expect_staff(work, asked.with_staff_id)
    back = None
    if asked.return_shift_id is not None:
        back = await _to_come(work, asked.return_shift_id, asked.with_staff_id, "/return_shift_id")
    moved = [shift, back] if back is not None else [shift]
    live = await store.live_swap(work.session, [one.shift_id for one in moved])
    if live is not None:
        raise Problem("already-exists", swap_id=str(live))
    await _expect_free(work, shift, asked.with_staff_id, moved)
    if back is not None:
        await _expect_free(work, back, me, moved)
    swap = Swap(
        swap_id=new_id(),
        shop=shift.shop,
        shift_id=shift.shift_id,
        from_staff_id=me,
        to_staff_id=asked.with_staff_id,
        return_shift_id=asked.return_shift_id,
        reason=asked.reason,
        status=SWAP.initial,
        requested_at=work.now,
    )
    work.session.add(swap)
    await work.session.flush()
    await audit.record(work, "request", "swap", swap.swap_id, after={"status": swap.status})
    return swap


async def request_leave(work: Work, asked: LeaveRequest) -> Leave:
    """请假申请: days to come, perhaps with somebody who takes the shifts (T62).

    Raises Problem `invalid-request` for days that have passed, oneself as cover, or somebody who has left.
    """
    me = _somebody(work)
    if asked.first_day < business_date(work.now):
        raise invalid("/first_day", "不能早于今天", "must not have passed")
    if asked.cover_staff_id is not None:
        if asked.cover_staff_id == me:
            raise invalid("/cover_staff_id", "不能由自己代班", "must be somebody else")
        await copies.expect_staff(work, asked.cover_staff_id)
    leave = Leave(
        leave_id=new_id(),
        staff_id=me,
        status=LEAVE.initial,
        requested_at=work.now,
        **asked.model_dump(),
    )
    work.session.add(leave)
    await work.session.flush()
    await audit.record(work, "request", "leave", leave.leave_id, after={"status": leave.status, "kind": leave.kind})
    return leave


async def list_swaps(
    work: Work, status: AskedStatus | None, after: UUID | None, limit: int
) -> tuple[list[Swap], UUID | None]:
    """Swaps, newest first: those that concern the caller, and for leads all of their shops; and the last one when
    there are more."""
    found = await store.swaps(work.session, _seen(work), status, after, limit + 1)
    return found[:limit], found[limit - 1].swap_id if len(found) > limit else None


async def list_leaves(
    work: Work, status: AskedStatus | None, after: UUID | None, limit: int
) -> tuple[list[Leave], UUID | None]:
    """Leaves, newest first, as swaps are listed."""
    found = await store.leaves(work.session, _seen(work), status, after, limit + 1)
    return found[:limit], found[limit - 1].leave_id if len(found) > limit else None


async def get_swap(work: Work, swap_id: UUID, *, lock: bool = False) -> Swap:
    """The swap. Raises Problem `not-found`, also to whom it doesn't concern and who is no lead of the shop."""
    swap = await store.get_swap(work.session, swap_id, lock=lock)
    if swap is None or not _may_know(work, swap.shop, (swap.from_staff_id, swap.to_staff_id)):
        raise Problem("not-found")
    return swap


async def get_leave(work: Work, leave_id: UUID, *, lock: bool = False) -> Leave:
    """The leave. Raises Problem `not-found`, also to whom it doesn't concern and who is no lead of the shop."""
    leave = await store.get_leave(work.session, leave_id, lock=lock)
    if leave is None or not _may_know(work, leave.shop, (leave.staff_id, leave.cover_staff_id)):
        raise Problem("not-found")
    return leave


async def move_swap(work: Work, swap_id: UUID, verb: str, reason: str | None = None) -> Swap:
    """Agree, decline, withdraw, refuse, or approve, which lets the shifts change hands (T62).

    Raises Problem `not-found`, `forbidden` for a verb that is another's, `own-case` for a lead who is one of the two,
    `transition-refused`; on approving also `not-now` once the shift has begun, and `shift-overlap`.
    """
    swap = await get_swap(work, swap_id, lock=True)
    _expect_their_verb(work, verb, swap.from_staff_id, swap.to_staff_id)
    work.expect_version(swap.version)
    before = {"status": swap.status}
    SWAP.move(swap, verb)
    if verb == "approve":
        await _swap_hands(work, swap)
    return await _answered(work, swap, "swap", swap.swap_id, verb, before, reason)


async def move_leave(work: Work, leave_id: UUID, verb: str, reason: str | None = None) -> Leave:
    """As a swap. Approved, the shifts of those days go to whoever covers them, or are cancelled (T62)."""
    leave = await get_leave(work, leave_id, lock=True)
    _expect_their_verb(work, verb, leave.staff_id, leave.cover_staff_id)
    work.expect_version(leave.version)
    if verb == "approve" and leave.cover_staff_id is not None and leave.status == AskedStatus.REQUESTED:
        raise _not_before_agreed(LEAVE)
    before = {"status": leave.status}
    LEAVE.move(leave, verb)
    if verb == "approve":
        await _leave_shifts(work, leave)
    return await _answered(work, leave, "leave", leave.leave_id, verb, before, reason)


async def find_uncovered(work: Work, shift_id: UUID, facts: Mapping[str, Any]) -> None:
    """The timer a while after the start of a shift that changed hands: nobody came, and both answer for it (T62)."""
    shift = await store.get_for_update(work.session, shift_id)
    swap_id = UUID(facts["swap_id"])
    came_or_needless = (ShiftStatus.STARTED, ShiftStatus.ENDED, ShiftStatus.CANCELLED)
    if shift is None or shift.swap_id != swap_id or shift.status in came_or_needless:
        return
    event = lifecycle.uncovered(shift, swap_id, UUID(facts["with_staff_id"]), work.now)
    await outbox.record(work, shift, event)
    await audit.record(work, "uncovered", "shift", shift_id, after={"swap": str(swap_id)})


async def _swap_hands(work: Work, swap: Swap) -> None:
    ids = [one for one in (swap.shift_id, swap.return_shift_id) if one is not None]
    moved = await store.lock_shifts(work.session, ids)
    await store.lock_people(work.session, [swap.from_staff_id, swap.to_staff_id])
    await copies.expect_staff(work, swap.to_staff_id)
    given = {swap.shift_id: (swap.from_staff_id, swap.to_staff_id)}
    if swap.return_shift_id is not None:
        given[swap.return_shift_id] = (swap.to_staff_id, swap.from_staff_id)
    for shift in moved.values():
        _expect_to_come(work, shift)
        if shift.staff_id != given[shift.shift_id][0]:
            raise Problem("conflict", shift_id=str(shift.shift_id))
    for shift in moved.values():
        await _expect_free(work, shift, given[shift.shift_id][1], list(moved.values()))
    for shift in moved.values():
        await _pass_to(work, shift, given[shift.shift_id][1], swap.swap_id)


async def _leave_shifts(work: Work, leave: Leave) -> None:
    planned = await store.planned_between(work.session, leave.staff_id, leave.first_day, leave.last_day)
    to_come = [shift for shift in planned if shift.planned_start > work.now]
    if leave.cover_staff_id is None:
        for shift in to_come:
            await shifts.cancel(work, shift, "leave")
        return
    await store.lock_people(work.session, [leave.staff_id, leave.cover_staff_id])
    await copies.expect_staff(work, leave.cover_staff_id)
    for shift in to_come:
        await _expect_free(work, shift, leave.cover_staff_id, ())
        await _pass_to(work, shift, leave.cover_staff_id, leave.leave_id)


async def _pass_to(work: Work, shift: Shift, staff_id: UUID, swap_id: UUID) -> None:
    """The shift is another's now; a while after its start somebody looks whether they came."""
    before, left = shifts.audited(shift), shift.staff_id
    shift.staff_id, shift.swap_id = staff_id, swap_id
    rules = (await in_force(work.session, SHIFT_RULES, shift.shop, work.now)).document
    due_at = shift.planned_start + timedelta(minutes=rules.uncovered_after_minutes)
    await timers.cancel(work, UNCOVERED, shift.shift_id)
    facts = {"swap_id": str(swap_id), "with_staff_id": str(left)}
    await timers.start(work, UNCOVERED, shift.shift_id, due_at, facts)
    await shifts.changed(work, shift, "pass", before)


async def _to_come(work: Work, shift_id: UUID, staff_id: UUID, pointer: str) -> Shift:
    """A shift to come of that person. Raises Problem `not-found`, `forbidden` for another's, `not-now`."""
    shift = await shifts.get_shift(work, shift_id)
    if shift.staff_id != staff_id:
        raise invalid(pointer, "不是其本人的班次", "is not a shift of theirs")
    _expect_to_come(work, shift)
    return shift


def _expect_to_come(work: Work, shift: Shift) -> None:
    if shift.status != ShiftStatus.PLANNED:
        raise LIFE.refusal(ShiftStatus(shift.status), "swap")
    if shift.planned_start <= work.now:
        raise Problem("not-now", closes_at=shift.planned_start.isoformat())


async def _expect_free(work: Work, shift: Shift, staff_id: UUID, moved: Sequence[Shift]) -> None:
    """Raises Problem `shift-overlap` when they have other work, or leave, in the time of the shift."""
    moving = {one.shift_id for one in moved}
    for one in await store.standing(work.session, [staff_id], shift.planned_start, shift.planned_end):
        if one.shift_id not in moving:
            raise Problem("shift-overlap", shift_id=str(one.shift_id))
    day = shift.business_date
    for leave in await store.approved_leaves(work.session, [staff_id], day, day):
        raise Problem("shift-overlap", leave_id=str(leave.leave_id))


def _somebody(work: Work) -> UUID:
    if work.actor.staff_id is None:
        raise Problem("forbidden", permission="swap:request")
    return work.actor.staff_id


def _seen(work: Work) -> store.Seen:
    """Of which shops the caller sees all, and whose things besides."""
    if not work.actor.may("swap:approve"):
        return (), work.actor.staff_id
    return None if ALL_SHOPS in work.actor.shops else sorted(work.actor.shops), work.actor.staff_id


def _may_know(work: Work, shop: str, people: Sequence[UUID | None]) -> bool:
    """Those concerned, and the leads of the shop."""
    concerned = work.actor.staff_id is not None and work.actor.staff_id in people
    return concerned or (work.actor.may("swap:approve") and work.actor.serves(shop))


def _expect_their_verb(work: Work, verb: str, asker: UUID, other: UUID | None) -> None:
    me = work.actor.staff_id
    if verb in _BY_LEAD:
        if not work.actor.may("swap:approve"):
            raise Problem("forbidden", permission="swap:approve")
        if me is not None and me in (asker, other):
            raise Problem("own-case")
        return
    if me is None or me != (asker if verb in _BY_ASKER else other):
        raise Problem("forbidden", permission="swap:request")


def _not_before_agreed(life: Lifecycle[AskedStatus]) -> Problem:
    """Who covers has not agreed: the drawing would allow it, the request doesn't (T62)."""
    refusal = life.refusal(AskedStatus.REQUESTED, "approve")
    refusal.facts["allowed"] = [verb for verb in life.allowed(AskedStatus.REQUESTED) if verb != "approve"]
    return refusal


async def _answered(
    work: Work, asked: A, noun: str, asked_id: UUID, verb: str, before: dict[str, Any], reason: str | None
) -> A:
    if verb in _ANSWERS:
        asked.answered_at = work.now
    if verb in _BY_LEAD:
        asked.decided_by, asked.decided_at = work.actor.subject, work.now
    if reason is not None:
        asked.decision_reason = reason
    asked.version += 1
    why = scrub(reason) if reason else None
    await audit.record(work, verb, noun, asked_id, before=before, after={"status": asked.status}, reason=why)
    return asked
