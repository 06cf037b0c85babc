"""After-sales requests in the words of HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Difference, Price
from contracts.ticket.refund import Fault, RefundKind, RefundReason
from contracts.ticket.ticket import IntakeChannel
from kit.http.faults import InvalidValue
from kit.http.fields import Amount, Code, Line, Quantity, Text
from kit.http.pages import Page
from services.ticket.refund.freight import Payer
from services.ticket.refund.lifecycle import Stage
from services.ticket.refund.stopping import Parcel
from services.ticket.ticket.schemas import TicketPublic


class LineAsked(BaseModel):
    """So many pieces of one line of the order."""

    model_config = ConfigDict(extra="forbid")

    line_no: Quantity
    quantity: Quantity
    unopened: Annotated[
        bool, Field(strict=True, description="Nobody has opened them: some goods come back in no other way (T23).")
    ] = True


Lines = Annotated[list[LineAsked], Field(min_length=1, max_length=500)]
Wanted = Annotated[Amount | None, Field(description="Less than the rules give; only where no goods come back.")]


class Asking(BaseModel):
    """What is asked for (T20)."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"
    order_no: Code
    kind: RefundKind
    reason: RefundReason
    lines: Lines
    wanted: Wanted = None

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        expect_each_once(self.lines)
        expect_wanted(self.kind, self.wanted)
        return self


class RefundQuote(Asking):
    """试算: what such a request would give, and who would have to approve it; nothing is changed."""

    fault: Annotated[Fault | None, Field(description="Another's than the reason says; only staff may say so.")] = None


class RefundRequest(Asking):
    """申请售后 (T20). The money goes to whoever paid, as the order has it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "order_no": "20261121-1",
                    "kind": "return_and_money",
                    "reason": "quality",
                    "lines": [{"line_no": 1, "quantity": 1}],
                    "text": "杯口有裂纹",
                }
            ]
        },
    )

    text: Annotated[Text | None, Field(description="What happened, in the customer's words.")] = None
    channel: IntakeChannel = IntakeChannel.CHAT


class RefundEdit(BaseModel):
    """What is asked for, put right; what isn't named stays. What was approved has to be approved again."""

    model_config = ConfigDict(extra="forbid")

    reason: RefundReason | None = None
    lines: Lines | None = None
    wanted: Wanted = None
    fault: Annotated[Fault | None, Field(description="Who is at fault, with `because` (T21).")] = None
    because: Annotated[Line | None, Field(description="Why.")] = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        expect_each_once(self.lines or [])
        for name in ("reason", "lines", "fault"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise InvalidValue("不填即保持不变", "is left out to stay as it is")
        if self.fault is not None and self.because is None:
            raise InvalidValue("变更责任方须说明原因", "another party's fault needs its reason")
        return self


class EvidenceWanted(BaseModel):
    """要求举证: what is to be shown."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class EvidenceGiven(BaseModel):
    """举证: pictures attached to the ticket (T20)."""

    model_config = ConfigDict(extra="forbid")

    attachment_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]


class ParcelStop(BaseModel):
    """拦截: whether the parcel could be stopped (T24)."""

    model_config = ConfigDict(extra="forbid")

    stopped: Annotated[bool, Field(strict=True)]


class Refusal(BaseModel):
    """拒绝: on which grounds; `unfounded` when there was nothing in it (C8)."""

    model_config = ConfigDict(extra="forbid")

    grounds: Code
    unfounded: Annotated[bool, Field(strict=True)] = False


class LinePublic(BaseModel):
    """What one line gives: goods and delivery, less what is deducted."""

    line_no: int
    quantity: int
    unopened: bool
    counted: Annotated[int, Field(description="The pieces that money is given for.")]
    goods: Price
    freight: Price
    deducted: Price


class FreightPublic(BaseModel):
    """Who pays the first delivery, the way back and the way again (T25); insured: the way back is paid by the insurer
    of the order."""

    out: Payer
    back: Payer | None
    again: Payer | None
    insured: bool


class ApprovalPublic(BaseModel):
    """Who has to approve, step by step, and why: the order's refunds and the customer's with this one, and whether
    the team's month is used up (T28, T56)."""

    steps: list[list[str]]
    order_total: Price
    customer_total: Price
    over_budget: bool
    policy_version: int


class QuotePublic(BaseModel):
    """试算. What it costs and who approves is for the house."""

    kind: RefundKind
    reason: RefundReason
    amount: Price
    goods: Price
    freight: Price
    lines: list[LinePublic]
    ways: FreightPublic
    capped: Annotated[bool, Field(description="The order has less left than the lines would give.")]
    until: Annotated[datetime | None, Field(description="Until when the reason can be given (T23).")]
    goods_come_back: bool
    fault: Fault | None = None
    fee: Annotated[Price | None, Field(description="What the marketplace takes for the reason (T29).")] = None
    approvals: ApprovalPublic | None = None


class RefundShown(BaseModel):
    """A request as a list shows it."""

    refund_id: UUID
    number: str
    shop: str
    order_id: UUID
    order_no: str
    kind: RefundKind
    status: Stage
    reason: RefundReason
    fault: Fault | None
    amount: Price
    requested_at: datetime
    paid_at: datetime | None
    ended_at: datetime | None


class RefundPublic(RefundShown):
    """A request with its ticket; the ETag is the ticket's. What it costs, who approved it and how it is paid is for
    the house."""

    lines: list[LinePublic]
    goods: Price
    freight: Price
    deducted: Price
    wanted: Price | None
    difference: Difference | None
    ways: FreightPublic
    evidence: list[UUID]
    grounds: str | None
    allowed: list[str]
    parcel: Parcel | None = None
    shipped: bool | None = None
    fee: Price | None = None
    unfounded: bool | None = None
    approved_by: list[str] = []
    approved_at: datetime | None = None
    approvals: Annotated[ApprovalPublic | None, Field(description="Who still has to approve it.")] = None
    payment_key: UUID | None = None
    payment_reference: str | None = None
    attempt: int = 0
    failure: str | None = None
    ticket: TicketPublic


class RefundFilter(Page):
    """Which requests to list, newest first."""

    shop: Code | None = None
    status: Stage | None = None
    kind: RefundKind | None = None
    reason: RefundReason | None = None
    order_id: UUID | None = None
    account_id: UUID | None = None


class RefundPage(BaseModel):
    """One page of requests."""

    items: list[RefundShown]
    next_cursor: str | None = None


def expect_each_once(lines: list[LineAsked]) -> None:
    """Raises InvalidValue for a line that stands twice."""
    numbers = [line.line_no for line in lines]
    if len(set(numbers)) != len(numbers):
        raise InvalidValue("行号重复", "a line number stands twice")


def expect_wanted(kind: RefundKind, wanted: str | None) -> None:
    """Raises InvalidValue for a sum where goods come back or are sent: what that gives follows from the lines."""
    if wanted is not None and kind is not RefundKind.MONEY_ONLY:
        raise InvalidValue("仅退款时才能填写金额", "a sum is for money only; else it follows from the lines")
