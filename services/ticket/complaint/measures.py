"""Beside the loop: discipline for the person directly responsible, and what is changed so that it doesn't happen
again (T11, A12)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.ticket.complaint import Nature
from kit import audit
from kit.clock import business_date
from kit.ids import new_id
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.complaint import lifecycle, store
from services.ticket.complaint.case import Case, begin, settle
from services.ticket.complaint.models import ComplaintDiscipline, ComplaintImprovement
from services.ticket.complaint.schemas import ComplaintDisciplined, ImprovementFilter, ImprovementSet
from services.ticket.copies import service as copies
from services.ticket.sight import in_sight, sees_notes


async def discipline(work: Work, complaint_id: UUID, asked: ComplaintDisciplined) -> Case:
    """处理意见: proposed for the person directly responsible, when the complaint is founded (T11).

    Raises Problem `transition-refused`, `own-case`, `conflict` for a complaint that is nobody's or not founded, and
    what `case.begin` raises.
    """
    case = await begin(work, complaint_id)
    complaint = case.complaint
    lifecycle.move(complaint, "discipline")
    lifecycle.expect_disinterested(complaint, work.actor)
    if complaint.responsible_staff_id is None or complaint.nature != Nature.FOUNDED:
        raise Problem("conflict", noun="complaint", nature=complaint.nature)
    row = ComplaintDiscipline(
        discipline_id=new_id(),
        complaint_id=complaint_id,
        staff_id=complaint.responsible_staff_id,
        violation_code=asked.violation_code,
        proposal=asked.proposal,
        proposed_by=work.actor.subject,
        proposed_at=work.now,
    )
    return await settle(work, case, "discipline", rows=[row])


async def improve(work: Work, complaint_id: UUID, asked: ImprovementSet) -> ComplaintImprovement:
    """改进措施: with an owner and a day (T11).

    Raises Problem `transition-refused`, `invalid-request` for a day of the past and an owner who has left,
    `not-yet-known`, and what `case.begin` raises.
    """
    case = await begin(work, complaint_id)
    lifecycle.move(case.complaint, "improve")
    if asked.due_on < business_date(work.now):
        raise invalid("/due_on", "不能早于今天", "must not be before today")
    await copies.expect_staff(work, asked.owner_staff_id)
    row = ComplaintImprovement(
        improvement_id=new_id(),
        complaint_id=complaint_id,
        number=case.complaint.number,
        shop=case.complaint.shop,
        measure=asked.measure,
        owner_staff_id=asked.owner_staff_id,
        due_on=asked.due_on,
        set_by=work.actor.subject,
        set_at=work.now,
    )
    await settle(work, case, "improve", rows=[row])
    return row


async def finish_improvement(
    work: Work, complaint_id: UUID, improvement_id: UUID, result: str
) -> ComplaintImprovement:
    """The measure is carried out. Raises Problem `not-found`, `transition-refused` for one that is done."""
    await begin(work, complaint_id)
    measure = await store.improvement(work.session, complaint_id, improvement_id)
    if measure is None:
        raise Problem("not-found")
    if measure.done_at is not None:
        facts: dict[str, Any] = {"noun": "improvement", "from": "done", "verb": "done", "allowed": []}
        raise Problem("transition-refused", **facts)
    measure.result, measure.done_by, measure.done_at = result, work.actor.subject, work.now
    await audit.record(
        work, "improvement-done", "complaint", complaint_id, after={"improvement": str(improvement_id)}
    )
    return measure


async def list_improvements(
    work: Work, query: ImprovementFilter, after: Sequence[Any] | None
) -> tuple[list[ComplaintImprovement], list[Any] | None]:
    """Measures of the shops in the caller's sight, what is due first leads; overdue ones are due before today."""
    if not sees_notes(work):
        return [], None
    asked = query.model_dump(include={"shop", "owner_staff_id"}, exclude_none=True)
    found = await store.improvements(
        work.session,
        in_sight(work, asked),
        done=False if query.overdue else query.done,
        before=business_date(work.now) if query.overdue else None,
        after=after,
        limit=query.limit + 1,
    )
    items = found[: query.limit]
    last = [items[-1].due_on, items[-1].improvement_id] if len(found) > query.limit else None
    return items, last
