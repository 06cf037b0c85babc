"""Changes of orders in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from contracts.price import Difference
from contracts.ticket.order import ChangeKind
from kit.http.faults import InvalidValue
from kit.http.fields import Amount, Code, Line, Quantity
from kit.http.pages import Page
from services.ticket.order.schemas import Recipient, RecipientPublic
from services.ticket.order_change.lifecycle import ChangeStatus

_EXAMPLE: dict[str, JsonValue] = {
    "order_no": "20261121-1",
    "lines": [{"line_no": 1, "colour": "蓝", "quantity": 1}],
    "courier": "顺丰",
    "reason": "buyer_asked",
}


def _somebody(recipient: Recipient | None) -> Recipient | None:
    if recipient is not None and not any(recipient.model_dump().values()):
        raise InvalidValue("至少写明一项", "says at least one thing")
    return recipient


class LineChangePut(BaseModel):
    """What is to be another on one line; what isn't named stays. Another article (`sku`) says what the line costs
    then, `paid_total`; so does another price. Pieces cost what the others did."""

    model_config = ConfigDict(extra="forbid")

    line_no: Quantity
    sku: Code | None = None
    colour: Line | None = None
    size: Line | None = None
    quantity: Quantity | None = None
    paid_total: Amount | None = None


class OrderChangeCreate(BaseModel):
    """改单: what is to be another on an order that has not shipped (T37)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    shop: Code = "main"
    order_no: Code
    ticket_id: Annotated[
        UUID | None, Field(description="The ticket in which it came up; without one an inquiry is opened.")
    ] = None
    lines: Annotated[list[LineChangePut], Field(max_length=500)] = []
    courier: Line | None = None
    recipient: Annotated[
        Recipient | None, AfterValidator(_somebody), Field(description="What of the recipient is to be another.")
    ] = None
    reason: Annotated[Code, Field(examples=["buyer_asked"])]
    activity: Annotated[Code | None, Field(description="The shop's activity for which the price changes.")] = None
    charged_to_staff_id: Annotated[
        UUID | None,
        Field(description="Who answers for a wrong price; without it who last had the order's price changed (T57)."),
    ] = None


class OrderChangeRefuse(BaseModel):
    """Why it isn't done."""

    model_config = ConfigDict(extra="forbid")

    grounds: Line


class OldLine(BaseModel):
    """A line as it was."""

    sku: str
    options: str | None
    quantity: int
    paid_total: str


class NewLine(BaseModel):
    """A line as it is to be; no colour and no size where they stay."""

    sku: str
    colour: str | None
    size: str | None
    quantity: int
    paid_total: str


class LineShown(BaseModel):
    """Old beside new."""

    line_no: int
    old: OldLine
    new: NewLine


class DifferencePayment(BaseModel):
    """How far a difference is on its way to the buyer."""

    status: str
    failure: str | None
    retryable: bool | None


class OrderChangeShown(BaseModel):
    """A change as a list shows it."""

    change_id: UUID
    ticket_id: UUID
    order_id: UUID
    shop: str
    order_no: str
    status: ChangeStatus
    kinds: list[ChangeKind]
    difference: Difference
    reason: str
    activity: str | None
    charged_to_staff_id: UUID | None
    requested_by: str | None
    requested_by_staff_id: UUID | None
    requested_at: datetime
    agreed_at: datetime | None
    refunded_at: datetime | None
    confirmed_at: datetime | None
    version: int


class OrderChangePublic(OrderChangeShown):
    """A change of an order. `approvals` are the steps that are missing, each with the roles of which one must."""

    revision: int
    confirmed_revision: int | None
    lines: list[LineShown]
    courier_before: str | None
    courier: str | None
    recipient: RecipientPublic | None
    payment_key: UUID | None
    payment: DifferencePayment | None
    attempt: int
    grounds: str | None
    policy_version: int
    approvals: list[list[str]]
    allowed: list[str]


class OrderChangeQuote(BaseModel):
    """What a change would come to: what is due now, the difference, and who would have to approve it."""

    order_id: UUID
    kinds: list[ChangeKind]
    lines: list[LineShown]
    due: Difference
    difference: Difference
    surcharge: Difference
    top_up_first: bool
    approvals: list[list[str]]


class RecipientOpen(BaseModel):
    """The new recipient, open; what is null stays as the order has it."""

    change_id: UUID
    name: str | None
    phone: str | None
    address: str | None


class OrderChangeFilter(Page):
    """Which changes to list, newest first."""

    shop: Code | None = None
    order_id: UUID | None = None
    ticket_id: UUID | None = None
    account_id: UUID | None = None
    status: ChangeStatus | None = None


class OrderChangePage(BaseModel):
    """One page of changes."""

    items: list[OrderChangeShown]
    next_cursor: str | None = None
