"""Goodwill in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.price import Price
from contracts.ticket.refund import Fault
from kit.http.faults import InvalidValue
from kit.http.fields import Amount, Line, Quantity, documented
from kit.http.pages import PageOf
from services.ticket.goodwill.lifecycle import GoodwillStatus


def _more_than_nothing(amount: str) -> str:
    if not any(digit in amount for digit in "123456789"):
        raise InvalidValue("必须大于 0", "must be more than nothing")
    return amount


class GoodwillOffer(BaseModel):
    """补偿: so much of a line is given back, and the goods are kept (T27)."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"line_no": 1, "amount": "8.00", "defect": "外盒压痕"}]}
    )

    line_no: Quantity
    amount: Annotated[
        Amount,
        AfterValidator(_more_than_nothing),
        documented(r"^(?=.*[1-9])(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$"),
        Field(description="More than nothing, in the order's currency."),
    ]
    defect: Annotated[Line, Field(description="The small defect that leaves the goods usable.")]
    fault: Annotated[Fault, Field(description="Whose it is: who bears the cost follows from it (T57).")] = (
        Fault.MERCHANT
    )


class GoodwillReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class GoodwillShown(BaseModel):
    """Goodwill as a list shows it; `approved_by` are those who have approved it so far."""

    goodwill_id: UUID
    ticket_id: UUID
    order_no: str
    line_no: int
    status: GoodwillStatus
    amount: Price
    defect: str
    fault: Fault
    policy_version: int
    offered_by: str
    offered_at: datetime
    approved_by: list[str]
    approved_at: datetime | None
    paid_at: datetime | None
    payment_reference: str | None
    failure: str | None
    attempts: int
    ended_by: str | None
    ended_at: datetime | None
    reason: str | None
    allowed: list[str]


class GoodwillPublic(GoodwillShown):
    """Goodwill with the roles of which somebody has to approve it besides. The ETag is its own."""

    who_may: list[str]


class GoodwillPage(PageOf[GoodwillShown]):
    """One page of a ticket's goodwill."""
