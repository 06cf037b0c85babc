"""The tables of what comes back: parcels, receipts, inspections. Receipts and inspections are only ever added.

Notes are free text and the house's own; the tracking number leads to an address and lies sealed (X6).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Parcel(TicketServiceTable, table=True):
    """退货包裹: one parcel on its way back. It is found by `tracking_hash`. `slip`: whether the slip lies in it;
    `freight_minor`: what the customer paid for the way, as far as we were told."""

    __tablename__ = "return_parcel"

    parcel_id: UUID = Field(primary_key=True)
    refund_id: UUID
    shop: str = Field(sa_type=Text)
    account_id: UUID | None = None
    status: str = Field(sa_type=Text)
    carrier: str = Field(sa_type=Text)
    sealed_tracking: bytes = Field(sa_type=LargeBinary)
    tracking_hash: bytes = Field(sa_type=LargeBinary)
    slip: bool
    freight_minor: int | None = Field(default=None, sa_type=BigInteger)
    announced_at: datetime
    announced_by: str = Field(sa_type=Text)
    searched_at: datetime | None = None
    arrived_at: datetime | None = None
    lost_at: datetime | None = None
    lost_by: str | None = Field(default=None, sa_type=Text)


class ParcelLine(TicketServiceTable, table=True):
    """What a parcel is said to hold."""

    __tablename__ = "return_parcel_line"

    parcel_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    quantity: int


class Receipt(TicketServiceTable, table=True):
    """收货: what was counted when a parcel was opened; `surplus` are pieces that belong to nothing asked back."""

    __tablename__ = "return_receipt"

    receipt_id: UUID = Field(primary_key=True)
    refund_id: UUID
    parcel_id: UUID | None = None
    slip_found: bool | None = None
    surplus: int = 0
    note: str | None = Field(default=None, sa_type=Text)
    received_at: datetime
    received_by: str = Field(sa_type=Text)


class ReceiptLine(TicketServiceTable, table=True):
    """So many pieces of a line in a receipt."""

    __tablename__ = "return_receipt_line"

    receipt_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    quantity: int


class Inspection(TicketServiceTable, table=True):
    """验货: the last one of a request counts, earlier ones stay. `fault_before` is empty where the fault stayed."""

    __tablename__ = "return_inspection"

    inspection_id: UUID = Field(primary_key=True)
    refund_id: UUID
    round: int
    passed: bool
    fault: str = Field(sa_type=Text)
    fault_before: str | None = Field(default=None, sa_type=Text)
    fault_reason: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    inspected_at: datetime
    inspected_by: str = Field(sa_type=Text)


class InspectionLine(TicketServiceTable, table=True):
    """What was found of one line; `lost` are pieces of parcels that we lost, and nobody could look at (T22)."""

    __tablename__ = "return_inspection_line"

    inspection_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    sound: int
    damaged: int
    missing: int
    not_ours: int
    lost: int
    deducted_minor: int = Field(default=0, sa_type=BigInteger)
