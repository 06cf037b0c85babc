"""What is decided about a service request (T60): reviewed, returned and completed, approved or rejected, dispatched
to the unit that does it, finished."""

from collections.abc import Sequence
from uuid import UUID

from kit import audit
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.attachment import service as attachments
from services.ticket.copies import service as copies
from services.ticket.message.schemas import MessageCreate
from services.ticket.procedure import service as procedures
from services.ticket.service_request import forms, lifecycle, store
from services.ticket.service_request.case import Case, begin, settle
from services.ticket.service_request.lifecycle import LIFE, RequestStatus
from services.ticket.service_request.models import RequestDocument
from services.ticket.service_request.policy import Phase, RequestType
from services.ticket.service_request.progress import steps_open
from services.ticket.service_request.schemas import RequestResubmit
from services.ticket.service_request.service import Seen, get_request, keep_form
from services.ticket.ticket import service as tickets


async def review_request(work: Work, request_id: UUID) -> Seen:
    """开始审核. Raises Problem `transition-refused`, `stale-version`, `not-found`."""
    case = await begin(work, request_id)
    LIFE.move(case.request, "review")
    return _seen(await settle(work, case, "review"))


async def return_request(work: Work, request_id: UUID, missing: Sequence[str], note: str | None) -> Seen:
    """退回补充: with the codes of what is missing; the note goes to the customer as a message, as any answer (T48).

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`, `invalid-request` for what is
    neither a document nor a field of the type.
    """
    case = await begin(work, request_id, decides=True)
    known = case.kind.may_be_missing()
    for place, code in enumerate(missing):
        if code not in known:
            raise invalid(f"/missing/{place}", "不是该类型的材料或字段", "is no document and no field of the type")
    told = lifecycle.send_back(case.request, case.ticket, missing, work.actor, work.now)
    await settle(work, case, "return", told)
    if note is not None:
        work.expected_version = None  # it was met; the message raises the version once more
        await tickets.write_message(work, request_id, MessageCreate(text=note))
    return _seen(case)


async def resubmit_request(work: Work, request_id: UUID, asked: RequestResubmit) -> Seen:
    """补充后再次提交: the next round, which is reviewed from the beginning.

    Raises Problem `transition-refused`, `stale-version`, `not-found`, and, naming each place, `invalid-request` for a
    form that breaks its schema.
    """
    case = await begin(work, request_id)
    forms.expect(case.kind.form, asked.form, "form")
    told = lifecycle.resubmit(case.request, case.ticket, work.actor, work.now)
    await keep_form(work, case.request, asked.form)
    return _seen(await settle(work, case, "resubmit", told))


async def add_document(work: Work, request_id: UUID, code: str, attachment_id: UUID) -> Seen:
    """提交材料: a public file of the ticket is that document from now on.

    Raises Problem `not-found` for a document that the type doesn't want, `invalid-request` for a file that isn't the
    ticket's, `transition-refused` once the request is approved.
    """
    case = await begin(work, request_id)
    if code not in {one.code for one in case.kind.documents}:
        raise Problem("not-found")
    LIFE.move(case.request, "document")
    if not await _is_there(work, request_id, attachment_id):
        raise invalid("/attachment_id", "不是该工单的附件", "is no file of this ticket")
    document = RequestDocument(
        request_id=request_id,
        document=code,
        attachment_id=attachment_id,
        added_by=work.actor.subject,
        added_at=work.now,
    )
    await store.keep_document(work.session, document)
    after = {"document": code, "attachment_id": str(attachment_id)}
    return _seen(await settle(work, case, "document", after=after))


async def approve_request(work: Work, request_id: UUID) -> Seen:
    """受理通过: all documents are there, all steps of the review done. The unit of the type can be told to do it;
    where the type says so, the approval dispatches it there.

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`, `documents-missing`, `steps-open`.
    """
    case = await begin(work, request_id, decides=True)
    request = case.request
    if request.status == RequestStatus.UNDER_REVIEW:
        await _expect_complete(work, case)
    request.unit_id = await _own_unit(work, case.kind)
    told = lifecycle.approve(request, case.ticket, work.actor, work.now)
    if case.kind.at_once and request.unit_id is not None:
        LIFE.move(request, "dispatch")
    return _seen(await settle(work, case, "approve", told))


async def reject_request(work: Work, request_id: UUID, reason: str) -> Seen:
    """不予受理, with the reason for the customer. Raises Problem `precondition-required`, `stale-version`,
    `transition-refused`."""
    case = await begin(work, request_id, decides=True)
    LIFE.move(case.request, "reject")
    case.request.reason = reason
    return _seen(await settle(work, case, "reject", reason=reason))


async def dispatch_request(work: Work, request_id: UUID, unit_id: UUID | None) -> Seen:
    """派发: to the unit named, else to that of the type.

    Raises Problem `transition-refused`, `stale-version`, `invalid-request` when neither names one or it is closed,
    `not-yet-known`.
    """
    case = await begin(work, request_id)
    LIFE.move(case.request, "dispatch")
    case.request.unit_id = unit_id or case.request.unit_id or await _own_unit(work, case.kind)
    if case.request.unit_id is None:
        raise invalid("/unit_id", "该类型没有指定单位，须填写", "is required: the type names no unit that is there")
    await copies.expect_unit(work, case.request.unit_id)
    return _seen(await settle(work, case, "dispatch"))


async def finish_request(work: Work, request_id: UUID, outcome: str | None, cause: str | None) -> Seen:
    """办结: with the outcome and the cause that its type asks for; a confirmed correction earns its coupon (T60).

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`, `invalid-request`, and `steps-open`
    while steps of the type, or required ones of the ticket's checklists (T53), are.
    """
    case = await begin(work, request_id, decides=True)
    told = lifecycle.finish(case.request, case.ticket, case.kind, (outcome, cause), work.actor, work.now)
    ends = case.kind.outcome(outcome)
    (await case.progress(work)).expect_done(ends)
    if ends is None or not ends.early:
        await procedures.expect_done(work, request_id)
    return _seen(await settle(work, case, "finish", told))


async def withdraw_request(work: Work, request_id: UUID, reason: str) -> Seen:
    """撤回: the customer no longer wants it, or it was handed in by mistake. Raises Problem `transition-refused`,
    `stale-version`, `not-found`."""
    case = await begin(work, request_id)
    LIFE.move(case.request, "withdraw")
    return _seen(await settle(work, case, "withdraw", reason=reason))


async def reveal_request(work: Work, request_id: UUID, reason: str) -> Seen:
    """查看原文: who saw the personal values open, and why, is in the trail (X6). Raises Problem `not-found`."""
    seen = await get_request(work, request_id)
    await audit.record(work, "reveal", "service_request", request_id, reason=scrub(reason))
    return seen


async def _expect_complete(work: Work, case: Case) -> None:
    there = {one.document: one.attachment_id for one in await store.documents(work.session, case.request.request_id)}
    wanted = [one.code for one in case.kind.documents if one.required]
    missing = [
        code
        for code in wanted
        if code not in there or not await _is_there(work, case.request.request_id, there[code])
    ]
    if missing:
        raise Problem("documents-missing", missing=missing)
    left = (await case.progress(work)).open_of(Phase.REVIEW)
    if left:
        raise steps_open(left)


async def _is_there(work: Work, ticket_id: UUID, attachment_id: UUID) -> bool:
    """Whether the ticket has such a file, which may have been removed since."""
    try:
        await attachments.get(work, ticket_id, attachment_id)
    except Problem as refused:
        if refused.slug != "not-found":
            raise
        return False
    return True


async def _own_unit(work: Work, kind: RequestType) -> UUID | None:
    """The unit of the type; None when it names none, or none that is known here and open."""
    return None if kind.unit is None else await copies.unit_of_code(work.session, kind.unit)


def _seen(case: Case) -> Seen:
    return case.request, case.ticket
