"""Use cases of checklists (T53). Whose ticket it is, its own room says: the routes ask there first, and whoever
changes something holds the lock of the ticket's row."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from contracts.ticket.ticket import TicketKind
from kit import audit
from kit.policies import in_force
from kit.policy import InForce
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.order.lifecycle import OrderLike
from services.ticket.procedure import store
from services.ticket.procedure.models import TicketProcedure, TicketProcedureStep
from services.ticket.procedure.policy import PROCEDURES, Named, OrderStage, Procedure, Procedures, Situation
from services.ticket.procedure.schemas import ProcedurePublic, StepPublic


def situation_of(kind: TicketKind, category: str | None, order: OrderLike | None) -> Situation:
    """What of a ticket and of its order decides which checklists stand on it."""
    if order is None:
        return Situation(kind, category)
    return Situation(kind, category, order.payment_method, _stage_of(order))


async def begin(work: Work, ticket_id: UUID, shop: str, it: Situation) -> None:
    """流程启动: the checklists that fit stand on the ticket from now on (T53). Where none fits, the database is asked
    for nothing but the policy, which whoever opens tickets has prepared."""
    rules = await in_force(work.session, PROCEDURES, shop, work.now)
    fitting = rules.document.fitting(it)
    if fitting:
        await _put(work, ticket_id, rules, fitting)


async def start(work: Work, ticket_id: UUID, shop: str, code: str) -> None:
    """Put a checklist on a ticket by hand (T53). Raises Problem `invalid-request` for one that the shop doesn't have,
    `already-exists` for one that is there."""
    rules = await in_force(work.session, PROCEDURES, shop, work.now)
    procedure = rules.document.named(code)
    if procedure is None:
        raise invalid("/procedure", "没有这个流程", "is no procedure of this shop")
    if not await _put(work, ticket_id, rules, [procedure]):
        raise Problem("already-exists", procedure=code)


async def tick(work: Work, ticket_id: UUID, procedure: str, step: str) -> None:
    """打勾: by whom and when. What is ticked off stays as it was. Raises Problem `not-found`."""
    row = await _step(work, ticket_id, procedure, step)
    if row.ticked_at is None:
        row.ticked_at, row.ticked_by, row.ticked_by_staff_id = work.now, work.actor.subject, work.actor.staff_id
        await _write_down(work, "tick", ticket_id, procedure, step)


async def untick(work: Work, ticket_id: UUID, procedure: str, step: str, reason: str) -> None:
    """取消打勾: it isn't done after all. Raises Problem `not-found`."""
    row = await _step(work, ticket_id, procedure, step)
    if row.ticked_at is not None:
        row.ticked_at = row.ticked_by = row.ticked_by_staff_id = None
        await _write_down(work, "untick", ticket_id, procedure, step, reason)


async def drop(work: Work, ticket_id: UUID, procedure: str, reason: str) -> None:
    """撤下流程: it isn't this ticket's. Raises Problem `not-found`."""
    if not await store.drop(work.session, ticket_id, procedure):
        raise Problem("not-found")
    await _write_down(work, "drop-procedure", ticket_id, procedure, None, reason)


async def expect_done(work: Work, ticket_id: UUID) -> None:
    """Raises Problem `steps-open`, naming them, when required steps of the ticket's checklists aren't ticked off
    (T53). The caller holds the lock of the ticket's row."""
    await work.session.flush()
    left = await store.open_steps(work.session, ticket_id)
    if left:
        named = [
            {"procedure": row["procedure"], "step": row["step"], "zh": row["name_zh"], "en": row["name_en"]}
            for row in left
        ]
        raise Problem("steps-open", steps=named)


async def carry_over(work: Work, source: UUID, target: UUID) -> None:
    """并单: the checklists of the merged ticket stand on the one that goes on (T3)."""
    await store.carry_over(work.session, source, target)


async def list_procedures(work: Work, ticket_id: UUID) -> list[ProcedurePublic]:
    """The checklists of a ticket, with their ticks."""
    await work.session.flush()
    steps = await store.steps_of(work.session, ticket_id)
    of_procedure = {code: list(those) for code, those in groupby(steps, key=lambda step: step.procedure)}
    return [_shown(one, of_procedure[one.procedure]) for one in await store.of_ticket(work.session, ticket_id)]


async def _put(work: Work, ticket_id: UUID, rules: InForce[Procedures], procedures: Sequence[Procedure]) -> set[str]:
    """Put these on the ticket; the codes of those that weren't there."""
    rows = [
        TicketProcedure(
            ticket_id=ticket_id,
            procedure=one.code,
            name_zh=one.name.zh,
            name_en=one.name.en,
            policy_shop=rules.shop,
            policy_version=rules.version,
            started_by=work.actor.subject,
            started_at=work.now,
        )
        for one in procedures
    ]
    steps = [
        TicketProcedureStep(
            ticket_id=ticket_id,
            procedure=one.code,
            step=step.code,
            place=place,
            name_zh=step.name.zh,
            name_en=step.name.en,
            required=step.required,
        )
        for one in procedures
        for place, step in enumerate(one.steps)
    ]
    put = await store.add(work.session, rows, steps)
    for one in procedures:
        if one.code in put:
            after = {"procedure": one.code, "policy_version": rules.version}
            await audit.record(work, "start-procedure", "ticket", ticket_id, after=after)
    return put


async def _step(work: Work, ticket_id: UUID, procedure: str, step: str) -> TicketProcedureStep:
    row = await store.get_step(work.session, ticket_id, procedure, step)
    if row is None:
        raise Problem("not-found")
    return row


async def _write_down(
    work: Work, verb: str, ticket_id: UUID, procedure: str, step: str | None, reason: str | None = None
) -> None:
    """One line in the ticket's trail."""
    after = {"procedure": procedure, **({"step": step} if step else {})}
    why = scrub(reason) if reason else None
    await audit.record(work, verb, "ticket", ticket_id, after=after, reason=why)


def _stage_of(order: OrderLike) -> OrderStage:
    if order.cancelled_at is not None:
        return OrderStage.CANCELLED
    if order.shipped_at is not None or order.received_at is not None or order.completed_at is not None:
        return OrderStage.SHIPPED
    return OrderStage.UNPAID if order.paid_at is None else OrderStage.PAID


def _shown(procedure: TicketProcedure, steps: Sequence[TicketProcedureStep]) -> ProcedurePublic:
    return ProcedurePublic(
        procedure=procedure.procedure,
        name=Named(zh=procedure.name_zh, en=procedure.name_en),
        policy_version=procedure.policy_version,
        started_by=procedure.started_by,
        started_at=procedure.started_at,
        done=all(step.ticked_at is not None for step in steps if step.required),
        steps=[
            StepPublic(
                step=step.step,
                name=Named(zh=step.name_zh, en=step.name_en),
                required=step.required,
                ticked_at=step.ticked_at,
                ticked_by=step.ticked_by,
                ticked_by_staff_id=step.ticked_by_staff_id,
            )
            for step in steps
        ],
    )
