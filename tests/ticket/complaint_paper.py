"""A complaint as its table would hold it, for the tests of what needs no database."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from contracts.price import Price
from kit.ids import new_id
from kit.policy import InForce
from kit.principals import Principal
from services.ticket.complaint.lifecycle import Stage
from services.ticket.complaint.policy import COMPLAINT_GRADES, ComplaintGrades

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
OPENED = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ME, OTHER, CULPRIT = new_id(), new_id(), new_id()
UNIT = new_id()
AGENT = Principal("staff:me", frozenset({"agent"}), staff_id=ME)
LEAD = Principal("staff:lead", frozenset({"supervisor"}), staff_id=OTHER)
HIMSELF = Principal("staff:culprit", frozenset({"manager"}), staff_id=CULPRIT)
TIMER = Principal("system:timers", frozenset())


@dataclass
class About:
    """What a complaint needs of its ticket."""

    customer_id: UUID | None = field(default_factory=new_id)
    assignee_staff_id: UUID | None = ME


@dataclass
class Paper:
    """A complaint."""

    stage: str = "recorded"
    complaint_id: UUID = field(default_factory=new_id)
    number: str = "T20261120-000001"
    shop: str = "main"
    account_id: UUID | None = None
    order_id: UUID | None = None
    category: str = "quality"
    against_staff_id: UUID | None = None
    nature: str = "undetermined"
    severity: int | None = None
    judged_by_staff_id: UUID | None = None
    judged_at: datetime | None = None
    unit_id: UUID | None = None
    responsible_staff_id: UUID | None = None
    cause_code: str | None = None
    cause: str | None = None
    grade: str = "ordinary"
    linked_ticket_id: UUID | None = None
    round: int = 0
    promised_for: datetime | None = None
    due_at: datetime | None = None
    verified_at: datetime | None = None
    promise_kept: bool | None = None
    times_not_settled: int = 0
    times_not_carried_out: int = 0
    times_unsatisfied: int = 0
    times_missed: int = 0
    times_reopened: int = 0
    first_missed_on: date | None = None
    injury_or_safety: bool = False
    media_or_regulator: bool = False
    loss_minor: int | None = None
    loss_currency: str | None = None
    handled_by_staff_id: UUID | None = None
    opened_at: datetime = OPENED
    closed_at: datetime | None = None


def at_stage(stage: Stage | str, **facts: object) -> Paper:
    """A complaint at that stage, with the facts that have to be there."""
    place = list(Stage).index(Stage(stage))
    known: dict[str, object] = {}
    if place >= 1 and stage not in ("withdrawn", "cancelled"):
        known |= {"nature": "founded", "severity": 2, "judged_by_staff_id": OTHER, "judged_at": OPENED}
    if place >= 2 and stage not in ("withdrawn", "cancelled"):
        known |= {"unit_id": UNIT, "responsible_staff_id": CULPRIT}
    if place >= 3 and stage not in ("withdrawn", "cancelled"):
        known |= {"cause_code": "packing", "cause": "包装破损"}
    if place >= 4 and stage not in ("withdrawn", "cancelled"):
        known |= {"round": 1, "promised_for": AT.replace(day=25)}
    if stage in ("customer_informed", "verified_inside"):
        known |= {"due_at": AT.replace(day=25)}
    if stage == "verified_inside":
        known |= {"verified_at": AT.replace(hour=1)}
    if stage in ("closed", "unreachable", "withdrawn", "cancelled"):
        known |= {"closed_at": AT.replace(hour=2)}
    return Paper(stage=str(stage), **{**known, **facts})  # type: ignore[arg-type]


def grades(**numbers: int) -> InForce[ComplaintGrades]:
    """The rules of grades in force, with other numbers."""
    document = COMPLAINT_GRADES.default.model_copy(update=numbers)
    return InForce("complaint-grades", "main", 1, document)


def yuan(amount: str) -> Price:
    """So much, in CNY."""
    return Price(amount=amount, currency="CNY")


def weekdays(first: date, last: date) -> int:
    """Monday to Friday, both days included; the oracle's calendar."""
    return sum(date.fromordinal(day).weekday() < 5 for day in range(first.toordinal(), last.toordinal() + 1))
