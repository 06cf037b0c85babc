"""Use cases of handing over: drafted, signed, accepted or disputed; missed when nothing was signed in time (T46)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.ticket.ticket import AssignmentCause
from kit import audit, outbox, timers
from kit.ids import new_id
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.handover import lifecycle, pending, store
from services.ticket.handover.lifecycle import LIFE, OUTCOMES, Counts, Decision, ItemKind, Outcome, SheetStatus
from services.ticket.handover.models import Item, Sheet
from services.ticket.handover.policy import HANDOVER_RULES, HandoverRules
from services.ticket.handover.schemas import ItemDecision, SheetSign
from services.ticket.routing import service as routing
from services.ticket.shift import service as shifts
from services.ticket.shift.lifecycle import LIFE as SHIFT_LIFE
from services.ticket.shift.lifecycle import ShiftLike, ShiftStatus
from services.ticket.ticket import queue
from services.ticket.ticket import service as tickets

MISSED = "handover-missed"
# When nobody else is there, whoever comes next takes over, if they come within a week.
_NEXT_WITHIN = timedelta(days=7)
_LOOK_AGAIN = timedelta(minutes=1)


async def expect_sheet(work: Work, shift: ShiftLike) -> None:
    """Somebody signed in: at the end of the shift a sheet is due."""
    if shift.hands_over:
        await timers.start(work, MISSED, shift.shift_id, (await _rules(work, shift.shop)).due_at(shift.planned_end))


async def draft_sheet(work: Work, shift_id: UUID, notes: str | None) -> Sheet:
    """交接单: write down what is pending. Raises Problem `not-found`, `forbidden` for another's shift,
    `transition-refused` for a shift that has not begun, `already-exists`."""
    shift = await shifts.lock_own(work, shift_id)
    if shift.status not in (ShiftStatus.STARTED, ShiftStatus.ENDED):
        raise SHIFT_LIFE.refusal(ShiftStatus(shift.status), "hand_over")
    there = await store.of_shift(work.session, shift_id)
    if there is not None:
        raise Problem("already-exists", handover_id=str(there.handover_id))
    return await _draft(work, shift, notes)


async def draft_at_end(work: Work, shift: ShiftLike) -> None:
    """Somebody signs out: the sheet that is due is there at least as a draft."""
    if shift.hands_over and await store.of_shift(work.session, shift.shift_id) is None:
        await _draft(work, shift, None)


async def get_sheet(work: Work, handover_id: UUID) -> Sheet:
    """The sheet. Raises Problem `not-found`, also to whom it doesn't concern (X1)."""
    return _seen(work, await store.get(work.session, handover_id))


async def sign_sheet(work: Work, handover_id: UUID, asked: SheetSign) -> Sheet:
    """签字: the outgoing agent says who takes over, and what doesn't go to them. What is pending is written anew.

    Raises Problem `not-found`, `forbidden` to others, `transition-refused`, `not-on-shift` for somebody who neither
    is nor is about to be, `invalid-request` for a decision about what isn't pending.
    """
    sheet, shift = await _locked(work, handover_id)
    _expect_me(work, sheet.staff_id)
    if SheetStatus(sheet.status) not in LIFE.table["sign"]:
        raise LIFE.refusal(SheetStatus(sheet.status), "sign")
    if asked.to_staff_id == sheet.staff_id:
        raise invalid("/to_staff_id", "不能交给自己", "must be somebody else")
    rules = await _rules(work, sheet.shop)
    to_shift = await _incoming(work, shift, asked.to_staff_id, rules)
    items = await _fresh_items(work, sheet)
    await _decide(work, items, asked.items, sheet.staff_id)
    before = _audited(sheet)
    lifecycle.sign(sheet, asked.to_staff_id, to_shift, work.now)
    sheet.notes = asked.notes if "notes" in asked.model_fields_set else sheet.notes
    await _count_promises(work, sheet, rules)
    await store.write_items(work.session, sheet.handover_id, items)
    return await _changed(work, sheet, "sign", before)


async def recall_sheet(work: Work, handover_id: UUID) -> Sheet:
    """收回: the outgoing agent takes back a sheet that nobody has answered, to name somebody else."""
    sheet, _ = await _locked(work, handover_id)
    _expect_me(work, sheet.staff_id)
    before = _audited(sheet)
    lifecycle.recall(sheet)
    return await _changed(work, sheet, "recall", before)


async def accept_sheet(work: Work, handover_id: UUID) -> Sheet:
    """接班: the incoming agent takes over, and every pending ticket goes where the sheet says (T46).

    Raises Problem `not-found`, `forbidden` to others, `transition-refused`, `not-on-shift`.
    """
    sheet, shift = await _locked(work, handover_id)
    me = _expect_me(work, sheet.to_staff_id)
    before = _audited(sheet)
    items = await store.items(work.session, handover_id)
    event = lifecycle.accept(sheet, shift, _counts(items), work.now)
    rules = await _rules(work, sheet.shop)
    sheet.to_shift_id = await _on_shift_or_soon(work, me, rules)
    event = event.model_copy(update={"to_shift_id": sheet.to_shift_id})
    work.expected_version = None  # it was the sheet's; the tickets have versions of their own
    await _move(work, sheet, items)
    await outbox.record(work, shift, event)
    return await _changed(work, sheet, "accept", before)


async def dispute_sheet(work: Work, handover_id: UUID, reason: str) -> Sheet:
    """有异议: the incoming agent says what is wrong; the outgoing one signs anew (T46)."""
    sheet, shift = await _locked(work, handover_id)
    _expect_me(work, sheet.to_staff_id)
    before = _audited(sheet)
    counts = _counts(await store.items(work.session, handover_id))
    event = lifecycle.dispute(sheet, shift, reason, counts, work.now)
    await outbox.record(work, shift, event)
    return await _changed(work, sheet, "dispute", before, reason)


async def find_missed(work: Work, shift_id: UUID, _: Mapping[str, Any]) -> None:
    """The timer after the planned end: no sheet was signed. Whoever stays on for customers has until they leave."""
    shift = await shifts.hold_shift(work.session, shift_id)
    if shift is None or shift.status not in (ShiftStatus.STARTED, ShiftStatus.ENDED):
        return
    sheet = await store.of_shift(work.session, shift_id)
    if sheet is not None and sheet.status != SheetStatus.DRAFTED:
        return
    rules = await _rules(work, shift.shop)
    if shift.status == ShiftStatus.STARTED and shift.stays_on and await pending.customers_waiting(work, shift):
        again = max(rules.due_at(work.now), work.now + _LOOK_AGAIN)
        await timers.start(work, MISSED, shift_id, again)
        return
    await outbox.record(work, shift, lifecycle.missed(shift, rules.due_at(shift.planned_end)))
    if sheet is not None:
        sheet.missed = True
        sheet.version += 1
    await audit.record(work, "miss-handover", "shift", shift_id, after={"sheet": sheet is not None})


async def _draft(work: Work, shift: ShiftLike, notes: str | None) -> Sheet:
    rules = await _rules(work, shift.shop)
    sheet = Sheet(
        handover_id=new_id(),
        shift_id=shift.shift_id,
        shop=shift.shop,
        staff_id=shift.staff_id,
        notes=notes,
        status=LIFE.initial,
        due_at=rules.due_at(shift.planned_end),
        missed=False,
        drafted_at=work.now,
    )
    await _count_promises(work, sheet, rules)
    await store.add(work.session, sheet)
    await store.write_items(work.session, sheet.handover_id, await _fresh_items(work, sheet))
    await audit.record(work, "draft", "handover", sheet.handover_id, after=_audited(sheet))
    return sheet


async def _incoming(work: Work, shift: ShiftLike, staff_id: UUID, rules: HandoverRules) -> UUID:
    """The shift with which somebody takes over: they are on it, it is about to start, or, when nobody else is there,
    it is the next of all."""
    await copies.expect_staff(work, staff_id)
    try:
        return await _on_shift_or_soon(work, staff_id, rules)
    except Problem:
        others = [one for one in await shifts.everybody_on(work.session, None) if one.staff_id != shift.staff_id]
        coming = await shifts.first_to_come(work.session, shift.shop, work.now, _NEXT_WITHIN)
        if others or coming is None or coming.staff_id != staff_id:
            raise
        return coming.shift_id


async def _on_shift_or_soon(work: Work, staff_id: UUID, rules: HandoverRules) -> UUID:
    running = await shifts.running_of(work.session, staff_id)
    if running is not None:
        return running.shift_id
    coming = await shifts.next_of(work.session, staff_id, work.now)
    if coming is None or not rules.is_about_to_start(coming.planned_start, work.now):
        raise Problem("not-on-shift", staff_id=str(staff_id))
    return coming.shift_id


async def _fresh_items(work: Work, sheet: Sheet) -> list[Item]:
    in_hand = await pending.in_hand(work, sheet.staff_id)
    return await pending.items_of(work, sheet.handover_id, sheet.staff_id, in_hand)


async def _decide(work: Work, items: Sequence[Item], decisions: Sequence[ItemDecision], me: UUID) -> None:
    found = {(item.kind, item.subject_id): item for item in items}
    for place, one in enumerate(decisions):
        item = found.get((one.kind, one.subject_id))
        if item is None:
            raise invalid(f"/items/{place}/subject_id", "不是待交接的事项", "is not pending")
        if one.to_staff_id is not None:
            if one.to_staff_id == me:
                raise invalid(f"/items/{place}/to_staff_id", "不能转交给自己", "must be somebody else")
            await copies.expect_staff(work, one.to_staff_id)
        item.decision, item.to_staff_id, item.note = one.decision, one.to_staff_id, one.note


async def _move(work: Work, sheet: Sheet, items: list[Item]) -> None:
    """Every ticket that is still in the outgoing agent's hand goes where the sheet says; what came into it since goes
    to the incoming one. The tickets are locked first, then the seats, each in one order."""
    held = await queue.hold_in_hand(work.session, sheet.staff_id, pending.MOST)
    listed = {item.subject_id: item for item in items if item.kind == ItemKind.TICKET}
    new = [one for one in held if one.ticket_id not in listed]
    added = [
        item
        for item in await pending.items_of(work, sheet.handover_id, sheet.staff_id, new)
        if item.kind == ItemKind.TICKET
    ]
    items += added
    listed |= {item.subject_id: item for item in added}
    for item in items:
        item.outcome = Outcome.FINISHED if item.kind == ItemKind.TICKET else OUTCOMES[Decision(item.decision)]
    moved = {one.ticket_id: _goes_to(listed[one.ticket_id], sheet) for one in held}
    await routing.lock_seats(work, [sheet.staff_id, *(staff_id for staff_id in moved.values() if staff_id)])
    for one in held:
        item, staff_id = listed[one.ticket_id], moved[one.ticket_id]
        item.outcome = OUTCOMES[Decision(item.decision)]
        if staff_id is not None:
            await routing.take(work, staff_id, one.channel, passed_on=True)
            await tickets.assign_ticket(work, one.ticket_id, staff_id, cause=AssignmentCause.HANDED_OVER, seated=True)
    await store.write_items(work.session, sheet.handover_id, items)


def _goes_to(item: Item, sheet: Sheet) -> UUID | None:
    """Whose the ticket is afterwards; nobody else's when it is kept."""
    if item.decision == Decision.KEEP:
        return None
    return item.to_staff_id if item.decision == Decision.ELSEWHERE else sheet.to_staff_id


async def _count_promises(work: Work, sheet: Sheet, rules: HandoverRules) -> None:
    until = work.now + timedelta(hours=rules.promises_within_hours)
    sheet.promises_due = await pending.promises_due(work, sheet.staff_id, until)


def _counts(items: Sequence[Item]) -> Counts:
    tickets = sum(item.kind == ItemKind.TICKET for item in items)
    return Counts(tickets, len(items) - tickets)


async def _locked(work: Work, handover_id: UUID) -> tuple[Sheet, ShiftLike]:
    """The shift, whose events tell about the sheet, then the sheet, under their row locks."""
    sheet = _seen(work, await store.get(work.session, handover_id))
    shift = await shifts.hold_shift(work.session, sheet.shift_id)
    sheet = _seen(work, await store.get(work.session, handover_id, lock=True))
    if shift is None:
        raise Problem("not-found")
    work.expect_version(sheet.version)
    return sheet, shift


def _seen(work: Work, sheet: Sheet | None) -> Sheet:
    if sheet is None:
        raise Problem("not-found")
    me = work.actor.staff_id
    if me is not None and me in (sheet.staff_id, sheet.to_staff_id):
        return sheet
    if not sees_all(work) or not work.actor.serves(sheet.shop):
        raise Problem("not-found")
    return sheet


def sees_all(work: Work) -> bool:
    """Whether the caller sees others' sheets: leads plan the roster, auditors and admins look."""
    return work.actor.may("roster:plan") or work.actor.may("audit:read")


def _expect_me(work: Work, staff_id: UUID | None) -> UUID:
    if staff_id is None or work.actor.staff_id != staff_id:
        raise Problem("forbidden", permission="handover:sign")
    return staff_id


async def _rules(work: Work, shop: str) -> HandoverRules:
    return (await in_force(work.session, HANDOVER_RULES, shop, work.now)).document


async def _changed(work: Work, sheet: Sheet, verb: str, before: dict[str, Any], reason: str | None = None) -> Sheet:
    sheet.version += 1
    why = scrub(reason) if reason else None
    await audit.record(work, verb, "handover", sheet.handover_id, before=before, after=_audited(sheet), reason=why)
    return sheet


def _audited(sheet: Sheet) -> dict[str, Any]:
    return {"status": sheet.status, "to": str(sheet.to_staff_id) if sheet.to_staff_id else None}
