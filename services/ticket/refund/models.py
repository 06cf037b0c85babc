"""The tables of after-sales requests, whatever their kind (T20). Amounts in minor units of `currency` (X4)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Refund(TicketServiceTable, table=True):
    """A request; its id is its ticket's, and so is its version. The customer's words are the ticket's description.

    `goods_minor` is before deductions: goods + freight − deducted = amount. `shipped`: whether the parcel had left
    when the amount was worked out; `ahead`: the replacement went before the return came; `goods_moved`: that return
    is on its way. `difference_minor` is what a replacement costs more than the goods, or less. `payment_key` is
    fixed before the first payment is tried and never changes. `sealed_payee` is the payment side's token of who paid,
    as the order had it (X6).
    """

    __tablename__ = "refund"

    refund_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    account_id: UUID | None = None
    order_id: UUID
    order_no: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    fault: str = Field(sa_type=Text)
    shipped: bool
    parcel: str | None = Field(default=None, sa_type=Text)
    parcel_at: datetime | None = None
    ahead: bool = False
    goods_moved: bool = False
    freight_insured: bool = False
    wanted_minor: int | None = Field(default=None, sa_type=BigInteger)
    goods_minor: int = Field(default=0, sa_type=BigInteger)
    freight_minor: int = Field(default=0, sa_type=BigInteger)
    deducted_minor: int = Field(default=0, sa_type=BigInteger)
    difference_minor: int | None = Field(default=None, sa_type=BigInteger)
    amount_minor: int = Field(default=0, sa_type=BigInteger)
    out_payer: str = Field(sa_type=Text)
    back_payer: str | None = Field(default=None, sa_type=Text)
    again_payer: str | None = Field(default=None, sa_type=Text)
    fee_minor: int = Field(default=0, sa_type=BigInteger)
    evidence: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    reasons_version: int
    freight_version: int
    authority_version: int | None = None
    sealed_payee: bytes | None = None
    approved_minor: int | None = Field(default=None, sa_type=BigInteger)
    approved_by: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    approved_at: datetime | None = None
    payment_key: UUID | None = None
    attempt: int = 0
    payment_reference: str | None = Field(default=None, sa_type=Text)
    failure: str | None = Field(default=None, sa_type=Text)
    paid_at: datetime | None = None
    grounds: str | None = Field(default=None, sa_type=Text)
    unfounded: bool | None = None
    requested_by: str = Field(sa_type=Text)
    requested_by_staff_id: UUID | None = None
    requested_at: datetime
    ended_at: datetime | None = None
    event_seq: int = Field(default=0, sa_type=BigInteger)


class RefundLine(TicketServiceTable, table=True):
    """So many pieces of one line of the order.

    `taken`: they go back or never came, so nobody else may ask for them again; other goods are kept. `counted` are
    those of them that money is given for. `goods_share_minor` and `freight_share_minor` are what these are worth of
    the line, whether it is paid out or not: the shares of all pieces add up to the line (T26). `reserved_minor` is
    what the order's book holds for it.
    """

    __tablename__ = "refund_line"

    refund_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    order_id: UUID
    quantity: int
    unopened: bool = True
    taken: bool = False
    counted: int
    goods_share_minor: int = Field(default=0, sa_type=BigInteger)
    freight_share_minor: int = Field(default=0, sa_type=BigInteger)
    goods_minor: int = Field(default=0, sa_type=BigInteger)
    freight_minor: int = Field(default=0, sa_type=BigInteger)
    deducted_minor: int = Field(default=0, sa_type=BigInteger)
    reserved_minor: int = Field(default=0, sa_type=BigInteger)
