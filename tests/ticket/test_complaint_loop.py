"""T11, T12, I10: the closed loop. The drawing stands here a second time, written out by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from complaint_paper import (
    AGENT,
    AT,
    CULPRIT,
    HIMSELF,
    LEAD,
    ME,
    OTHER,
    TIMER,
    TODAY,
    UNIT,
    About,
    Paper,
    at_stage,
    grades,
    weekdays,
)  # fmt: skip

from contracts.ticket.complaint import CallManner, ComplaintCallback, Grade, Nature, Solution
from contracts.ticket.ticket import TicketOutcome, TicketStatus
from kit.principals import Principal
from kit.problems import Problem
from services.ticket.complaint import callback, findings, lifecycle, promise
from services.ticket.complaint import grades as grading
from services.ticket.complaint.callback import Verification
from services.ticket.complaint.lifecycle import LOOP, OUTCOME, STATUS, Stage
from services.ticket.complaint.policy import COMPLAINT_CALLBACKS, Promised

SHORT = ("rec", "jud", "res", "cau", "sol", "inf", "ver", "cal", "clo", "unr", "wit", "can")
NAMES = dict(zip(SHORT, (stage.value for stage in Stage), strict=True))
# arrow: what becomes of a complaint in each stage; - is refused.
DRAWING = {
    #                           rec jud res cau sol inf ver cal clo unr wit can
    "judge":                  "jud jud res cau sol inf ver cal -   -   -   -",
    "fix":                    "-   res res cau sol inf ver cal -   -   -   -",
    "explain":                "-   -   cau cau sol inf ver -   -   -   -   -",
    "propose":                "-   -   -   sol sol sol -   -   -   -   -   -",
    "inform":                 "-   -   -   -   inf -   -   -   -   -   -   -",
    "verify/settled":         "-   -   -   -   -   ver -   -   -   -   -   -",
    "verify/not_settled":     "-   -   -   -   -   cau -   -   -   -   -   -",
    "verify/not_carried_out": "-   -   -   -   -   inf -   -   -   -   -   -",
    "call-back/satisfied":    "-   -   -   -   -   -   cal -   -   -   -   -",
    "call-back/unsatisfied":  "-   -   -   -   -   -   cau -   -   -   -   -",
    "call-back/not_settled":  "-   -   -   -   -   -   inf -   -   -   -   -",
    "call-back/missed":       "-   -   -   -   -   -   ver -   -   -   -   -",
    "call-back/missed_again": "-   -   -   -   -   -   unr -   -   -   -   -",
    "close":                  "-   -   -   -   -   -   -   clo -   -   -   -",
    "reopen":                 "-   -   -   -   -   -   -   cau cau cau rec -",
    "withdraw":               "wit wit wit wit wit wit wit -   -   -   -   -",
    "cancel":                 "can can can can can can can -   -   -   -   -",
    "weigh":                  "rec jud res cau sol inf ver cal clo unr wit -",
    "lower":                  "rec jud res cau sol inf ver cal clo unr wit -",
    "discipline":             "-   -   res cau sol inf ver cal clo unr -   -",
    "improve":                "-   -   -   cau sol inf ver cal clo unr -   -",
}  # fmt: skip
STATUSES = {
    "recorded": "new", "judged": "open", "responsibility_fixed": "open", "cause_found": "open",
    "solution_proposed": "open", "customer_informed": "open", "verified_inside": "open", "called_back": "solved",
    "closed": "closed", "unreachable": "closed", "withdrawn": "closed", "cancelled": "cancelled",
}  # fmt: skip
RULES, LATER = COMPLAINT_CALLBACKS.default, AT + timedelta(days=2)


def _call(result: ComplaintCallback) -> Callable[[Paper, Principal], object]:
    return lambda it, by: callback.call_back(it, About(), result, CallManner.CALL, RULES, weekdays, by, AT, TODAY)


def _verify(result: Verification) -> Callable[[Paper, Principal], object]:
    return lambda it, by: callback.verify(it, result, by, AT)


def _propose(it: Paper, by: Principal) -> object:
    return promise.propose(it, About(), [Solution.REFUND], AT, Promised(LATER, "1.50"), by, AT)


VERBS: dict[str, Callable[[Paper, Principal], Any]] = {
    "judge": lambda it, by: findings.judge(it, About(), Nature.FOUNDED, 2, by, AT),
    "fix": lambda it, by: findings.fix(it, About(), UNIT, None, by, AT),
    "explain": lambda it, _: findings.explain(it, "packing", "包装破损"),
    "propose": _propose,
    "inform": lambda it, _: promise.inform(it),
    "verify/settled": _verify(Verification.SETTLED),
    "verify/not_settled": _verify(Verification.NOT_SETTLED),
    "verify/not_carried_out": _verify(Verification.NOT_CARRIED_OUT),
    "call-back/satisfied": _call(ComplaintCallback.SATISFIED),
    "call-back/unsatisfied": _call(ComplaintCallback.UNSATISFIED),
    "call-back/not_settled": _call(ComplaintCallback.NOT_SETTLED),
    "call-back/missed": _call(ComplaintCallback.MISSED),
    "call-back/missed_again": lambda it, by: callback.call_back(
        _missed_before(it), About(), ComplaintCallback.MISSED, CallManner.CALL, RULES, weekdays, by, AT, TODAY
    ),
    "close": lambda it, by: lifecycle.end(it, About(), "close", by, AT),
    "reopen": lambda it, _: lifecycle.reopen(it),
    "withdraw": lambda it, by: lifecycle.end(it, About(), "withdraw", by, AT),
    "cancel": lambda it, by: lifecycle.end(it, About(), "cancel", by, AT),
    "weigh": lambda it, _: grading.weigh(it, About(), grading.Circumstances(injury_or_safety=True), grades(), AT),
    "lower": lambda it, by: grading.lower(it, About(), Grade.ORDINARY, by, grades(), AT),
    "discipline": lambda it, _: lifecycle.move(it, "discipline"),
    "improve": lambda it, _: lifecycle.move(it, "improve"),
}


def _missed_before(it: Paper) -> Paper:
    it.times_missed, it.first_missed_on = 2, date(2026, 11, 20)
    return it


PRODUCT = [
    (stage.value, arrow, NAMES.get(end))
    for arrow, ends in DRAWING.items()
    for stage, end in zip(Stage, ends.split(), strict=True)
]


@pytest.mark.parametrize(("stage", "arrow", "end"), PRODUCT, ids=[f"{one[0]}-{one[1]}" for one in PRODUCT])
def test_every_verb_at_every_stage(stage: str, arrow: str, end: str | None) -> None:
    """What is drawn leads where the drawing says; what isn't changes nothing and is refused with what is allowed."""
    complaint = at_stage(stage, grade="malignant" if arrow == "lower" else "ordinary")
    before = replace(complaint)
    if end is not None:
        VERBS[arrow](complaint, LEAD)
        assert complaint.stage == end
        return
    with pytest.raises(Problem) as refused:
        VERBS[arrow](complaint, LEAD)
    facts = refused.value.facts
    assert (refused.value.slug, facts["noun"], facts["from"]) == ("transition-refused", "complaint", stage)
    assert facts["verb"] == arrow.partition("/")[0]
    drawn = {one.partition("/")[0] for name, one, there in PRODUCT if name == stage and there}
    assert set(facts["allowed"]) == drawn
    assert len(facts["allowed"]) == len(drawn)
    if arrow != "call-back/missed_again":
        assert complaint == before


def test_the_drawing_covers_all_there_is() -> None:
    """The oracle above forgets no stage and no arrow of the table."""
    assert set(DRAWING) == set(LOOP.table) == set(VERBS)
    assert [stage.value for stage in Stage] == list(NAMES.values())
    assert LOOP.initial is Stage.RECORDED


def test_the_common_status_follows_from_the_stage() -> None:
    """T2: derived by a table; an end says how it ended."""
    assert {stage.value: status.value for stage, status in STATUS.items()} == STATUSES
    assert set(OUTCOME) == set(lifecycle.ENDED)
    assert OUTCOME[Stage.UNREACHABLE] is TicketOutcome.UNREACHABLE
    assert all(
        (STATUS[stage] in (TicketStatus.CLOSED, TicketStatus.CANCELLED)) == (stage in OUTCOME) for stage in Stage
    )


DECIDING = (
    "judge", "fix", "verify/settled", "verify/not_settled", "verify/not_carried_out", "call-back/satisfied",
    "call-back/unsatisfied", "call-back/not_settled", "call-back/missed", "withdraw", "cancel", "lower",
)  # fmt: skip


@pytest.mark.parametrize("arrow", DECIDING)
@pytest.mark.parametrize("how", ["responsible_staff_id", "against_staff_id"])
def test_the_person_judged_decides_nothing(arrow: str, how: str) -> None:
    """T11: neither who was complained about nor who was found responsible."""
    stage = next(name for name, one, there in PRODUCT if one == arrow and there and name != "recorded")
    facts = {"responsible_staff_id": None, "against_staff_id": None, "grade": "malignant", how: CULPRIT}
    complaint = at_stage(stage, **facts)
    before = replace(complaint)
    with pytest.raises(Problem) as refused:
        VERBS[arrow](complaint, HIMSELF)
    assert refused.value.slug == "own-case"
    assert complaint == before
    VERBS[arrow](at_stage(stage, **facts), LEAD)


def test_nobody_takes_the_responsibility_for_what_they_judged() -> None:
    """T11: neither by naming themselves, nor after their own judgement: somebody else judges it first."""
    for by, person in ((LEAD, OTHER), (AGENT, OTHER)):
        complaint = at_stage("judged", judged_by_staff_id=OTHER)
        with pytest.raises(Problem) as refused:
            findings.fix(complaint, About(), UNIT, person, by, AT)
        assert refused.value.slug == "own-case"
    complaint = at_stage("judged", judged_by_staff_id=OTHER)
    findings.judge(complaint, About(), Nature.FOUNDED, 3, AGENT, AT)
    told = findings.fix(complaint, About(), UNIT, OTHER, AGENT, AT)
    assert (complaint.responsible_staff_id, told.responsible_staff_id) == (OTHER, OTHER)


@pytest.mark.parametrize(
    ("nature", "unit", "person", "is_good"),
    [
        ("founded", UNIT, CULPRIT, True), ("founded", UNIT, None, True), ("founded", None, None, False),
        ("undetermined", UNIT, None, True), ("undetermined", None, None, False), ("unfounded", None, None, True),
        ("unfounded", UNIT, None, True), ("unfounded", None, CULPRIT, False),
    ],
)  # fmt: skip
def test_only_an_unfounded_complaint_may_be_nobodys(nature: str, unit: Any, person: Any, is_good: bool) -> None:
    """T11, X2."""
    complaint = at_stage("judged", nature=nature)
    if is_good:
        told = findings.fix(complaint, About(), unit, person, LEAD, AT)
        assert (told.SUBJECT, told.unit_id, told.unit_before) == ("complaint.responsibility_fixed", unit, None)
        return
    with pytest.raises(Problem) as refused:
        findings.fix(complaint, About(), unit, person, LEAD, AT)
    assert [fault.pointer for fault in refused.value.faults] == ["/unit_id"]


def test_an_unfounded_complaint_becomes_nobodys_fault_again_only_with_a_unit() -> None:
    """T11: the responsibility is fixed first."""
    complaint = at_stage("cause_found", nature="unfounded", unit_id=None, responsible_staff_id=None)
    for nature in (Nature.FOUNDED, Nature.UNDETERMINED):
        with pytest.raises(Problem) as refused:
            findings.judge(complaint, About(), nature, 2, LEAD, AT)
        assert refused.value.faults[0].pointer == "/nature"
    findings.judge(complaint, About(), Nature.UNFOUNDED, 1, LEAD, AT)
    findings.fix(complaint, About(), UNIT, None, AGENT, AT)
    assert findings.judge(complaint, About(), Nature.FOUNDED, 2, LEAD, AT).nature_before == "unfounded"


def test_a_second_judgement_says_what_it_was_before() -> None:
    """T11."""
    complaint = Paper()
    first = findings.judge(complaint, About(), Nature.UNDETERMINED, 1, LEAD, AT)
    second = findings.judge(complaint, About(), Nature.FOUNDED, 4, AGENT, AT)
    assert (first.nature_before, second.nature_before) == (None, "undetermined")
    assert (second.nature, second.severity, second.judged_by) == ("founded", 4, "staff:me")
    assert (complaint.stage, complaint.judged_by_staff_id) == ("judged", ME)


def test_a_contact_resets_the_misses() -> None:
    """T12: also one that leads back."""
    for result in (ComplaintCallback.SATISFIED, ComplaintCallback.UNSATISFIED, ComplaintCallback.NOT_SETTLED):
        complaint = at_stage("verified_inside", times_missed=2, first_missed_on=date(2026, 11, 20))
        told = _call(result)(complaint, AGENT)
        assert (complaint.times_missed, complaint.first_missed_on) == (0, None)
        assert (told.times_missed, told.result, told.staff_id) == (0, result, ME)  # type: ignore[attr-defined]


FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 11, day) for day in (20, 21, 22, 23))


@pytest.mark.parametrize(
    ("days", "ends_at"),
    [
        ((FRIDAY, FRIDAY, FRIDAY), None),
        ((FRIDAY, FRIDAY, MONDAY), 3),
        ((FRIDAY, MONDAY), None),
        ((FRIDAY, SATURDAY, SUNDAY), None),
        ((FRIDAY, SATURDAY, SUNDAY, MONDAY), 4),
        ((SATURDAY, SUNDAY, MONDAY), None),
        ((FRIDAY, FRIDAY, FRIDAY, FRIDAY, MONDAY), 5),
        ((MONDAY, date(2026, 11, 24), date(2026, 12, 24)), 3),
    ],
)
def test_the_third_miss_over_two_business_days_is_the_end(days: tuple[date, ...], ends_at: int | None) -> None:
    """T12: three misses of one day are not enough, nor three of a weekend."""
    complaint = at_stage("verified_inside")
    for count, day in enumerate(days, 1):
        told = callback.call_back(
            complaint, About(), ComplaintCallback.MISSED, CallManner.VISIT, RULES, weekdays, AGENT, AT, day
        )
        assert (told.times_missed, told.manner) == (count, "visit")
        assert complaint.stage == ("unreachable" if count == ends_at else "verified_inside")
    assert (complaint.closed_at == AT) is (ends_at is not None)


def test_an_end_remembers_who_handled_it_and_leaves_nothing_due() -> None:
    """T15: the ticket's assignee, else who ended it; a timer is nobody."""
    for assignee, by, who in ((CULPRIT, AGENT, CULPRIT), (None, AGENT, ME), (None, TIMER, None)):
        complaint = at_stage("customer_informed")
        lifecycle.end(complaint, About(assignee_staff_id=assignee), "withdraw", by, AT)
        assert (complaint.handled_by_staff_id, complaint.closed_at, complaint.due_at) == (who, AT, None)


def test_what_was_withdrawn_is_recorded_anew_and_open() -> None:
    """T2: no ticket becomes new again."""
    complaint = at_stage("withdrawn")
    lifecycle.reopen(complaint)
    assert (complaint.stage, lifecycle.status_of(complaint)) == ("recorded", TicketStatus.OPEN)
    assert lifecycle.status_of(Paper()) is TicketStatus.NEW


def test_a_reopened_complaint_keeps_what_was_found_out() -> None:
    """T2, T11: only the solution is looked for anew; the misses and the end are forgotten."""
    complaint = at_stage(
        "unreachable", times_missed=3, first_missed_on=FRIDAY, times_unsatisfied=1, promise_kept=True
    )
    lifecycle.reopen(complaint)
    assert complaint == replace(
        complaint,
        stage="cause_found",
        closed_at=None,
        times_missed=0,
        first_missed_on=None,
        verified_at=None,
        times_reopened=1,
    )
    assert (complaint.nature, complaint.unit_id, complaint.cause_code) == ("founded", UNIT, "packing")
    assert (complaint.times_unsatisfied, complaint.promise_kept, complaint.round) == (1, True, 1)
