"""One change of a complaint: under its ticket's row lock, with its events, its history, its line in the trail, and
what it means for the ticket's status and for the tally (I1, T2, T15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ticket.complaint import ComplaintEvent, ComplaintGraded
from contracts.ticket.ticket import TicketKind
from kit import audit, outbox
from kit.ids import new_id
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.complaint import store
from services.ticket.complaint.lifecycle import OUTCOME, Stage, status_of
from services.ticket.complaint.models import Complaint, ComplaintGrading
from services.ticket.complaint.tally import Cell, cells
from services.ticket.models import TicketServiceTable
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Ticket

_TOLD = (
    "stage", "nature", "severity", "unit_id", "responsible_staff_id", "cause_code", "grade", "round", "promise_kept",
    "times_not_settled", "times_not_carried_out", "times_unsatisfied", "times_missed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A locked complaint with its ticket, and what it was before."""

    complaint: Complaint
    ticket: Ticket
    audited: dict[str, Any]
    counted: frozenset[Cell]


async def begin(work: Work, complaint_id: UUID, *, decides: bool = False) -> Case:
    """Lock it. `decides`: the verb is asked with what the caller has seen.

    Raises Problem `not-found`, also for one out of sight (T40, X1), `precondition-required` for a decision without
    If-Match, and `stale-version`.
    """
    if decides and work.expected_version is None:
        raise Problem("precondition-required")
    ticket = await tickets.lock(work, complaint_id, TicketKind.COMPLAINT)
    work.expect_version(ticket.version)
    complaint = await store.get_fresh(work.session, complaint_id)
    if complaint is None:
        raise Problem("not-found")
    return Case(complaint, ticket, audited(complaint), cells(complaint))


async def settle(
    work: Work,
    case: Case,
    verb: str,
    *told: ComplaintEvent | None,
    rows: Sequence[TicketServiceTable] = (),
    reason: str | None = None,
) -> Case:
    """Write down what the verb has changed."""
    complaint, stage = case.complaint, Stage(case.complaint.stage)
    events = [event for event in told if event is not None]
    for row in (*rows, *(graded(event, reason) for event in events if isinstance(event, ComplaintGraded))):
        await store.add(work.session, row)
    await outbox.record(work, complaint, *events)
    await tickets.follow(
        work,
        case.ticket,
        status_of(complaint),
        verb=verb,
        outcome=OUTCOME.get(stage),
        promise_kept=complaint.promise_kept,
        reason=reason,
    )
    await write_down(work, complaint, verb, case.audited, reason)
    await recount(work, case.counted, cells(complaint))
    return case


async def write_down(
    work: Work, complaint: Complaint, verb: str, before: dict[str, Any], reason: str | None = None
) -> None:
    """One line in the trail: of what changed, codes and counts; of free text that it was written (X6, X7)."""
    after = audited(complaint)
    changed = [name for name in _TOLD if before.get(name) != after[name]]
    why = scrub(reason) if reason else None
    await audit.record(
        work,
        verb,
        "complaint",
        complaint.complaint_id,
        before={name: before[name] for name in changed if name in before},
        after={name: after[name] for name in changed},
        reason=why,
    )


async def recount(work: Work, before: frozenset[Cell], after: frozenset[Cell]) -> None:
    """Move it in the tally, the last thing a change does: all complaints of a month share these rows (T15)."""
    await store.count(work.session, {**dict.fromkeys(before - after, -1), **dict.fromkeys(after - before, 1)})


def graded(event: ComplaintGraded, reason: str | None) -> ComplaintGrading:
    """定级 as the history keeps it."""
    return ComplaintGrading(
        grading_id=new_id(),
        complaint_id=event.complaint_id,
        grade_before=event.grade_before,
        grade=event.grade,
        cause=event.cause,
        reason=reason,
        policy_version=event.policy_version,
        graded_by=event.graded_by,
        graded_at=event.graded_at,
    )


def audited(complaint: Complaint) -> dict[str, Any]:
    """What the trail says of a complaint's state."""
    values = {name: getattr(complaint, name) for name in _TOLD}
    return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}
