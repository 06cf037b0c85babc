"""Goods that come back, in the words of HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Price
from contracts.ticket.refund import Fault
from kit.http.fields import Amount, Code, Line, Quantity, Text
from kit.http.pages import Page
from kit.problems import InvalidValue
from services.ticket.inbound.lifecycle import LostBy, ParcelStatus
from services.ticket.refund.lifecycle import Stage

Pieces = Annotated[int, Field(strict=True, ge=0, le=1_000_000, description="Pieces, none or more.")]


class Asked(BaseModel):
    """What every request about a return shares: it says what it knows and nothing else."""

    model_config = ConfigDict(extra="forbid")


class SomePieces(Asked):
    """So many pieces of one line of the request."""

    line_no: Quantity
    quantity: Quantity


Lines = Annotated[tuple[SomePieces, ...], Field(max_length=500)]


class ShipBack(Asked):
    """退货发出: the customer has sent a parcel. Without `lines` everything that is still to be sent is in it."""

    carrier: Line
    tracking_number: Code
    slip: Annotated[bool, Field(strict=True, description="Whether the return slip lies in the parcel.")] = True
    lines: Lines = ()
    freight: Annotated[Amount | None, Field(description="What the customer paid for the way back.")] = None

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        _expect_once(self.lines)
        return self


class ParcelCorrection(Asked):
    """更正单号: the parcel has another carrier or number."""

    carrier: Line
    tracking_number: Code


class ParcelReason(Asked):
    """What is known about it."""

    reason: Line


class ParcelLost(ParcelReason):
    """认定丢失: who lost it. What our courier or warehouse lost counts as come back; of a courier whom the customer
    chose, the customer claims it."""

    lost_by: LostBy


class ParcelSought(Asked):
    """扫码: the number on a parcel that stands in the warehouse."""

    tracking_number: Code


class ReceiptCreate(Asked):
    """收货: what was counted when a parcel was opened. A parcel that held none of the goods has no `lines`."""

    parcel_id: Annotated[UUID | None, Field(description="Empty for a parcel that nobody announced.")] = None
    lines: Lines = ()
    surplus: Annotated[Pieces, Field(description="Pieces that nobody asked to give back.")] = 0
    slip_found: Annotated[bool | None, Field(strict=True, description="Whether the slip lay in it.")] = None
    note: Annotated[Text | None, Field(description="For the house alone.")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.lines and self.parcel_id is None:
            raise InvalidValue("未登记的包裹须写明收到的货", "a parcel that nobody announced says what it held")
        _expect_once(self.lines)
        return self


class FindingCreate(Asked):
    """What was found of one line. The four add up to the pieces asked back, less those that we lost."""

    line_no: Quantity
    sound: Pieces = 0
    damaged: Pieces = 0
    missing: Pieces = 0
    not_ours: Pieces = 0
    deducted: Annotated[Amount | None, Field(description="Held back for the damage.")] = None


class Inspect(Asked):
    """验货: every line of the request, and the fault where it turned out to be another's (T21)."""

    lines: Annotated[list[FindingCreate], Field(min_length=1, max_length=500)]
    fault: Annotated[Fault | None, Field(description="Where it changes; with `fault_reason`.")] = None
    fault_reason: Line | None = None
    note: Annotated[Text | None, Field(description="For the house alone.")] = None

    @model_validator(mode="after")
    def _a_change_has_its_reason(self) -> Self:
        if (self.fault is None) != (self.fault_reason is None):
            raise InvalidValue("更改责任方须写明原因", "another fault comes with its reason")
        return self


class LinePublic(BaseModel):
    """Where the pieces of one line are."""

    line_no: int
    sku: str
    asked: int
    under_way: int
    received: int
    lost: int
    to_ship: int


class ParcelLinePublic(BaseModel):
    """What a parcel is said to hold."""

    line_no: int
    quantity: int


class ParcelPublic(BaseModel):
    """A parcel on its way back; its tracking number masked (X6)."""

    parcel_id: UUID
    status: ParcelStatus
    carrier: str
    tracking_number: str | None
    slip: bool
    lines: list[ParcelLinePublic]
    freight: Price | None
    announced_at: datetime
    searched_at: datetime | None
    arrived_at: datetime | None
    lost_at: datetime | None
    lost_by: LostBy | None
    allowed: list[str]


class ParcelShown(BaseModel):
    """A parcel as a list shows it; what it holds stands at its return."""

    parcel_id: UUID
    refund_id: UUID
    shop: str
    status: ParcelStatus
    carrier: str
    tracking_number: str | None
    announced_at: datetime
    searched_at: datetime | None


class ParcelFilter(Page):
    """Which parcels to list, newest first."""

    shop: Code | None = None
    status: ParcelStatus | None = None


class ParcelPage(BaseModel):
    """One page of parcels."""

    items: list[ParcelShown]
    next_cursor: str | None = None


class ParcelsFound(BaseModel):
    """The parcels with that number; carriers give the same one again after a while."""

    items: list[ParcelShown]


class ReceiptPublic(BaseModel):
    """What was counted out of a parcel; the note for the house alone."""

    receipt_id: UUID
    parcel_id: UUID | None
    lines: list[ParcelLinePublic]
    surplus: int
    slip_found: bool | None
    note: str | None
    received_at: datetime


class FindingPublic(BaseModel):
    """What was found of one line."""

    line_no: int
    sound: int
    damaged: int
    missing: int
    not_ours: int
    lost: int
    deducted: Price | None


class InspectionPublic(BaseModel):
    """The inspection that counts; fault and note for the house alone."""

    round: int
    passed: bool
    fault: Fault | None
    fault_before: Fault | None
    fault_reason: str | None
    note: str | None
    lines: list[FindingPublic]
    inspected_at: datetime


class ReturnPublic(BaseModel):
    """A return: where its goods are. The ETag is its ticket's."""

    refund_id: UUID
    number: str
    status: Stage
    amount: Annotated[Price, Field(description="What is paid back as things stand.")]
    lines: list[LinePublic]
    parcels: list[ParcelPublic]
    receipts: list[ReceiptPublic]
    inspection: InspectionPublic | None
    allowed: list[str]


def _expect_once(lines: Sequence[SomePieces]) -> None:
    if len({line.line_no for line in lines}) != len(lines):
        raise InvalidValue("同一行出现两次", "a line stands twice")
