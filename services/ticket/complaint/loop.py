"""Use cases of the closed loop, stage by stage (T11, T12). Each checks the stage first, then what it brings."""

from datetime import date, timedelta
from uuid import UUID

from contracts.ticket.complaint import ComplaintCallback
from kit.ids import new_id
from kit.money import Money, exponent
from kit.policies import in_force
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.calendar import service as calendars
from services.ticket.calendar.reckoning import Calendar
from services.ticket.complaint import callback, findings, grades, lifecycle, promise, store
from services.ticket.complaint.case import Case, begin, settle
from services.ticket.complaint.grades import Circumstances, Rules
from services.ticket.complaint.lifecycle import ENDED, Stage, expect_drawn, refusal
from services.ticket.complaint.models import (
    ComplaintCall,
    ComplaintCheck,
    ComplaintJudgement,
    ComplaintResponsibility,
    ComplaintSolution,
)
from services.ticket.complaint.policy import COMPLAINT_CALLBACKS, COMPLAINT_GRADES, COMPLAINT_PROMISE
from services.ticket.complaint.schemas import (
    CircumstancesTold,
    ComplaintCallBack,
    ComplaintExplain,
    ComplaintFix,
    ComplaintInform,
    ComplaintJudge,
    ComplaintLower,
    ComplaintPropose,
    ComplaintVerify,
    ComplaintWeigh,
)
from services.ticket.complaint.tally import month_of
from services.ticket.copies import service as copies
from services.ticket.emergency import service as emergencies
from services.ticket.procedure import service as procedures

# Beyond so many days between two misses the business days are not counted one by one: it has been enough.
_LONG = timedelta(days=60)


async def judge(work: Work, complaint_id: UUID, asked: ComplaintJudge) -> Case:
    """定性: founded or not, how severe, and what makes it serious (T11, T13).

    Raises Problem `transition-refused`, `own-case`, `invalid-request`, and what `case.begin` raises.
    """
    case = await begin(work, complaint_id, decides=True)
    rules = await _rules(work, case)
    judged = findings.judge(case.complaint, case.ticket, asked.nature, asked.severity, work.actor, work.now)
    raised = grades.note(case.complaint, case.ticket, _found(asked), rules, work.now)
    row = ComplaintJudgement(
        judgement_id=new_id(),
        complaint_id=complaint_id,
        nature=asked.nature,
        severity=asked.severity,
        reason=asked.reason,
        judged_by=work.actor.subject,
        judged_at=work.now,
    )
    return await settle(work, case, "judge", judged, raised, rows=[row], reason=asked.reason)


async def fix(work: Work, complaint_id: UUID, asked: ComplaintFix) -> Case:
    """定责: the unit, and the person directly responsible (T11, X2).

    Raises Problem `transition-refused`, `own-case`, `invalid-request`, `not-yet-known` for a unit or a person whose
    copy has not arrived, and what `case.begin` raises.
    """
    case = await begin(work, complaint_id, decides=True)
    expect_drawn(case.complaint, "fix")
    if asked.unit_id is not None:
        await copies.expect_unit(work, asked.unit_id)
    if asked.staff_id is not None:
        await copies.expect_staff(work, asked.staff_id)
    fixed = findings.fix(case.complaint, case.ticket, asked.unit_id, asked.staff_id, work.actor, work.now)
    case.ticket.unit_id = asked.unit_id
    row = ComplaintResponsibility(
        responsibility_id=new_id(),
        complaint_id=complaint_id,
        unit_id=asked.unit_id,
        staff_id=asked.staff_id,
        reason=asked.reason,
        fixed_by=work.actor.subject,
        fixed_at=work.now,
    )
    return await settle(work, case, "fix", fixed, rows=[row], reason=asked.reason)


async def explain(work: Work, complaint_id: UUID, asked: ComplaintExplain) -> Case:
    """查明原因 (T11)."""
    case = await begin(work, complaint_id)
    findings.explain(case.complaint, asked.code, asked.cause)
    return await settle(work, case, "explain")


async def propose(work: Work, complaint_id: UUID, asked: ComplaintPropose) -> Case:
    """提出方案: what is done for the customer, and until when it is promised (T11, T16).

    Raises Problem `transition-refused`, `invalid-request` for a promise before now or outside the policy's buffer,
    and what `case.begin` raises.
    """
    case = await begin(work, complaint_id)
    expect_drawn(case.complaint, "propose")
    rules = await in_force(work.session, COMPLAINT_PROMISE, case.complaint.shop, work.now)
    if asked.promised_for is not None:
        promised = rules.document.by_time(work.now, asked.estimated_for, asked.promised_for)
    else:
        promised = rules.document.by_buffer(work.now, asked.estimated_for, asked.buffer)
    told = promise.propose(
        case.complaint, case.ticket, asked.solutions, asked.estimated_for, promised, work.actor, work.now
    )
    row = ComplaintSolution(
        complaint_id=complaint_id,
        round=told.round,
        solutions=[one.value for one in asked.solutions],
        details=asked.details,
        estimated_for=asked.estimated_for,
        buffer=promised.buffer,
        promised_for=promised.promised_for,
        policy_version=rules.version,
        proposed_by=work.actor.subject,
        proposed_by_staff_id=work.actor.staff_id,
        proposed_at=work.now,
    )
    return await settle(work, case, "propose", told, rows=[row])


async def inform(work: Work, complaint_id: UUID, asked: ComplaintInform) -> Case:
    """告知客户: by whom and how the customer was told; now the promise binds (T11, T16).

    Raises Problem `transition-refused`, `conflict` for a promise whose time is over before it was told, and what
    `case.begin` raises.
    """
    case = await begin(work, complaint_id)
    expect_drawn(case.complaint, "inform")
    if case.complaint.promised_for is not None and case.complaint.promised_for <= work.now:
        raise Problem("conflict", noun="complaint", promised_for=case.complaint.promised_for.isoformat())
    promise.inform(case.complaint)
    solution = await store.solution(work.session, complaint_id, case.complaint.round)
    if solution is not None:
        solution.informed_manner, solution.informed_by = asked.channel, work.actor.subject
        solution.informed_at = work.now
    return await settle(work, case, "inform")


async def verify(work: Work, complaint_id: UUID, asked: ComplaintVerify) -> Case:
    """内部核实: who at the unit says that it is done, or is not (T12).

    Raises Problem `transition-refused`, `own-case`, `steps-open` when it is said to be done and required steps of its
    checklists are open (T53), and what `case.begin` raises.
    """
    case = await begin(work, complaint_id, decides=True)
    callback.verify(case.complaint, asked.result, work.actor, work.now)
    if asked.result is callback.Verification.SETTLED:
        await procedures.expect_done(work, complaint_id)
    row = ComplaintCheck(
        check_id=new_id(),
        complaint_id=complaint_id,
        round=case.complaint.round,
        result=asked.result,
        confirmed_by=asked.confirmed_by,
        note=asked.note,
        checked_by=work.actor.subject,
        checked_at=work.now,
    )
    return await settle(work, case, "verify", rows=[row])


async def call_back(work: Work, complaint_id: UUID, asked: ComplaintCallBack) -> Case:
    """回访: what the customer says, by call, message or visit; counted for the grade (T12, T13).

    Raises Problem `transition-refused` for a complaint that is not at that stage, `own-case`, and what `case.begin`
    raises.
    """
    case = await begin(work, complaint_id, decides=True)
    complaint = case.complaint
    expect_drawn(complaint, "call-back")
    rules = await in_force(work.session, COMPLAINT_CALLBACKS, complaint.shop, work.now)
    _, calendar = await calendars.calendar_in_force(work.session, complaint.shop, work.now)
    told = callback.call_back(
        complaint,
        case.ticket,
        asked.result,
        asked.manner,
        rules.document,
        business_days(calendar),
        work.actor,
        work.now,
        work.now.astimezone(calendar.hours.time_zone).date(),
    )
    raised = None
    if asked.result is ComplaintCallback.UNSATISFIED:
        raised = grades.after_callback(complaint, case.ticket, await _rules(work, case), work.now)
    row = ComplaintCall(
        call_id=new_id(),
        complaint_id=complaint_id,
        number=complaint.number,
        shop=complaint.shop,
        month=month_of(work.now),
        round=complaint.round,
        result=asked.result,
        manner=asked.manner,
        note=asked.note,
        staff_id=work.actor.staff_id,
        called_by=work.actor.subject,
        called_at=work.now,
    )
    return await settle(work, case, "call-back", told, raised, rows=[row])


async def close(work: Work, complaint_id: UUID) -> Case:
    """结案: the customer has confirmed (T11)."""
    return await _end(work, complaint_id, "close", None)


async def withdraw(work: Work, complaint_id: UUID, reason: str) -> Case:
    """撤诉: the customer takes it back; it still counts in the report (T11)."""
    return await _end(work, complaint_id, "withdraw", reason)


async def cancel(work: Work, complaint_id: UUID, reason: str) -> Case:
    """撤销: it was opened in error and counts for nothing (T11)."""
    return await _end(work, complaint_id, "cancel", reason)


async def reopen(work: Work, complaint_id: UUID, reason: str) -> Case:
    """重开: what was found out stays, a new solution is looked for (T2, T11).

    Raises Problem `transition-refused`, also when the days for it are over, and what `case.begin` raises.
    """
    case = await begin(work, complaint_id)
    lifecycle.reopen(case.complaint)
    return await settle(work, case, "reopen", reason=reason)


async def weigh(work: Work, complaint_id: UUID, asked: ComplaintWeigh) -> Case:
    """Circumstances that make it serious, whenever they come to light (T13)."""
    case = await begin(work, complaint_id)
    raised = grades.weigh(case.complaint, case.ticket, _found(asked), await _rules(work, case), work.now)
    return await settle(work, case, "weigh", raised, reason=asked.reason)


async def lower(work: Work, complaint_id: UUID, asked: ComplaintLower) -> Case:
    """降级: a manager's, with a reason (T13). Raises Problem `transition-refused`, `own-case`, `invalid-request`."""
    case = await begin(work, complaint_id, decides=True)
    rules = await _rules(work, case)
    lowered = grades.lower(case.complaint, case.ticket, asked.grade, work.actor, rules, work.now)
    return await settle(work, case, "lower", lowered, reason=asked.reason)


async def contain(work: Work, complaint_id: UUID, measures: str) -> Case:
    """受控: a complaint of the emergency category is contained; its stages go on as those of any other (T42).

    Raises Problem `not-found` for one that is no emergency, `transition-refused` for one that is contained or has
    ended, and what `case.begin` raises.
    """
    case = await begin(work, complaint_id)
    if Stage(case.complaint.stage) in ENDED:
        raise refusal(Stage(case.complaint.stage), "contain")
    await emergencies.contain(work, case.ticket, measures)
    return await settle(work, case, "contain")


def business_days(calendar: Calendar) -> callback.BusinessDays:
    """How the shop's calendar counts days: one on which it works at any hour is a business day (T12, T43)."""

    def count(first: date, last: date) -> int:
        days = min(last - first, _LONG).days
        return sum(bool(calendar.spans_of(first + timedelta(days=day))) for day in range(days + 1))

    return count


async def _end(work: Work, complaint_id: UUID, verb: str, reason: str | None) -> Case:
    case = await begin(work, complaint_id)
    lifecycle.end(case.complaint, case.ticket, verb, work.actor, work.now)
    return await settle(work, case, verb, reason=reason)


async def _rules(work: Work, case: Case) -> Rules:
    return await in_force(work.session, COMPLAINT_GRADES, case.complaint.shop, work.now)


def _found(told: CircumstancesTold) -> Circumstances:
    loss = None
    if told.loss is not None:
        try:
            loss = Money.parse(told.loss.amount, told.loss.currency)
        except ValueError as error:
            places = exponent(told.loss.currency)
            raise invalid("/loss/amount", f"最多 {places} 位小数", f"has at most {places} decimals") from error
    return Circumstances(told.injury_or_safety, told.media_or_regulator, loss)
