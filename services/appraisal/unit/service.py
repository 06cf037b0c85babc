"""Use cases of units: made, changed, closed, reopened (X2)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit import audit, outbox
from kit.ids import new_id
from kit.problems import Problem, invalid
from kit.work import Work
from services.appraisal.staff import standing
from services.appraisal.unit import lifecycle, store
from services.appraisal.unit.models import Unit
from services.appraisal.unit.schemas import UnitCreate, UnitUpdate

_TRACED = ("code", "name", "kind", "lead_staff_id", "status")


async def create_unit(work: Work, asked: UnitCreate) -> Unit:
    """Make a unit (X2).

    Raises Problem `already-exists` for a taken code, `invalid-request` for a lead who is nobody of ours or has left.
    """
    await _expect_lead(work, asked.lead_staff_id)
    unit = Unit(
        unit_id=new_id(),
        code=asked.code,
        name=asked.name,
        kind=asked.kind,
        lead_staff_id=asked.lead_staff_id,
        status=lifecycle.LIFE.initial,
        created_at=work.now,
    )
    await store.add(work.session, unit)
    await outbox.record(work, unit, lifecycle.changed(unit, at=work.now))
    await audit.record(work, "create", "unit", unit.unit_id, after=_traced(unit))
    return unit


async def get_unit(work: Work, unit_id: UUID) -> Unit:
    """The unit. Raises Problem `not-found`."""
    return await store.get(work.session, unit_id)


async def change_unit(work: Work, unit_id: UUID, asked: UnitUpdate) -> Unit:
    """Change name, kind or lead; the same again changes nothing and tells nothing.

    Raises Problem `not-found`, `precondition-required` without If-Match, `stale-version`, `invalid-request` for a
    lead who is nobody of ours or has left.
    """
    if work.expected_version is None:
        raise Problem("precondition-required")
    await _expect_lead(work, asked.lead_staff_id)
    unit = await _locked(work, unit_id)
    before = _traced(unit)
    for name in asked.model_fields_set:
        setattr(unit, name, getattr(asked, name))
    if _traced(unit) != before:
        await _tell(work, "change", unit, before)
    return unit


async def close_unit(work: Work, unit_id: UUID) -> Unit:
    """撤销: no complaint is laid at its door any more, nobody is placed in it. Raises Problem `not-found`,
    `transition-refused`, `stale-version`, and `still-in-use` while people work in it."""
    unit = await _locked(work, unit_id)
    before = _traced(unit)
    lifecycle.LIFE.move(unit, "close")
    await standing.expect_empty(work, unit_id=unit_id)
    await _tell(work, "close", unit, before)
    return unit


async def reopen_unit(work: Work, unit_id: UUID) -> Unit:
    """恢复. Raises Problem `not-found`, `transition-refused`, `stale-version`."""
    unit = await _locked(work, unit_id)
    before = _traced(unit)
    lifecycle.LIFE.move(unit, "reopen")
    await _tell(work, "reopen", unit, before)
    return unit


async def expect_active(work: Work, unit_id: UUID | None, pointer: str = "/unit_id") -> None:
    """Hold the unit as it is until this transaction ends. Raises Problem `invalid-request` for one that doesn't exist
    or is closed; none at all is fine."""
    if unit_id is None:
        return
    status = await store.hold(work.session, unit_id)
    if status is None:
        raise invalid(pointer, "没有这个责任单位", "there is no such unit")
    if status != lifecycle.ACTIVE:
        raise invalid(pointer, "该责任单位已撤销", "this unit is closed")


async def led_by(work: Work, staff_id: UUID) -> Sequence[str]:
    """The codes of the units that this member of staff leads."""
    return await store.led_by(work.session, staff_id)


async def _expect_lead(work: Work, staff_id: UUID | None) -> None:
    """People are held before places, always in this order, so that no two changes wait for each other."""
    if staff_id is not None:
        await standing.expect_at_work(work, staff_id, "/lead_staff_id")


async def _locked(work: Work, unit_id: UUID) -> Unit:
    unit = await store.get(work.session, unit_id, lock=True)
    work.expect_version(unit.version)
    return unit


async def _tell(work: Work, action: str, unit: Unit, before: dict[str, Any]) -> None:
    unit.version += 1
    await outbox.record(work, unit, lifecycle.changed(unit, at=work.now))
    await audit.record(work, action, "unit", unit.unit_id, before=before, after=_traced(unit))


def _traced(unit: Unit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in _TRACED}
