"""Service requests in the words of HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.price import Price
from contracts.ticket.ticket import IntakeChannel, Priority
from kit.http.fields import Code, Line, Text
from kit.http.pages import Page
from services.ticket.procedure.policy import Named
from services.ticket.service_request.lifecycle import RequestStatus
from services.ticket.service_request.policy import (
    Cause,
    DocumentWanted,
    Outcome,
    Phase,
    Postage,
    RequestStep,
    StepBy,
)  # fmt: skip
from services.ticket.service_request.weighing_schemas import WeighedPublic
from services.ticket.ticket.schemas import TicketPublic

_INVOICE = {"title": "李小明", "title_kind": "person", "delivery": "with_goods"}
Filled = Annotated[
    dict[str, JsonValue],
    Field(description="What is filled in, as the type's form asks for it.", examples=[_INVOICE]),
]


class RequestSubmit(BaseModel):
    """申请: what a customer asks for, by the form of its type (T60)."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[Code, Field(description="A type of the shop.", examples=["invoice"])]
    form: Filled
    shop: Code = "main"
    order_no: Annotated[Code | None, Field(description="An order of the shop that it is about.")] = None
    customer_id: Annotated[UUID | None, Field(description="Whose request it is, where no order tells.")] = None
    organisation_id: Annotated[UUID | None, Field(description="The organisation that acts in it (C2).")] = None
    priority: Priority = Priority.NORMAL
    channel: IntakeChannel = IntakeChannel.PHONE


class RequestResubmit(BaseModel):
    """补充: the whole form again, completed."""

    model_config = ConfigDict(extra="forbid")

    form: Filled


class RequestReturn(BaseModel):
    """退回: what is missing, and a word to the customer."""

    model_config = ConfigDict(extra="forbid")

    missing: Annotated[
        tuple[Code, ...],
        Field(min_length=1, max_length=50, description="Codes of documents and names of fields of the type."),
    ]
    note: Annotated[Text | None, Field(description="Goes to the customer as a message.")] = None


class RequestReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class RequestDispatch(BaseModel):
    """派发: to which unit; without one to that of the type."""

    model_config = ConfigDict(extra="forbid")

    unit_id: UUID | None = None


class RequestFinish(BaseModel):
    """办结: how it ended and why, where the type asks for it."""

    model_config = ConfigDict(extra="forbid")

    outcome: Code | None = None
    cause: Code | None = None


class DocumentAdd(BaseModel):
    """The file of the ticket that is the document."""

    model_config = ConfigDict(extra="forbid")

    attachment_id: UUID


class StepRecord(BaseModel):
    """步骤: what was done, or picked."""

    model_config = ConfigDict(extra="forbid")

    step: Code
    facts: Annotated[
        dict[str, JsonValue] | None, Field(description="What is filled in, as the step's form asks for it.")
    ] = None
    choice: Annotated[UUID | None, Field(description="A record of the step that this one picks from.")] = None


class RequestTypePublic(BaseModel):
    """受理类型, as whoever fills in its form needs it; groups and units are the house's own."""

    code: str
    name: Named
    form: dict[str, JsonValue]
    documents: tuple[DocumentWanted, ...]
    steps: tuple[RequestStep, ...]
    outcomes: tuple[Outcome, ...]
    causes: tuple[Cause, ...]
    coupon: Price | None
    postage: Postage | None
    group: str | None
    unit: str | None


class RequestTypeList(BaseModel):
    """The types that a shop takes now."""

    policy_version: int
    items: list[RequestTypePublic]


class TypesOf(BaseModel):
    """Of which shop."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"


class DocumentPublic(BaseModel):
    """A document that the type wants, and the file that is it."""

    document: str
    name: Named
    required: bool
    attachment_id: UUID | None


class RecordPublic(BaseModel):
    """A recorded step."""

    step_id: UUID
    facts: Annotated[dict[str, Any] | None, Field(description="Personal values are masked (X6).")]
    choice: UUID | None
    recorded_by: str
    recorded_at: datetime


class StepPublic(BaseModel):
    """A step of the request, with what was recorded of it in the present round."""

    step: str
    name: Named
    phase: Phase
    by: StepBy
    records: list[RecordPublic]


class RequestShown(BaseModel):
    """A request as a list shows it. Customers don't see the unit."""

    service_request_id: UUID
    number: str
    type: str
    shop: str
    status: RequestStatus
    round: int
    organisation_id: UUID | None
    order_id: UUID | None
    unit_id: UUID | None
    outcome: str | None
    cause: str | None
    coupon: Annotated[Price | None, Field(description="What the customer earned by it.")]
    policy_version: int
    submitted_at: datetime


class RequestPublic(RequestShown):
    """A request with its form, documents, steps and ticket. The ETag is the ticket's."""

    type_name: Named
    form: Annotated[dict[str, Any], Field(description="Of the present round; personal values are masked (X6).")]
    missing: Annotated[list[str], Field(description="What it was returned for.")]
    reason: Annotated[str | None, Field(description="Why it was rejected.")]
    documents: list[DocumentPublic]
    steps: list[StepPublic]
    next_step: str | None
    over_short: WeighedPublic | None
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows the caller.")]
    ticket: TicketPublic


class RequestRevealed(BaseModel):
    """The personal values of a request, open."""

    form: dict[str, Any]
    steps: list[StepPublic]


class RequestFilter(Page):
    """Which requests to list, newest first."""

    shop: Code | None = None
    type: Code | None = None
    status: RequestStatus | None = None
    unit_id: UUID | None = None
    organisation_id: UUID | None = None


class RequestPage(BaseModel):
    """One page of requests."""

    items: list[RequestShown]
    next_cursor: str | None = None
