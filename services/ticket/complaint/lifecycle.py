"""闭环: the stages of a complaint as one table, and the common status that each of them means (T2, T11, T12)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.ticket.ticket import TicketOutcome, TicketStatus
from kit.lifecycle import Lifecycle
from kit.principals import Principal
from kit.problems import Problem


class Stage(StrEnum):
    """投诉阶段 (T11): each is named by what has been done."""

    RECORDED = "recorded"
    JUDGED = "judged"
    RESPONSIBILITY_FIXED = "responsibility_fixed"
    CAUSE_FOUND = "cause_found"
    SOLUTION_PROPOSED = "solution_proposed"
    CUSTOMER_INFORMED = "customer_informed"
    VERIFIED_INSIDE = "verified_inside"
    CALLED_BACK = "called_back"
    CLOSED = "closed"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class ComplaintLike(Protocol):
    """A complaint as the table holds it."""

    complaint_id: UUID
    number: str
    shop: str
    account_id: UUID | None
    order_id: UUID | None
    category: str
    stage: str
    against_staff_id: UUID | None
    nature: str
    severity: int | None
    judged_by_staff_id: UUID | None
    judged_at: datetime | None
    unit_id: UUID | None
    responsible_staff_id: UUID | None
    cause_code: str | None
    cause: str | None
    grade: str
    linked_ticket_id: UUID | None
    round: int
    promised_for: datetime | None
    due_at: datetime | None
    verified_at: datetime | None
    promise_kept: bool | None
    times_not_settled: int
    times_not_carried_out: int
    times_unsatisfied: int
    times_missed: int
    times_reopened: int
    first_missed_on: date | None
    injury_or_safety: bool
    media_or_regulator: bool
    loss_minor: int | None
    loss_currency: str | None
    handled_by_staff_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None


class AboutLike(Protocol):
    """What a complaint needs of its ticket: whom it is about, and whose it is now."""

    customer_id: UUID | None
    assignee_staff_id: UUID | None


_S = Stage
AT_WORK = (
    _S.RECORDED, _S.JUDGED, _S.RESPONSIBILITY_FIXED, _S.CAUSE_FOUND, _S.SOLUTION_PROPOSED, _S.CUSTOMER_INFORMED,
    _S.VERIFIED_INSIDE,
)  # fmt: skip
ENDED = (_S.CLOSED, _S.UNREACHABLE, _S.WITHDRAWN, _S.CANCELLED)


def _stays(*stages: Stage) -> dict[Stage, Stage]:
    return {stage: stage for stage in stages}


# `verify/…` and `call-back/…` are one verb each, with the result that decides where it leads.
LOOP = Lifecycle(
    noun="complaint",
    states=Stage,
    initial=_S.RECORDED,
    table={
        "judge": {_S.RECORDED: _S.JUDGED, **_stays(*AT_WORK[1:], _S.CALLED_BACK)},
        "fix": {_S.JUDGED: _S.RESPONSIBILITY_FIXED, **_stays(*AT_WORK[2:], _S.CALLED_BACK)},
        "explain": {_S.RESPONSIBILITY_FIXED: _S.CAUSE_FOUND, **_stays(*AT_WORK[3:])},
        "propose": dict.fromkeys(
            (_S.CAUSE_FOUND, _S.SOLUTION_PROPOSED, _S.CUSTOMER_INFORMED), _S.SOLUTION_PROPOSED
        ),
        "inform": {_S.SOLUTION_PROPOSED: _S.CUSTOMER_INFORMED},
        "verify/settled": {_S.CUSTOMER_INFORMED: _S.VERIFIED_INSIDE},
        "verify/not_settled": {_S.CUSTOMER_INFORMED: _S.CAUSE_FOUND},
        "verify/not_carried_out": {_S.CUSTOMER_INFORMED: _S.CUSTOMER_INFORMED},
        "call-back/satisfied": {_S.VERIFIED_INSIDE: _S.CALLED_BACK},
        "call-back/unsatisfied": {_S.VERIFIED_INSIDE: _S.CAUSE_FOUND},
        "call-back/not_settled": {_S.VERIFIED_INSIDE: _S.CUSTOMER_INFORMED},
        "call-back/missed": {_S.VERIFIED_INSIDE: _S.VERIFIED_INSIDE},
        "call-back/missed_again": {_S.VERIFIED_INSIDE: _S.UNREACHABLE},
        "close": {_S.CALLED_BACK: _S.CLOSED},
        "reopen": {
            _S.CALLED_BACK: _S.CAUSE_FOUND, _S.CLOSED: _S.CAUSE_FOUND, _S.UNREACHABLE: _S.CAUSE_FOUND,
            _S.WITHDRAWN: _S.RECORDED,
        },
        "withdraw": dict.fromkeys(AT_WORK, _S.WITHDRAWN),
        "cancel": dict.fromkeys(AT_WORK, _S.CANCELLED),
        "weigh": _stays(*AT_WORK, _S.CALLED_BACK, _S.CLOSED, _S.UNREACHABLE, _S.WITHDRAWN),
        "lower": _stays(*AT_WORK, _S.CALLED_BACK, _S.CLOSED, _S.UNREACHABLE, _S.WITHDRAWN),
        "discipline": _stays(*AT_WORK[2:], _S.CALLED_BACK, _S.CLOSED, _S.UNREACHABLE),
        "improve": _stays(*AT_WORK[3:], _S.CALLED_BACK, _S.CLOSED, _S.UNREACHABLE),
    },
)  # fmt: skip

# The common status is derived from the stage (T2).
STATUS: dict[Stage, TicketStatus] = {
    _S.RECORDED: TicketStatus.NEW,
    **dict.fromkeys(AT_WORK[1:], TicketStatus.OPEN),
    _S.CALLED_BACK: TicketStatus.SOLVED,
    **dict.fromkeys((_S.CLOSED, _S.UNREACHABLE, _S.WITHDRAWN), TicketStatus.CLOSED),
    _S.CANCELLED: TicketStatus.CANCELLED,
}
OUTCOME: dict[Stage, TicketOutcome] = {
    _S.CLOSED: TicketOutcome.SOLVED,
    _S.UNREACHABLE: TicketOutcome.UNREACHABLE,
    _S.WITHDRAWN: TicketOutcome.WITHDRAWN,
    _S.CANCELLED: TicketOutcome.CANCELLED,
}


def status_of(complaint: ComplaintLike) -> TicketStatus:
    """The common status; a complaint that is recorded anew is open, because no ticket becomes new again."""
    if complaint.stage == Stage.RECORDED and complaint.times_reopened:
        return TicketStatus.OPEN
    return STATUS[Stage(complaint.stage)]


def door(arrow: str) -> str:
    """The verb that callers know an arrow by: `verify` for `verify/settled`."""
    return arrow.partition("/")[0]


def allowed(stage: Stage) -> list[str]:
    """The verbs that the stage allows, in the order of the loop."""
    return list(dict.fromkeys(door(arrow) for arrow in LOOP.allowed(stage)))


def refusal(stage: Stage, verb: str) -> Problem:
    """The 409 of a verb that is not drawn for the stage; it names those that are."""
    facts: dict[str, Any] = {"noun": LOOP.noun, "from": stage.value, "verb": door(verb), "allowed": allowed(stage)}
    return Problem("transition-refused", **facts)


def move(complaint: ComplaintLike, arrow: str) -> Stage:
    """Take the complaint along an arrow of the drawing and return the stage it left.

    Raises Problem `transition-refused` when it is not drawn there; nothing is changed then.
    """
    before = Stage(complaint.stage)
    after = LOOP.table[arrow].get(before)
    if after is None:
        raise refusal(before, arrow)
    complaint.stage = after.value
    return before


def expect_drawn(complaint: ComplaintLike, verb: str) -> None:
    """Raises Problem `transition-refused` when nothing of that verb is drawn for the present stage; asked before
    what the verb brings is looked at, so that a wrong stage is told first."""
    if verb not in allowed(Stage(complaint.stage)):
        raise refusal(Stage(complaint.stage), verb)


def reopen(complaint: ComplaintLike) -> None:
    """重开: what was found out stays, and a new solution is looked for; one that was withdrawn begins anew (T2, T11).

    A promise of before has its verdict; the misses of before are forgotten.
    """
    move(complaint, "reopen")
    complaint.times_reopened += 1
    complaint.closed_at = complaint.due_at = complaint.verified_at = None
    complaint.times_missed, complaint.first_missed_on = 0, None


def end(complaint: ComplaintLike, about: AboutLike, verb: str, by: Principal, at: datetime) -> None:
    """结案: closed, withdrawn by the customer, or cancelled because it was opened in error (T11).

    Raises Problem `transition-refused`, and `own-case` for the person responsible, who can't do away with it.
    """
    expect_drawn(complaint, verb)
    if verb != "close":
        expect_disinterested(complaint, by)
    move(complaint, verb)
    ended(complaint, about, by, at)


def ended(complaint: ComplaintLike, about: AboutLike, by: Principal, at: datetime) -> None:
    """What every end leaves behind: its time, who handled it, and no promise that is still due."""
    complaint.closed_at, complaint.due_at = at, None
    complaint.handled_by_staff_id = about.assignee_staff_id or by.staff_id


def expect_disinterested(complaint: ComplaintLike, by: Principal) -> None:
    """Raises Problem `own-case` for the person complained about or found responsible: nobody judges themselves,
    nor whether what they did is settled now (T11)."""
    if by.staff_id is not None and by.staff_id in (complaint.against_staff_id, complaint.responsible_staff_id):
        raise Problem("own-case")
