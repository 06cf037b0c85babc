"""The tables of service requests. What customers write into forms lies sealed, apart from the request (X6)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Column, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class ServiceRequest(TicketServiceTable, table=True):
    """业务受理: its id is its ticket's. `reason`, why it was rejected, is free text (X6)."""

    __tablename__ = "service_request"

    request_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    shop: str = Field(sa_type=Text)
    account_id: UUID | None = None
    organisation_id: UUID | None = None
    order_id: UUID | None = None
    unit_id: UUID | None = None
    status: str = Field(sa_type=Text)
    round: int = 1
    missing: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    outcome: str | None = Field(default=None, sa_type=Text)
    cause: str | None = Field(default=None, sa_type=Text)
    coupon_minor: int | None = Field(default=None, sa_type=BigInteger)
    coupon_currency: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    policy_version: int
    submitted_at: datetime
    event_seq: int = Field(default=0, sa_type=BigInteger)


class RequestForm(TicketServiceTable, table=True):
    """What was filled in for one round; it never changes."""

    __tablename__ = "service_request_form"

    form_id: UUID = Field(primary_key=True)
    request_id: UUID
    round: int
    sealed_form: bytes
    submitted_by: str = Field(sa_type=Text)
    submitted_at: datetime


class RequestDocument(TicketServiceTable, table=True):
    """Which file of the ticket is which of the documents wanted."""

    __tablename__ = "service_request_document"

    request_id: UUID = Field(primary_key=True)
    document: str = Field(primary_key=True, sa_type=Text)
    attachment_id: UUID
    added_by: str = Field(sa_type=Text)
    added_at: datetime


class RequestRecord(TicketServiceTable, table=True):
    """A step as it was recorded; it never changes. `choice` is the record of an earlier step that it picks."""

    __tablename__ = "service_request_step"

    step_id: UUID = Field(primary_key=True)
    request_id: UUID
    round: int
    step: str = Field(sa_type=Text)
    choice: UUID | None = None
    sealed_facts: bytes | None = None
    recorded_by: str = Field(sa_type=Text)
    staff_id: UUID | None = None
    recorded_at: datetime


class OverShort(TicketServiceTable, table=True):
    """溢短装: what was loaded and what follows from it; the latest counts (T61)."""

    __tablename__ = "service_request_over_short"

    over_short_id: UUID = Field(primary_key=True)
    request_id: UUID
    quantity: Decimal = Field(sa_type=Numeric)
    tolerance_percent: Decimal = Field(sa_type=Numeric)
    unit_price: Decimal = Field(sa_type=Numeric)
    currency: str = Field(sa_type=Text)
    loaded: Decimal = Field(sa_type=Numeric)
    unit: str = Field(sa_type=Text)
    reference: str | None = Field(default=None, sa_type=Text)
    consented: bool
    payable_quantity: Decimal = Field(sa_type=Numeric)
    payable_minor: int = Field(sa_type=BigInteger)
    excess: Decimal = Field(sa_type=Numeric)
    difference_minor: int = Field(sa_type=BigInteger)
    recorded_by: str = Field(sa_type=Text)
    recorded_at: datetime


class ShortageClaim(TicketServiceTable, table=True):
    """短装索赔: what is short of the lower bound, reported with what was loaded (T61)."""

    __tablename__ = "service_request_claim"

    over_short_id: UUID = Field(primary_key=True)
    request_id: UUID
    shortage: Decimal = Field(sa_type=Numeric)
    claimed_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    reported_at: datetime
