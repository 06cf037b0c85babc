"""突发事件的生命: reported, contained, closed; and how late it was contained (T42). Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.ticket.aftercare import EmergencyContained
from contracts.ticket.ticket import TicketOutcome, TicketStatus
from kit.lifecycle import Lifecycle
from kit.policy import InForce
from kit.principals import Principal
from services.ticket.clock.policy import EmergencyContainment


class EmergencyStatus(StrEnum):
    """Where an emergency stands."""

    REPORTED = "reported"
    CONTAINED = "contained"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_S = EmergencyStatus
LIFE = Lifecycle(
    noun="emergency",
    states=EmergencyStatus,
    initial=_S.REPORTED,
    table={
        "contain": {_S.REPORTED: _S.CONTAINED},
        "close": {_S.CONTAINED: _S.CLOSED},
        "reopen": {_S.CLOSED: _S.CONTAINED},
        "cancel": {_S.REPORTED: _S.CANCELLED},
    },
)
# The common status of an emergency follows from where it stands (T2); of a complaint, from the complaint's stage.
STATUS = {
    _S.REPORTED: TicketStatus.NEW,
    _S.CONTAINED: TicketStatus.OPEN,
    _S.CLOSED: TicketStatus.CLOSED,
    _S.CANCELLED: TicketStatus.CANCELLED,
}
OUTCOME = {_S.CLOSED: TicketOutcome.SOLVED, _S.CANCELLED: TicketOutcome.CANCELLED}


class EmergencyLike(Protocol):
    """An emergency as the table holds it."""

    emergency_id: UUID
    number: str
    shop: str
    status: str
    opened_at: datetime
    contained_at: datetime | None
    contained_by: str | None
    measures: str | None
    alone: bool | None
    elapsed_seconds: int | None
    lateness: str | None
    policy_version: int | None


class AboutLike(Protocol):
    """What an emergency needs of its ticket."""

    customer_id: UUID | None
    unit_id: UUID | None
    assignee_staff_id: UUID | None
    touched_by: list[str]


def contain(
    emergency: EmergencyLike,
    about: AboutLike,
    measures: str,
    rules: InForce[EmergencyContainment],
    by: Principal,
    at: datetime,
) -> EmergencyContained:
    """受控: how long it took by the clock on the wall, and what that means for its assignee (T42, A12).

    Alone, when nobody but the assignee has touched it (A4). Raises Problem `transition-refused` when it is contained.
    """
    LIFE.move(emergency, "contain")
    elapsed = max(at - emergency.opened_at, timedelta())  # the machine's clock may have been set back
    lateness = rules.document.lateness(elapsed)
    helpers = {*about.touched_by, str(by.staff_id)} - {str(about.assignee_staff_id), str(None)}
    emergency.contained_at, emergency.contained_by, emergency.measures = at, by.subject, measures
    emergency.alone = about.assignee_staff_id is not None and not helpers
    emergency.elapsed_seconds = int(elapsed.total_seconds())
    emergency.lateness, emergency.policy_version = lateness.value, rules.version
    return EmergencyContained(
        emergency_id=emergency.emergency_id,
        ticket_number=emergency.number,
        shop=emergency.shop,
        customer_id=about.customer_id,
        unit_id=about.unit_id,
        assignee_staff_id=about.assignee_staff_id,
        alone=emergency.alone,
        elapsed_seconds=emergency.elapsed_seconds,
        lateness=lateness,
        policy_version=rules.version,
        opened_at=emergency.opened_at,
        contained_at=at,
    )
