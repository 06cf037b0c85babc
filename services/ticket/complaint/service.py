"""Use cases of complaints: recorded, found, listed; and what other rooms ask of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ticket.complaint import ComplaintCategory, ComplaintGraded
from contracts.ticket.ticket import TicketKind, TicketSource
from kit import outbox
from kit.policies import in_force
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.complaint import grades, store
from services.ticket.complaint.case import graded, recount, write_down
from services.ticket.complaint.grades import Earlier
from services.ticket.complaint.lifecycle import LOOP
from services.ticket.complaint.models import Complaint, ComplaintCall
from services.ticket.complaint.policy import COMPLAINT_GRADES, COMPLAINT_SUBTYPES
from services.ticket.complaint.schemas import CallFilter, ComplaintFilter, ComplaintOpen
from services.ticket.complaint.tally import cells, month_of
from services.ticket.copies import service as copies
from services.ticket.emergency import service as emergencies
from services.ticket.sight import in_sight, sees_notes
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Opening, Ticket

Seen = tuple[Complaint, Ticket]


async def open_complaint(work: Work, asked: ComplaintOpen) -> Seen:
    """投诉受理: what, when, by which channel, and what the customer wishes (T11).

    One about the same order and category, soon after the last close of another, is graded as repeat and linked to it
    (T13); an emergency has ten minutes to be contained (T42). Raises Problem `invalid-request` for something that has
    not happened yet, for a sub-type that the shop doesn't have and for a buyer who names staff, and all that opening
    a ticket raises.
    """
    if asked.occurred_at > work.now:
        raise invalid("/occurred_at", "不能晚于现在", "must not be later than now")
    subtypes = await in_force(work.session, COMPLAINT_SUBTYPES, asked.shop, work.now)
    subtypes.document.expect(asked.category, asked.subtype)
    await _expect_against(work, asked.against_staff_id)
    ticket = await tickets.open_staged(work, _opening(work, asked))
    complaint = _row(work, asked, ticket)
    again = await _graded_when_again(work, complaint, ticket)
    if again is not None:
        await outbox.record(work, complaint, again)
    await store.add(work.session, complaint)
    if again is not None:
        await store.add(work.session, graded(again, None))
    if asked.category is ComplaintCategory.EMERGENCY:
        await emergencies.keep(work, ticket)
    await write_down(work, complaint, "record", {})
    await recount(work, frozenset(), cells(complaint))
    return complaint, ticket


async def get_complaint(work: Work, complaint_id: UUID) -> Seen:
    """The complaint with its ticket. Raises Problem `not-found`, also for one out of sight (T40, X1)."""
    ticket = await tickets.get_ticket(work, complaint_id)
    complaint = await store.get(work.session, complaint_id)
    if complaint is None:
        raise Problem("not-found")
    return complaint, ticket


async def list_complaints(
    work: Work, query: ComplaintFilter, after: Sequence[Any] | None
) -> tuple[list[Complaint], list[Any] | None]:
    """Complaints in the caller's sight, and the key of the last one when there are more: newest first, or by the
    promise that is due first when asked for those (T16). A buyer asks for nothing that is known inside alone."""
    known = {"limit", "cursor", "promise_due_before", "overdue"}
    asked = query.model_dump(exclude=known, exclude_none=True)
    if not sees_notes(work) and asked.keys() & {"grade", "unit_id", "responsible_staff_id"}:
        raise Problem("forbidden", permission="complaint:work")
    wanted, before = in_sight(work, asked), _due_before(work, query)
    if before is not None:
        found = await store.page_due(work.session, wanted, before, after, query.limit + 1)
        return _cut(found, query.limit, lambda it: [it.due_at, it.complaint_id])
    place = None if after is None else UUID(after[0])
    found = await store.page(work.session, wanted, place, query.limit + 1)
    return _cut(found, query.limit, lambda it: [it.complaint_id])


async def list_calls(
    work: Work, query: CallFilter, after: Sequence[Any] | None
) -> tuple[list[ComplaintCall], list[Any] | None]:
    """回访档案: the callbacks of a month (T12)."""
    shops = in_sight(work, query.model_dump(include={"shop"}, exclude_none=True)).get("shop")
    place = None if after is None else UUID(after[0])
    found = await store.calls(work.session, query.month, shops, place, query.limit + 1)
    return _cut(found, query.limit, lambda it: [it.call_id])


async def get_history(work: Work, complaint_id: UUID) -> dict[str, Sequence[Any]]:
    """All that was found, proposed, said and done (T11). Raises Problem `not-found`, also to a buyer."""
    await get_complaint(work, complaint_id)
    if not sees_notes(work):
        raise Problem("not-found")
    return {name: await store.history(work.session, name, complaint_id) for name in store.HISTORY}


async def standing_at(session: AsyncSession, until: datetime) -> Sequence[RowMapping]:
    """The founded complaints with a raised grade and a unit as they stood before that instant: `complaint_id`,
    `number`, `shop`, `grade`, `unit_id` (T14)."""
    return await store.standing(session, until)


async def tally_of(
    session: AsyncSession, month: str, measures: Sequence[str], shops: Sequence[str] | None
) -> Sequence[RowMapping]:
    """The numbers of a month: `measure`, `key`, `complaints` (T15)."""
    return await store.tally(session, month, measures, shops)


async def trend_of(
    session: AsyncSession, months: Sequence[str], measures: Sequence[str], shops: Sequence[str] | None
) -> Sequence[RowMapping]:
    """The numbers of several months: `month`, `measure`, `key`, `complaints` (T15)."""
    return await store.trend(session, months, measures, shops)


async def minutes_to_close(
    session: AsyncSession, month: str, shops: Sequence[str] | None
) -> tuple[int | None, int | None]:
    """The median of the complaints closed in the month, and what nine in ten kept to (T15)."""
    return await store.times(session, month, shops)


async def promises_due(session: AsyncSession, staff_id: UUID, until: datetime) -> Sequence[RowMapping]:
    """Promises to customers on this one's tickets, due before that instant and not confirmed yet: `complaint_id`,
    `number`, `due_at`, earliest first (T16, T46)."""
    return await store.promises_due(session, staff_id, until)


def _due_before(work: Work, query: ComplaintFilter) -> datetime | None:
    asked = [query.promise_due_before] if query.promise_due_before else []
    if query.overdue:
        asked.append(work.now)
    return min(asked) if asked else None


def _cut(found: list[Any], limit: int, key: Any) -> tuple[list[Any], list[Any] | None]:
    items = found[:limit]
    return items, key(items[-1]) if len(found) > limit else None


async def _expect_against(work: Work, staff_id: UUID | None) -> None:
    if staff_id is None:
        return
    if not sees_notes(work):
        raise invalid("/against_staff_id", "仅供员工填写", "is for staff to say")
    await copies.expect_staff(work, staff_id)


async def _graded_when_again(work: Work, complaint: Complaint, ticket: Ticket) -> ComplaintGraded | None:
    if complaint.order_id is None:
        return None
    last = await store.last_closed(work.session, complaint.order_id, complaint.category, complaint.complaint_id)
    rules = await in_force(work.session, COMPLAINT_GRADES, complaint.shop, work.now)
    return grades.when_again(complaint, ticket, Earlier(*last) if last else None, rules, work.now)


def _opening(work: Work, asked: ComplaintOpen) -> Opening:
    return Opening(
        kind=TicketKind.COMPLAINT,
        shop=asked.shop,
        subject=asked.subject,
        description=asked.description,
        order_no=asked.order_no,
        customer_id=asked.customer_id,
        priority=asked.priority,
        channel=asked.channel,
        source=TicketSource.MANUAL if sees_notes(work) else TicketSource.STOREFRONT,
        category=asked.category,
        emergency=asked.category is ComplaintCategory.EMERGENCY,
    )


def _row(work: Work, asked: ComplaintOpen, ticket: Ticket) -> Complaint:
    return Complaint(
        complaint_id=ticket.ticket_id,
        number=ticket.number,
        shop=ticket.shop,
        account_id=ticket.account_id,
        order_id=ticket.order_id,
        category=asked.category,
        subtype=asked.subtype,
        stage=LOOP.initial,
        occurred_at=asked.occurred_at,
        wish=asked.wish,
        against_staff_id=asked.against_staff_id,
        month=month_of(work.now),
        opened_at=work.now,
    )
