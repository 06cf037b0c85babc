"""Costs of cases in the words of HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Price
from contracts.ticket.refund import CostBearer, CostKind, Fault
from kit.http.faults import InvalidValue
from kit.http.fields import Code, Line
from services.ticket.complaint.schemas import MonthOf

# What a bearer is named by; the company by nothing.
_NAMED_BY = {
    CostBearer.COMPANY: None,
    CostBearer.UNIT: "unit_id",
    CostBearer.COURIER: "bearer_code",
    CostBearer.SUPPLIER: "bearer_code",
    CostBearer.STAFF: "staff_id",
}


class CostRebook(BaseModel):
    """转责: who bears it instead (T57). A unit is named by `unit_id`, a member of staff by `staff_id`, a courier or a
    supplier by `bearer_code`, the company by nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"bearer": "courier", "bearer_code": "zto", "reason": "运输途中破损"}]},
    )

    bearer: CostBearer
    bearer_code: Code | None = None
    unit_id: UUID | None = None
    staff_id: UUID | None = None
    reason: Line

    @model_validator(mode="after")
    def _named_as_they_are(self) -> Self:
        given = {name for name in ("bearer_code", "unit_id", "staff_id") if getattr(self, name) is not None}
        named_by = _NAMED_BY[self.bearer]
        if given != ({named_by} if named_by else set()):
            raise InvalidValue("须且只须写明该承担方", "name the bearer, and nobody else")
        return self


class CostPublic(BaseModel):
    """One cost of a case and who bears it."""

    cost_id: UUID
    cause_id: UUID
    kind: CostKind
    amount: Price
    fault: Fault
    bearer: CostBearer
    bearer_code: str | None
    unit_id: UUID | None
    staff_id: UUID | None
    month: str
    booked_at: datetime
    rebooked_by: str | None
    rebooked_at: datetime | None
    reason: str | None
    version: int


class Costs(BaseModel):
    """What a case cost."""

    items: list[CostPublic]


class CostReportFilter(BaseModel):
    """Which month, and of which shop; of all shops of the caller's token when empty."""

    model_config = ConfigDict(extra="forbid")

    month: MonthOf
    shop: Code | None = None


class BorneRow(BaseModel):
    """What one bearer bears of one kind of cost, and of how many cases."""

    bearer: CostBearer
    bearer_code: str | None
    unit_id: UUID | None
    unit_name: str | None
    staff_id: UUID | None
    kind: CostKind
    amount: Price
    cases: Annotated[int, Field(ge=1)]


class CostReport(BaseModel):
    """责任成本月报: who pays in the end, the largest first; one total a currency (T57)."""

    month: str
    shop: str | None
    totals: list[Price]
    items: list[BorneRow]
