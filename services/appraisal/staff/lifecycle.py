"""The life of a member of staff, drawn, and what each verb tells the others (A1, A10)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

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
)  # fmt: skip
from kit.clock import business_date
from kit.lifecycle import Lifecycle
from kit.problems import invalid

PROBATION, ACTIVE = StaffStatus.PROBATION, StaffStatus.ACTIVE
SUSPENDED, LEFT = StaffStatus.SUSPENDED, StaffStatus.LEFT

LIFE = Lifecycle(
    noun="staff",
    states=StaffStatus,
    initial=PROBATION,
    table={
        "confirm": {PROBATION: ACTIVE},
        "suspend": {PROBATION: SUSPENDED, ACTIVE: SUSPENDED},
        # Whoever is taken back after suspension and training is trusted to work: that ends a probation too (A10).
        "readmit": {SUSPENDED: ACTIVE},
        "leave": {PROBATION: LEFT, ACTIVE: LEFT, SUSPENDED: LEFT},
    },
)


class AliasLike(Protocol):
    """An alias as the table holds it."""

    shop: str
    alias: str


class StaffLike(Protocol):
    """A member of staff as the table holds them."""

    staff_id: UUID
    number: str
    role: str
    team_id: UUID | None
    unit_id: UUID | None
    grade: str | None
    status: str
    hired_on: date
    left_on: date | None


Aliases = Sequence[AliasLike]


def state_of(staff: StaffLike, aliases: Aliases) -> StaffState:
    """All that others may know of them; every staff event carries it."""
    return StaffState(
        staff_id=staff.staff_id,
        number=staff.number,
        aliases=tuple(Alias(shop=one.shop, alias=one.alias) for one in aliases),
        team_id=staff.team_id,
        unit_id=staff.unit_id,
        role=StaffRole(staff.role),
        grade=StaffGrade(staff.grade) if staff.grade else None,
        status=StaffStatus(staff.status),
        hired_on=staff.hired_on,
        left_on=staff.left_on,
    )


def hired(staff: StaffLike, aliases: Aliases, *, by: str) -> StaffHired:
    """What is told of a new member of staff."""
    return StaffHired(staff=state_of(staff, aliases), hired_by=by)


def changed(staff: StaffLike, aliases: Aliases, *, by: str, at: datetime) -> StaffChanged:
    """What is told of another alias, role, team or unit."""
    return StaffChanged(staff=state_of(staff, aliases), changed_by=by, changed_at=at)


def confirm(staff: StaffLike, aliases: Aliases, *, by: str, at: datetime) -> StaffChanged:
    """转正: the probation is passed; the first grade is junior unless they have one already (A2)."""
    LIFE.move(staff, "confirm")
    staff.grade = staff.grade or StaffGrade.JUNIOR.value
    return changed(staff, aliases, by=by, at=at)


def suspend(staff: StaffLike, aliases: Aliases, *, reason: str | None, by: str, at: datetime) -> StaffSuspended:
    """停岗 (A10): no work is routed to them until they are readmitted."""
    LIFE.move(staff, "suspend")
    return StaffSuspended(staff=state_of(staff, aliases), reason=reason, suspended_by=by, suspended_at=at)


def readmit(staff: StaffLike, aliases: Aliases, *, by: str, at: datetime) -> StaffChanged:
    """复岗 (A10): back to work, as one who has passed the probation."""
    LIFE.move(staff, "readmit")
    staff.grade = staff.grade or StaffGrade.JUNIOR.value
    return changed(staff, aliases, by=by, at=at)


def leave(staff: StaffLike, aliases: Aliases, *, left_on: date | None, by: str, at: datetime) -> StaffLeft:
    """离职, on the day given, else on this business day; that day is their last.

    Raises Problem `transition-refused`, and `invalid-request` for a last day before the first or still to come.
    """
    today = business_date(at)
    last = left_on or today
    LIFE.move(staff, "leave")
    if last < staff.hired_on or last > today:
        raise invalid("/left_on", "必须在入职日与今天之间", "must lie between the day of hiring and today")
    staff.left_on = last
    return StaffLeft(staff=state_of(staff, aliases), recorded_by=by, recorded_at=at)
