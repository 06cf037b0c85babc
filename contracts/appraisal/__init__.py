"""Events of the appraisal service: staff, teams and units, conduct, inspections, appraisals and the ledger."""

from contracts.appraisal import appraisal, conduct, inspection, staff
from contracts.event import Event

EVENTS: tuple[type[Event], ...] = (
    *staff.EVENTS,
    *conduct.EVENTS,
    *inspection.EVENTS,
    *appraisal.EVENTS,
)
