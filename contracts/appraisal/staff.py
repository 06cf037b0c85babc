"""员工、小组、责任单位: who works here and where. Every event carries the whole public state, because readers keep
a copy; a member of staff is known outside by number and alias, not by name (X6)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Part, Shop, Subject


class StaffStatus(StrEnum):
    """员工状态 (A1)."""

    PROBATION = "probation"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


class StaffRole(StrEnum):
    """岗位 (A1); ``other`` is anyone who can be at fault but doesn't work in the department."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    FINANCE = "finance"
    AUDITOR = "auditor"
    ADMIN = "admin"
    OTHER = "other"


class StaffGrade(StrEnum):
    """职级 (A2)."""

    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    SENIOR = "senior"
    EXPERT = "expert"


class UnitKind(StrEnum):
    """责任单位的种类 (X2)."""

    STATION = "station"
    WAREHOUSE = "warehouse"
    COURIER = "courier"
    FLOOR = "floor"
    PRODUCT = "product"
    SUPPORT = "support"
    OTHER = "other"


class Alias(Part):
    """花名: the name on a shop's chats, unique in that shop (A1)."""

    shop: Shop
    alias: str


class StaffState(Part):
    """All that others may know of a member of staff."""

    staff_id: UUID
    number: str
    aliases: tuple[Alias, ...] = ()
    team_id: UUID | None = None
    unit_id: UUID | None = None
    role: StaffRole
    grade: StaffGrade | None = None
    status: StaffStatus
    hired_on: date
    left_on: date | None = None


class StaffEvent(Event):
    """What all events of a member of staff share."""

    OWNER = "appraisal"
    AGGREGATE = "staff.staff_id"

    staff: StaffState


class StaffHired(StaffEvent):
    """入职 (A1)."""

    SUBJECT = "staff.hired"

    hired_by: Subject


class StaffChanged(StaffEvent):
    """变更: alias, team, unit, role, grade or status (A1, A2)."""

    SUBJECT = "staff.changed"

    changed_by: Subject
    changed_at: AwareDatetime


class StaffSuspended(StaffEvent):
    """停岗 (A10): no work is routed to them."""

    SUBJECT = "staff.suspended"

    reason: Code | None = None
    suspended_by: Subject
    suspended_at: AwareDatetime


class StaffLeft(StaffEvent):
    """离职: logins are revoked, tickets return to the queue, customers are handed over (C7)."""

    SUBJECT = "staff.left"

    recorded_by: Subject
    recorded_at: AwareDatetime


class TeamState(Part):
    """小组: a team, who leads it and which shops it works for."""

    team_id: UUID
    code: Code
    name: str
    unit_id: UUID | None = None
    lead_staff_id: UUID | None = None
    shops: tuple[Shop, ...] = ()
    active: bool = True


class TeamChanged(Event):
    """小组变更: made, changed or dissolved."""

    SUBJECT = "team.changed"
    OWNER = "appraisal"
    AGGREGATE = "team.team_id"

    team: TeamState
    changed_at: AwareDatetime


class UnitState(Part):
    """责任单位: at whose door a complaint can be laid, and its lead (X2)."""

    unit_id: UUID
    code: Code
    name: str
    kind: UnitKind
    lead_staff_id: UUID | None = None
    active: bool = True


class UnitChanged(Event):
    """责任单位变更: made, changed or closed (X2)."""

    SUBJECT = "unit.changed"
    OWNER = "appraisal"
    AGGREGATE = "unit.unit_id"

    unit: UnitState
    changed_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    StaffHired,
    StaffChanged,
    StaffSuspended,
    StaffLeft,
    TeamChanged,
    UnitChanged,
)
