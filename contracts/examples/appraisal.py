"""Examples of the appraisal service's events."""

from datetime import date

from contracts.appraisal.appraisal import (
    AppraisalDrafted,
    AppraisalPublished,
    AppraisalResult,
    Band,
    LedgerKind,
    LedgerPosted,
)
from contracts.appraisal.conduct import (
    MeritKind,
    MeritRecorded,
    ViolationAppealed,
    ViolationClass,
    ViolationConfirmed,
    ViolationDrafted,
    ViolationOutcome,
    ViolationWithdrawn,
    WithdrawalCause,
)
from contracts.appraisal.inspection import (
    InspectionCompleted,
    InspectionForm,
    InspectionKind,
    RectificationEscalated,
    RectificationIssued,
    RectificationPassed,
)
from contracts.appraisal.staff import (
    Alias,
    StaffChanged,
    StaffGrade,
    StaffHired,
    StaffLeft,
    StaffRole,
    StaffState,
    StaffStatus,
    StaffSuspended,
    TeamChanged,
    TeamState,
    UnitChanged,
    UnitKind,
    UnitState,
)
from contracts.event import Event
from contracts.examples.cast import (
    AGENT,
    APPRAISAL,
    AS_AGENT,
    AS_MANAGER,
    AS_SUPERVISOR,
    BY_RULE,
    COLLEAGUE,
    COMPLAINT,
    INSPECTION,
    RECTIFICATION,
    SHIFT,
    SHOP,
    SUPERVISOR,
    TEAM,
    UNIT,
    VIOLATION,
    at,
    cny,
    cny_difference,
    uid,
)

HIRED = StaffState(
    staff_id=AGENT,
    number="S0042",
    aliases=(Alias(shop=SHOP, alias="菲菲"),),
    team_id=TEAM,
    unit_id=UNIT,
    role=StaffRole.AGENT,
    status=StaffStatus.PROBATION,
    hired_on=date(2026, 11, 2),
)
CONFIRMED = HIRED.model_copy(update={"status": StaffStatus.ACTIVE, "grade": StaffGrade.JUNIOR})
SUSPENDED = CONFIRMED.model_copy(update={"status": StaffStatus.SUSPENDED})
LEFT = CONFIRMED.model_copy(update={"status": StaffStatus.LEFT, "left_on": date(2026, 11, 30)})

STAFF: tuple[Event, ...] = (
    StaffHired(staff=HIRED, hired_by=AS_MANAGER),
    StaffChanged(staff=CONFIRMED, changed_by=AS_MANAGER, changed_at=at(20, 9)),
    StaffSuspended(staff=SUSPENDED, reason="six_violations", suspended_by=AS_MANAGER, suspended_at=at(25, 9)),
    StaffLeft(staff=LEFT, recorded_by=AS_MANAGER, recorded_at=at(30, 17)),
    TeamChanged(
        team=TeamState(
            team_id=TEAM,
            code="aftersales",
            name="售后组",
            unit_id=UNIT,
            lead_staff_id=SUPERVISOR,
            shops=(SHOP,),
        ),
        changed_at=at(1, 9),
    ),
    UnitChanged(
        unit=UnitState(
            unit_id=UNIT,
            code="warehouse-east",
            name="华东仓",
            kind=UnitKind.WAREHOUSE,
            lead_staff_id=SUPERVISOR,
        ),
        changed_at=at(1, 9),
    ),
)

_VIOLATION = {
    "violation_id": VIOLATION,
    "staff_id": AGENT,
    "code": "handover_not_kept",
    "severity": ViolationClass.MINOR,
    "points": 5,
    "occurred_on": date(2026, 11, 7),
    "shift_id": SHIFT,
    "policy_version": 1,
}

CONDUCT: tuple[Event, ...] = (
    ViolationDrafted.model_validate({**_VIOLATION, "drafted_by": BY_RULE, "drafted_at": at(7, 16, 45)}),
    ViolationConfirmed.model_validate(
        {
            **_VIOLATION,
            "outcome": ViolationOutcome.POINTS,
            "confirmed_by": AS_SUPERVISOR,
            "confirmed_at": at(8, 9),
        }
    ),
    ViolationAppealed.model_validate({**_VIOLATION, "appealed_by": AS_AGENT, "appealed_at": at(9, 9)}),
    ViolationWithdrawn.model_validate(
        {
            **_VIOLATION,
            "cause": WithdrawalCause.APPEAL_UPHELD,
            "withdrawn_by": AS_MANAGER,
            "withdrawn_at": at(12, 9),
        }
    ),
    MeritRecorded(
        merit_id=uid(0x711),
        staff_id=AGENT,
        kind=MeritKind.STEPPED_IN,
        points=5,
        occurred_on=date(2026, 11, 11),
        policy_version=1,
        recorded_by=AS_SUPERVISOR,
        recorded_at=at(12, 9),
    ),
)

_NOTICE = {
    "rectification_id": RECTIFICATION,
    "inspection_id": INSPECTION,
    "unit_id": UNIT,
    "responsible_staff_id": SUPERVISOR,
    "findings": 2,
    "deadline": at(20, 18),
}

INSPECTIONS: tuple[Event, ...] = (
    InspectionCompleted(
        inspection_id=INSPECTION,
        kind=InspectionKind.ROUTINE,
        form=InspectionForm.JOINT,
        unit_ids=(UNIT,),
        inspector_staff_ids=(SUPERVISOR,),
        people_checked=12,
        people_in_breach=1,
        findings=2,
        completed_at=at(13, 17),
    ),
    RectificationIssued.model_validate({**_NOTICE, "issued_by": AS_MANAGER, "issued_at": at(13, 18)}),
    RectificationPassed.model_validate({**_NOTICE, "checked_by": AS_SUPERVISOR, "passed_at": at(19, 10)}),
    RectificationEscalated.model_validate(
        {
            **_NOTICE,
            "times_extended": 1,
            "violation_id": uid(0x712),
            "escalated_by": AS_MANAGER,
            "escalated_at": at(23, 9),
        }
    ),
)

RUN: tuple[Event, ...] = (
    AppraisalDrafted(
        appraisal_id=APPRAISAL,
        month="2026-11",
        team_id=TEAM,
        run=2,
        policy_version=1,
        people=8,
        changed=1,
        drafted_at=at(30, 22),
    ),
    AppraisalPublished(
        appraisal_id=APPRAISAL,
        month="2026-11",
        team_id=TEAM,
        run=2,
        policy_version=1,
        pool=cny("2500.00"),
        paid_from_pool=cny("2287.50"),
        results=(
            AppraisalResult(staff_id=AGENT, score="92.50", band=Band.EXCELLENT),
            AppraisalResult(staff_id=COLLEAGUE, score="96.00", band=Band.OUTSTANDING),
        ),
        signed_by=AS_MANAGER,
        published_at=at(30, 23),
    ),
    LedgerPosted(
        entry_id=uid(0x713),
        staff_id=AGENT,
        month="2026-11",
        kind=LedgerKind.CLAWBACK,
        amount=cny_difference("-0.75"),
        rule="A19",
        policy_version=1,
        cause_subject="ticket.reopened",
        cause_id=COMPLAINT,
        reverses=uid(0x714),
        posted_at=at(11, 9),
    ),
)

EXAMPLES: tuple[Event, ...] = (*STAFF, *CONDUCT, *INSPECTIONS, *RUN)
