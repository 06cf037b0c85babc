"""At whose door a cost is laid (T57): pure."""

from itertools import product
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.ticket.refund import CostBearer, Fault
from kit.ids import new_id
from services.ticket.liability.policy import Bearer, at_fault
from services.ticket.liability.schemas import CostRebook

UNIT, STAFF = new_id(), new_id()
COMPANY = Bearer(CostBearer.COMPANY)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("unit_id", [None, UNIT])
@pytest.mark.parametrize("courier", [None, "", "zto", "x" * 80])
def test_the_default_follows_the_fault(fault: Fault, unit_id: UUID | None, courier: str | None) -> None:
    bearer = at_fault(fault, unit_id=unit_id, courier=courier)
    if fault is Fault.MERCHANT and unit_id is not None:
        assert bearer == Bearer(CostBearer.UNIT, unit_id=UNIT)
    elif fault is Fault.COURIER and courier:
        assert bearer == Bearer(CostBearer.COURIER, code=courier[:64])
    else:
        assert bearer == COMPANY


NAMES = {"bearer_code": "zto", "unit_id": str(UNIT), "staff_id": str(STAFF)}
RIGHT: dict[CostBearer, set[str]] = {
    CostBearer.COMPANY: set(), CostBearer.UNIT: {"unit_id"}, CostBearer.COURIER: {"bearer_code"},
    CostBearer.SUPPLIER: {"bearer_code"}, CostBearer.STAFF: {"staff_id"},
}  # fmt: skip


@pytest.mark.parametrize("bearer", CostBearer)
@pytest.mark.parametrize("given", list(product([False, True], repeat=3)))
def test_a_bearer_is_named_as_it_is_and_nobody_else_with_it(bearer: CostBearer, given: tuple[bool, ...]) -> None:
    names = {name: value for (name, value), is_given in zip(NAMES.items(), given, strict=True) if is_given}
    asked = {"bearer": bearer, "reason": "查明", **names}
    if names.keys() == RIGHT[bearer]:
        assert CostRebook.model_validate(asked).bearer is bearer
    else:
        with pytest.raises(ValidationError):
            CostRebook.model_validate(asked)
