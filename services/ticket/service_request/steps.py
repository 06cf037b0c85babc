"""The steps of a service request, recorded in the order of its type (T60): by the department, and, where the type
says so, by the customer, who picks among what was offered."""

from uuid import UUID

from kit.ids import new_id
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.service_request import forms, lifecycle, sealing, store
from services.ticket.service_request.case import Case, begin, settle
from services.ticket.service_request.lifecycle import LIFE
from services.ticket.service_request.models import RequestRecord
from services.ticket.service_request.policy import RequestStep, StepBy
from services.ticket.service_request.schemas import StepRecord
from services.ticket.service_request.service import Seen
from services.ticket.sight import sees_notes


async def record_step(work: Work, request_id: UUID, asked: StepRecord) -> Seen:
    """记录步骤: what was done, or what the customer picked.

    Raises Problem `transition-refused` when the request is not where the step belongs, `steps-open` when others come
    before it, `already-exists`, `forbidden` for a customer whose step it isn't, `invalid-request` for a step that the
    type doesn't have, facts that break its form, and a choice that isn't one.
    """
    case = await begin(work, request_id)
    step = _step(work, case, asked.step)
    _expect_phase(case, step)
    progress = await case.progress(work)
    progress.expect_turn(step)
    progress.expect_choice(step, asked.choice)
    _expect_facts(step, asked)
    step_id = new_id()
    facts = None if asked.facts is None else sealing.seal_facts(work.vault, step_id, asked.facts)
    record = RequestRecord(
        step_id=step_id,
        request_id=request_id,
        round=case.request.round,
        step=step.code,
        choice=asked.choice,
        sealed_facts=facts,
        recorded_by=work.actor.subject,
        staff_id=work.actor.staff_id,
        recorded_at=work.now,
    )
    await store.add(work.session, record)
    chosen = {"choice": str(asked.choice)} if asked.choice else {}
    await settle(work, case, "record", after={"step": step.code, "step_id": str(step_id), **chosen})
    return case.request, case.ticket


def _step(work: Work, case: Case, code: str) -> RequestStep:
    step = case.kind.step(code)
    if step is None or not (step.shown or sees_notes(work)):
        raise invalid("/step", "该类型没有这个步骤", "is no step of the type")
    if step.by is not StepBy.CUSTOMER and not sees_notes(work):
        raise Problem("forbidden", step=code)
    return step


def _expect_phase(case: Case, step: RequestStep) -> None:
    LIFE.move(case.request, "record")
    if lifecycle.phase_of(case.request) is not step.phase:
        raise LIFE.refusal(lifecycle.RequestStatus(case.request.status), "record")


def _expect_facts(step: RequestStep, asked: StepRecord) -> None:
    if step.form is not None:
        forms.expect(step.form, asked.facts or {}, "facts")
    elif asked.facts is not None:
        raise invalid("/facts", "该步骤没有要填写的内容", "has nothing to fill in here")
