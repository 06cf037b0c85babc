"""责任: at whose door a cost is laid as long as nobody says otherwise (T57)."""

from dataclasses import dataclass
from uuid import UUID

from contracts.ticket.refund import CostBearer, Fault


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who pays in the end; a courier or supplier by their code, a unit or a member of staff by their id."""

    kind: CostBearer
    code: str | None = None
    unit_id: UUID | None = None
    staff_id: UUID | None = None


def at_fault(fault: Fault, *, unit_id: UUID | None, courier: str | None) -> Bearer:
    """The bearer of a fault: the merchant's is the unit's at whose door the ticket is, the courier's that of the
    parcel. What the customer is at fault for and the company paid all the same stays with the company, and so does
    what nobody is named for."""
    if fault is Fault.MERCHANT and unit_id is not None:
        return Bearer(CostBearer.UNIT, unit_id=unit_id)
    if fault is Fault.COURIER and courier:
        return Bearer(CostBearer.COURIER, code=courier[:64])
    return Bearer(CostBearer.COMPANY)
