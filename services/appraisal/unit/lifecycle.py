"""The life of a unit, drawn, and what is told of it (X2)."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.appraisal.staff import UnitChanged, UnitKind, UnitState
from kit.lifecycle import Lifecycle


class UnitStatus(StrEnum):
    """Whether new complaints can be laid at its door."""

    ACTIVE = "active"
    CLOSED = "closed"


ACTIVE, CLOSED = UnitStatus.ACTIVE, UnitStatus.CLOSED

LIFE = Lifecycle(
    noun="unit",
    states=UnitStatus,
    initial=ACTIVE,
    # Codes are for ever, so a unit that comes back is the old one, reopened.
    table={"close": {ACTIVE: CLOSED}, "reopen": {CLOSED: ACTIVE}},
)


class UnitLike(Protocol):
    """A unit as the table holds it."""

    unit_id: UUID
    code: str
    name: str
    kind: str
    lead_staff_id: UUID | None
    status: str


def changed(unit: UnitLike, *, at: datetime) -> UnitChanged:
    """责任单位变更: every change tells the whole state, for others keep a copy."""
    state = UnitState(
        unit_id=unit.unit_id,
        code=unit.code,
        name=unit.name,
        kind=UnitKind(unit.kind),
        lead_staff_id=unit.lead_staff_id,
        active=unit.status == ACTIVE,
    )
    return UnitChanged(unit=state, changed_at=at)
