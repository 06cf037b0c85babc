"""`/v1/complaints` (T10 to T13, T16): opened, read, listed, and taken round the loop by `POST …/{verb}`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.complaint import loop, measures, service
from services.ticket.complaint.case import Case
from services.ticket.complaint.schemas import (
    CallFilter,
    ComplaintCallBack,
    ComplaintDisciplined,
    ComplaintExplain,
    ComplaintFilter,
    ComplaintFix,
    ComplaintInform,
    ComplaintJudge,
    ComplaintLower,
    ComplaintOpen,
    ComplaintPropose,
    ComplaintReason,
    ComplaintVerify,
    ComplaintWeigh,
    EmergencyContained,
    ImprovementDone,
    ImprovementFilter,
    ImprovementSet,
)
from services.ticket.complaint.service import Seen
from services.ticket.complaint.views import (
    CallPage,
    CallShown,
    ComplaintHistory,
    ComplaintPage,
    ComplaintPublic,
    ComplaintShown,
    ImprovementPage,
    ImprovementShown,
    shown,
)
from services.ticket.copies import service as copies
from services.ticket.sight import sees_notes
from services.ticket.ticket import service as tickets

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])
ComplaintId = Annotated[UUID, Path(description="The complaint's id, which is its ticket's.")]
ImprovementId = Annotated[UUID, Path(description="The measure's id.")]


async def about_somebody(body: ComplaintOpen, request: Request) -> ComplaintOpen:
    """The body, after the copies of those it names had their time to arrive; the unit of work begins later."""
    if body.customer_id is not None:
        await copies.await_customer(runtime_of(request).database, body.customer_id)
    if body.against_staff_id is not None:
        await copies.await_staff(runtime_of(request).database, body.against_staff_id)
    return body


async def laid_at_a_door(body: ComplaintFix, request: Request) -> ComplaintFix:
    """The body, after the copies of the unit and the person had their time to arrive."""
    if body.unit_id is not None:
        await copies.await_unit(runtime_of(request).database, body.unit_id)
    if body.staff_id is not None:
        await copies.await_staff(runtime_of(request).database, body.staff_id)
    return body


async def with_an_owner(body: ImprovementSet, request: Request) -> ImprovementSet:
    """The body, after the copy of the owner had its time to arrive."""
    await copies.await_staff(runtime_of(request).database, body.owner_staff_id)
    return body


@router.post("", status_code=201, response_model=ComplaintPublic, dependencies=[allow("complaint:open")])
async def open_complaint(body: Annotated[ComplaintOpen, Depends(about_somebody)], work: WorkDep) -> Response:
    """Record a complaint: what, when, by which channel, and what the customer wishes."""
    seen = await service.open_complaint(work, body)
    return await _answered(work, seen, status=201, location=f"/v1/complaints/{seen[0].complaint_id}")


@router.get("", response_model=ComplaintPage, dependencies=[allow("complaint:read")])
async def list_complaints(work: WorkDep, query: Annotated[ComplaintFilter, Query()]) -> Response:
    """Complaints, newest first; those with a promise due, by what is due first."""
    by_promise = query.promise_due_before is not None or bool(query.overdue)
    name = "complaints-due" if by_promise else "complaints"
    items, last = await service.list_complaints(work, query, read_cursor(work, name, query))
    cursor = write_cursor(work, name, last) if last else None
    inside = sees_notes(work)
    listed = [ComplaintShown.model_validate(shown(one, inside=inside)) for one in items]
    page = ComplaintPage(items=listed, next_cursor=cursor)
    return page_answer(page, path="/v1/complaints", query=query, next_cursor=cursor)


@router.get("/callbacks", response_model=CallPage, dependencies=[allow("complaint:work")])
async def list_complaint_callbacks(work: WorkDep, query: Annotated[CallFilter, Query()]) -> Response:
    """The archive of a month's callbacks, newest first."""
    items, last = await service.list_calls(work, query, read_cursor(work, "complaint-callbacks", query))
    cursor = write_cursor(work, "complaint-callbacks", last) if last else None
    page = CallPage(items=[CallShown.model_validate(one) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/complaints/callbacks", query=query, next_cursor=cursor)


@router.get("/improvements", response_model=ImprovementPage, dependencies=[allow("complaint:work")])
async def list_improvements(work: WorkDep, query: Annotated[ImprovementFilter, Query()]) -> Response:
    """Measures of all complaints, what is due first leads."""
    items, last = await measures.list_improvements(work, query, read_cursor(work, "improvements", query))
    cursor = write_cursor(work, "improvements", last) if last else None
    page = ImprovementPage(items=[ImprovementShown.model_validate(one) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/complaints/improvements", query=query, next_cursor=cursor)


@router.get("/{complaint_id}", response_model=ComplaintPublic, dependencies=[allow("complaint:read")])
async def get_complaint(complaint_id: ComplaintId, work: WorkDep) -> Response:
    """One complaint with its ticket."""
    return await _answered(work, await service.get_complaint(work, complaint_id))


@router.get("/{complaint_id}/history", response_model=ComplaintHistory, dependencies=[allow("complaint:read")])
async def get_complaint_history(complaint_id: ComplaintId, work: WorkDep) -> Response:
    """All that was found, proposed, said and done, oldest first."""
    return await answer(work, ComplaintHistory.of(await service.get_history(work, complaint_id)))


@router.post("/{complaint_id}/judge", response_model=ComplaintPublic, dependencies=[allow("complaint:judge")])
async def judge_complaint(complaint_id: ComplaintId, body: ComplaintJudge, work: WorkDep) -> Response:
    """Say whether it is founded, how severe, and what makes it serious. Needs If-Match."""
    return await _done(work, await loop.judge(work, complaint_id, body))


@router.post("/{complaint_id}/fix", response_model=ComplaintPublic, dependencies=[allow("complaint:judge")])
async def fix_responsibility(
    complaint_id: ComplaintId, body: Annotated[ComplaintFix, Depends(laid_at_a_door)], work: WorkDep
) -> Response:
    """Fix the responsibility: at which unit's door it is laid, and at whose. Needs If-Match."""
    return await _done(work, await loop.fix(work, complaint_id, body))


@router.post("/{complaint_id}/explain", response_model=ComplaintPublic, dependencies=[allow("complaint:work")])
async def explain_complaint(complaint_id: ComplaintId, body: ComplaintExplain, work: WorkDep) -> Response:
    """Say what the cause was."""
    return await _done(work, await loop.explain(work, complaint_id, body))


@router.post("/{complaint_id}/propose", response_model=ComplaintPublic, dependencies=[allow("complaint:work")])
async def propose_solution(complaint_id: ComplaintId, body: ComplaintPropose, work: WorkDep) -> Response:
    """Propose a solution, with the time to promise: by default half as long again as the estimate."""
    return await _done(work, await loop.propose(work, complaint_id, body))


@router.post("/{complaint_id}/inform", response_model=ComplaintPublic, dependencies=[allow("complaint:work")])
async def inform_customer(complaint_id: ComplaintId, body: ComplaintInform, work: WorkDep) -> Response:
    """The customer was told of the solution and the promise."""
    return await _done(work, await loop.inform(work, complaint_id, body))


@router.post("/{complaint_id}/verify", response_model=ComplaintPublic, dependencies=[allow("complaint:verify")])
async def verify_complaint(complaint_id: ComplaintId, body: ComplaintVerify, work: WorkDep) -> Response:
    """What the unit says: settled, not settled, or not carried out yet. Needs If-Match."""
    return await _done(work, await loop.verify(work, complaint_id, body))


@router.post("/{complaint_id}/call-back", response_model=ComplaintPublic, dependencies=[allow("complaint:call_back")])
async def call_customer_back(complaint_id: ComplaintId, body: ComplaintCallBack, work: WorkDep) -> Response:
    """What the customer says, or that nobody was reached. Needs If-Match."""
    return await _done(work, await loop.call_back(work, complaint_id, body))


@router.post("/{complaint_id}/close", response_model=ComplaintPublic, dependencies=[allow("complaint:work")])
async def close_complaint(complaint_id: ComplaintId, work: WorkDep) -> Response:
    """Close a complaint that the customer confirmed to be settled."""
    return await _done(work, await loop.close(work, complaint_id))


@router.post("/{complaint_id}/withdraw", response_model=ComplaintPublic, dependencies=[allow("complaint:work")])
async def withdraw_complaint(complaint_id: ComplaintId, body: ComplaintReason, work: WorkDep) -> Response:
    """The customer takes it back."""
    return await _done(work, await loop.withdraw(work, complaint_id, body.reason))


@router.post("/{complaint_id}/cancel", response_model=ComplaintPublic, dependencies=[allow("complaint:cancel")])
async def cancel_complaint(complaint_id: ComplaintId, body: ComplaintReason, work: WorkDep) -> Response:
    """It was opened in error and counts for nothing."""
    return await _done(work, await loop.cancel(work, complaint_id, body.reason))


@router.post("/{complaint_id}/reopen", response_model=ComplaintPublic, dependencies=[allow("complaint:work")])
async def reopen_complaint(complaint_id: ComplaintId, body: ComplaintReason, work: WorkDep) -> Response:
    """Take it up again, within the days that the policy gives: a new solution is looked for."""
    return await _done(work, await loop.reopen(work, complaint_id, body.reason))


@router.post("/{complaint_id}/weigh", response_model=ComplaintPublic, dependencies=[allow("complaint:work")])
async def weigh_complaint(complaint_id: ComplaintId, body: ComplaintWeigh, work: WorkDep) -> Response:
    """Circumstances that make it serious: injury or safety, media or regulator, the customer's loss."""
    return await _done(work, await loop.weigh(work, complaint_id, body))


@router.post("/{complaint_id}/lower", response_model=ComplaintPublic, dependencies=[allow("complaint:grade_lower")])
async def lower_grade(complaint_id: ComplaintId, body: ComplaintLower, work: WorkDep) -> Response:
    """Lower its grade, with a reason. Needs If-Match."""
    return await _done(work, await loop.lower(work, complaint_id, body))


@router.post("/{complaint_id}/contain", response_model=ComplaintPublic, dependencies=[allow("emergency:contain")])
async def contain_complaint(complaint_id: ComplaintId, body: EmergencyContained, work: WorkDep) -> Response:
    """A complaint of the emergency category is contained; say what was done."""
    return await _done(work, await loop.contain(work, complaint_id, body.measures))


@router.post("/{complaint_id}/discipline", response_model=ComplaintPublic, dependencies=[allow("complaint:judge")])
async def propose_discipline(complaint_id: ComplaintId, body: ComplaintDisciplined, work: WorkDep) -> Response:
    """Propose a discipline for the person directly responsible."""
    return await _done(work, await measures.discipline(work, complaint_id, body))


@router.post(
    "/{complaint_id}/improvements",
    status_code=201,
    response_model=ImprovementShown,
    dependencies=[allow("complaint:work")],
)
async def set_improvement(
    complaint_id: ComplaintId, body: Annotated[ImprovementSet, Depends(with_an_owner)], work: WorkDep
) -> Response:
    """Say what is changed so that it doesn't happen again, by whom and until when."""
    measure = await measures.improve(work, complaint_id, body)
    return await answer(work, ImprovementShown.model_validate(measure), status=201)


@router.post(
    "/{complaint_id}/improvements/{improvement_id}/done",
    response_model=ImprovementShown,
    dependencies=[allow("complaint:work")],
)
async def finish_improvement(
    complaint_id: ComplaintId, improvement_id: ImprovementId, body: ImprovementDone, work: WorkDep
) -> Response:
    """The measure is carried out; say what came of it."""
    measure = await measures.finish_improvement(work, complaint_id, improvement_id, body.result)
    return await answer(work, ImprovementShown.model_validate(measure))


async def _done(work: Work, case: Case) -> Response:
    return await _answered(work, (case.complaint, case.ticket))


async def _answered(work: Work, seen: Seen, *, status: int = 200, location: str | None = None) -> Response:
    complaint, ticket = seen
    body: dict[str, Any] = {
        **shown(complaint, inside=sees_notes(work)),
        "ticket": await tickets.show(work, ticket),
    }
    return await answer(
        work, ComplaintPublic.model_validate(body), status=status, version=ticket.version, location=location
    )
