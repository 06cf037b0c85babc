"""What a complaint counts for in the monthly report (T15). Pure.

A complaint stands in a set of cells; a change of the complaint moves it from cell to cell, in the transaction of the
change. So the report of a month reads a few hundred numbers, however many complaints there were.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from contracts.ticket.complaint import Nature
from kit.clock import business_date
from services.ticket.complaint.lifecycle import ComplaintLike, Stage

# Up to so many minutes, in steps of so many.
_STEPS = ((24 * 60, 1), (3 * 24 * 60, 10))


class Measure(StrEnum):
    """What is counted. Those of the first block belong to the month in which the complaint was opened, those of the
    second to the month in which it was closed."""

    OPENED = "opened"
    CATEGORY = "category"
    GRADE = "grade"
    NATURE = "nature"
    UNIT = "unit"
    UNIT_FOUNDED = "unit_founded"
    RESPONSIBLE = "responsible"
    CANCELLED = "cancelled"

    ENDED = "ended"
    PROMISE = "promise"
    HANDLED = "handled"
    HANDLED_KEPT = "handled_kept"
    HANDLED_BROKEN = "handled_broken"
    MINUTES = "minutes"


class Cell(NamedTuple):
    """One number of the report: of a month, a shop and a measure, under a key."""

    month: str
    shop: str
    measure: str
    key: str


def month_of(at: datetime) -> str:
    """The business month of an instant: `2026-11` (X5)."""
    return f"{business_date(at):%Y-%m}"


def minutes_taken(taken: timedelta) -> int:
    """How long it took, for the report: to the minute within a day, to ten within three days, to the hour beyond,
    each rounded up. So a month has some hundred such numbers, however many complaints."""
    minutes = -(-taken // timedelta(minutes=1))
    for longest, step in _STEPS:
        if minutes <= longest:
            return -(-minutes // step) * step
    return -(-minutes // 60) * 60


def cells(complaint: ComplaintLike) -> frozenset[Cell]:
    """Where the complaint is counted as it stands; one that was opened in error counts as that and nothing else."""
    opened = month_of(complaint.opened_at)
    if complaint.stage == Stage.CANCELLED:
        return frozenset({Cell(opened, complaint.shop, Measure.CANCELLED, "")})
    counted = [(opened, measure, key) for measure, key in _of_opening(complaint)]
    if complaint.closed_at is not None:
        closed = month_of(complaint.closed_at)
        counted += [(closed, measure, key) for measure, key in _of_closing(complaint, complaint.closed_at)]
    return frozenset(Cell(month, complaint.shop, measure, key) for month, measure, key in counted)


def _of_opening(complaint: ComplaintLike) -> list[tuple[Measure, str]]:
    found = [
        (Measure.OPENED, ""),
        (Measure.CATEGORY, complaint.category),
        (Measure.GRADE, complaint.grade),
        (Measure.NATURE, complaint.nature),
    ]
    if complaint.unit_id is not None:
        found.append((Measure.UNIT, str(complaint.unit_id)))
        if complaint.nature == Nature.FOUNDED:
            found.append((Measure.UNIT_FOUNDED, str(complaint.unit_id)))
    return found + _of(Measure.RESPONSIBLE, complaint.responsible_staff_id)


def _of_closing(complaint: ComplaintLike, closed_at: datetime) -> list[tuple[Measure, str]]:
    found = [(Measure.ENDED, complaint.stage), *_of(Measure.HANDLED, complaint.handled_by_staff_id)]
    if complaint.stage != Stage.WITHDRAWN:
        found.append((Measure.MINUTES, str(minutes_taken(closed_at - complaint.opened_at))))
    if complaint.promise_kept is not None:
        found.append((Measure.PROMISE, "kept" if complaint.promise_kept else "broken"))
        verdict = Measure.HANDLED_KEPT if complaint.promise_kept else Measure.HANDLED_BROKEN
        found += _of(verdict, complaint.handled_by_staff_id)
    return found


def _of(measure: Measure, staff_id: UUID | None) -> list[tuple[Measure, str]]:
    return [] if staff_id is None else [(measure, str(staff_id))]
