"""The life of a member of staff (A1, A10)."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.appraisal.staff import StaffEvent, StaffGrade, StaffStatus
from kit.ids import new_id
from kit.problems import Problem
from services.appraisal.staff import lifecycle
from services.appraisal.staff.lifecycle import LIFE

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
P, A, S, L = StaffStatus.PROBATION, StaffStatus.ACTIVE, StaffStatus.SUSPENDED, StaffStatus.LEFT
DRAWN = {
    ("confirm", P): A,
    ("suspend", P): S,
    ("suspend", A): S,
    ("readmit", S): A,
    ("leave", P): L,
    ("leave", A): L,
    ("leave", S): L,
}
VERBS = ("confirm", "suspend", "readmit", "leave")
TOLD = {"confirm": "staff.changed", "suspend": "staff.suspended", "readmit": "staff.changed", "leave": "staff.left"}


@dataclass
class Alias:
    shop: str = "main"
    alias: str = "菲菲"


@dataclass
class Somebody:
    status: str = "probation"
    grade: str | None = None
    role: str = "agent"
    hired_on: date = date(2026, 11, 1)
    left_on: date | None = None
    number: str = "S20261101-000001"
    team_id: UUID | None = None
    unit_id: UUID | None = None
    staff_id: UUID = field(default_factory=new_id)


def take(verb: str, somebody: Somebody) -> StaffEvent:
    facts: dict[str, object] = {"by": "manager:test", "at": NOW}
    if verb == "suspend":
        facts["reason"] = "six_violations"
    if verb == "leave":
        facts["left_on"] = None
    told: StaffEvent = getattr(lifecycle, verb)(somebody, [Alias()], **facts)
    return told


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", list(StaffStatus))
def test_every_state_and_verb(status: StaffStatus, verb: str) -> None:
    somebody = Somebody(status=status)
    if (verb, status) in DRAWN:
        told = take(verb, somebody)
        assert somebody.status == told.staff.status == DRAWN[verb, status]
        assert TOLD[verb] == told.SUBJECT
        assert told.staff.aliases[0].alias == "菲菲"
        return
    with pytest.raises(Problem) as refused:
        take(verb, somebody)
    assert refused.value.slug == "transition-refused"
    assert refused.value.facts["allowed"] == [name for name in VERBS if (name, status) in DRAWN]
    assert somebody.status == status


def test_the_table_is_all_there_is() -> None:
    assert {(verb, start): end for start, verb, end in LIFE.transitions()} == DRAWN


def test_who_passes_the_probation_is_junior_unless_hired_higher() -> None:
    assert take("confirm", Somebody()).staff.grade is StaffGrade.JUNIOR
    assert take("confirm", Somebody(grade="senior")).staff.grade is StaffGrade.SENIOR


def test_the_last_day_is_today_in_the_business_zone_unless_another_was() -> None:
    late = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)  # 22 November, 00:30 in Shanghai
    somebody = Somebody(status="active")
    lifecycle.leave(somebody, [], left_on=None, by="manager:test", at=late)
    assert somebody.left_on == date(2026, 11, 22)
    earlier = Somebody(status="active")
    lifecycle.leave(earlier, [], left_on=date(2026, 11, 20), by="manager:test", at=late)
    assert earlier.left_on == date(2026, 11, 20)


@pytest.mark.parametrize("day", [date(2026, 10, 31), date(2026, 11, 22)])
def test_nobody_leaves_before_the_first_day_nor_tomorrow(day: date) -> None:
    with pytest.raises(Problem) as refused:
        lifecycle.leave(Somebody(status="active"), [], left_on=day, by="manager:test", at=NOW)
    assert refused.value.slug == "invalid-request"


def test_a_name_is_in_no_event() -> None:
    assert "name" not in take("confirm", Somebody()).model_dump_json()
